"""Waits until a SQLite file was probably written. A hint that saves looking: what changed, the database says."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inotify_simple import Event, INotify

SETTLE = 0.1
"""The seconds after a write in which a commit is expected to become visible: SQLite names the end of its log last."""

QUIET = 0.25
"""The longest pause in seconds: for a commit that takes longer, and for a file system that reports no writes."""

SHORTEST = 0.0005
"""The first pause after a write, in seconds; each next one is as long as all before."""

SHORT = 0.002
"""Pauses of fewer seconds are slept: poll(2) has milliseconds, and each of the many writes of a commit would end it."""


class FileWrites:
    """Watches the folder of a SQLite file for writes to the file and its write-ahead log (inotify(7), Linux).

    Where writes are not reported, each wait lasts ``interval`` seconds. Owned by one thread.
    """

    def __init__(self, path: Path, interval: float) -> None:
        self._interval = interval
        real = path.resolve()
        self._names = {real.name, f"{real.name}-wal", ""}  # An event without a name says that events were lost.
        self._watch = watch_folder(real.parent, "MODIFY", "CREATE", "MOVED_TO")
        self._written = time.monotonic()

    def wait(self, timeout: float) -> None:
        """Returns when it is time to look for a commit, after ``timeout`` seconds at the latest."""
        age = time.monotonic() - self._written
        if self._watch is None:
            time.sleep(min(timeout, self._interval))
        elif age < SETTLE:
            # What becomes visible is seen in twice the time; the next write ends a pause, as it begins a next commit.
            pause = min(timeout, max(age, SHORTEST))
            if pause < SHORT:
                time.sleep(pause)
            self._note(self._watch.read(timeout=0 if pause < SHORT else round(1000 * pause)))
        elif not self._note(self._watch.read(timeout=round(1000 * min(timeout, QUIET)))):
            # Other files of a busy folder must not make this a busy loop.
            time.sleep(min(timeout, self._interval))

    def _note(self, events: list["Event"]) -> bool:
        """Returns False if only other files were written."""
        if any(event.name in self._names for event in events):
            self._written = time.monotonic()
            return True
        return not events

    def close(self) -> None:
        """Stops watching."""
        if self._watch is not None:
            self._watch.close()


def watch_folder(folder: Path, *events: str) -> "INotify | None":
    """Returns a watch of a folder for these events of inotify; None if this system has none, or none left."""
    try:
        from inotify_simple import INotify, flags

        watch = INotify()
    except (ImportError, AttributeError, OSError):
        return None
    try:
        watch.add_watch(folder, sum(flags[event] for event in events))
    except OSError:
        watch.close()
        return None
    return watch
