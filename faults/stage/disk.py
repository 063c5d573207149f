"""A disk small enough to fill: a file system in memory, which only root can mount."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHUNK = 65_536


def missing() -> str:
    """Returns why a small disk cannot be mounted here; empty if it can."""
    try:
        with tempfile.TemporaryDirectory(prefix="syndication-faults-") as folder:
            Disk(Path(folder), 1).unmount()
    except (OSError, subprocess.CalledProcessError):
        return "this machine does not allow mounting a small disk: it requires root"
    return ""


class Disk:
    """A file system with a size in megabytes, mounted on a folder."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        if os.geteuid() != 0:
            raise PermissionError("only root mounts file systems")
        self._mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs")

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Fills the disk to the last byte."""
        ballast = self.folder / "ballast"
        try:
            # Another process may take the last bytes.
            with contextlib.suppress(OSError), ballast.open("wb") as file:
                while True:
                    file.write(bytes(CHUNK))
                    file.flush()
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Unmounts the disk, even while it is in use."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True, capture_output=True)

    def _mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, str(self.folder)], check=True, capture_output=True)
