"""Tells the processes that wait for it of a commit to a SQLite file: by the time of the file's last change.

Where PostgreSQL notifies a channel, a program of this service touches the file once it has committed; inotify(7) passes
that on at once. Whoever waits for it alone is woken by no other commit. It is a hint: one that is lost costs a moment.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from syndication.store.db.file_writes import QUIET, watch_folder


def touch(path: Path) -> None:
    """Tells of a commit; in vain, if this user may not write to the file."""
    with suppress(OSError):
        os.utime(path)


class FileSignal:
    """Waits for a touch of a SQLite file. SQLite itself never causes one: it changes contents, not attributes.

    Where nothing is reported, each wait lasts ``interval`` seconds. Owned by one thread.
    """

    def __init__(self, path: Path, interval: float) -> None:
        self._interval = interval
        real = path.resolve()
        self._names = {real.name, ""}  # An event without a name says that events were lost.
        self._watch = watch_folder(real.parent, "ATTRIB")

    def wait(self, timeout: float) -> None:
        """Returns when the file was touched, or it is time to look all the same; after ``timeout`` at the latest."""
        if self._watch is None:
            time.sleep(min(timeout, self._interval))
            return
        events = self._watch.read(timeout=round(1000 * min(timeout, QUIET)))
        if events and not any(event.name in self._names for event in events):
            # Other files of a busy folder must not make this a busy loop.
            time.sleep(min(timeout, self._interval))

    def close(self) -> None:
        """Stops watching."""
        if self._watch is not None:
            self._watch.close()
