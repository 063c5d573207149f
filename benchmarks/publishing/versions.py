"""The versions that are measured: this one, and one out of git."""

import contextlib
import io
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.databases import folder
from benchmarks.processes import ROOT


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the program, and the folder that it is imported from."""

    name: str
    root: Path

    def environment(self, url: str) -> dict[str, str]:
        """Returns what lets its commands run on a database."""
        return {"PYTHONPATH": str(self.root), "SYNDICATION_DATABASE__URL": url}


@contextlib.contextmanager
def versions(against: str | None) -> Iterator[list[Version]]:
    """Yields the version ``against``, a commit or tag of this repository, if there is one, and then this version.

    The older program runs with the packages that are installed. Its files are deleted at the end.
    """
    now = Version("now", ROOT)
    if against is None:
        yield [now]
        return
    with folder() as where:
        _extract(against, where)
        yield [Version(against, where), now]


def _extract(revision: str, where: Path) -> None:
    # Everything before the colon is one argument, which git never takes for an option.
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", f"{revision}^{{commit}}", "syndication"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError as error:
        raise RuntimeError("--against needs git") from error
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{revision} is not in this repository: {error.stderr.decode().strip()}") from error
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
        packed.extractall(where, filter="data")
