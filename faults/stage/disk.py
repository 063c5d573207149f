"""A disk that is small enough to be full: a file system in memory, which only root can mount."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHUNK = 65_536


def missing() -> str:
    """Why there can be no small disk here; empty if there can."""
    try:
        with tempfile.TemporaryDirectory(prefix="syndication-faults-") as folder:
            Disk(Path(folder), 1).unmount()
    except (OSError, subprocess.CalledProcessError):
        return "this machine does not allow us to mount a small disk: only root can"
    return ""


class Disk:
    """A file system of so many megabytes in a folder."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        if os.geteuid() != 0:
            raise PermissionError("only root mounts file systems")
        self._mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs")

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is left on it."""
        ballast = self.folder / "ballast"
        try:
            # Others may be faster with the last bytes.
            with contextlib.suppress(OSError), ballast.open("wb") as file:
                while True:
                    file.write(bytes(CHUNK))
                    file.flush()
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Let it go, whoever is still in it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True, capture_output=True)

    def _mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, str(self.folder)], check=True, capture_output=True)
