"""Whether a worker makes progress, as a file whose time a probe looks at: a worker has no port to be asked at.

Its main thread says when it begins a step and when it has nothing to do. A thread beside it touches the file, but not
while one step takes longer than any should. A database that is down ends every step within seconds, and so is no reason
to start a worker again.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

EVERY = 2.0
"""Seconds between two touches."""

FRESH = 20.0
"""Seconds after which a file that nobody touched is the sign of a worker that hangs or is gone."""

LONGEST_STEP = 600.0
"""Seconds for one step: the regeneration of one section, or the nightly housekeeping."""


class Progress:
    """The progress of one worker; with an empty path nobody is told of it."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = Path(path) if path else None
        self._clock = clock
        self._began: float | None = None
        self._stopped = threading.Event()

    def start(self) -> None:
        """Touch the file from now on."""
        if self._path is not None:
            threading.Thread(target=self._touch_on, name="progress", daemon=True).start()

    def stop(self) -> None:
        """Touch it no more."""
        self._stopped.set()

    def step(self) -> None:
        """A step begins, and the one before has ended."""
        self._began = self._clock()

    def rest(self) -> None:
        """There is nothing to do until somebody wakes the worker."""
        self._began = None

    def is_stuck(self) -> bool:
        """Whether the step under way takes longer than any should."""
        began = self._began
        return began is not None and self._clock() - began > LONGEST_STEP

    def touch(self) -> None:
        """Touch the file, if there is progress. A full disk must not end the thread."""
        if self._path is None or self.is_stuck():
            return
        try:
            self._path.touch()
        except OSError:
            return

    def _touch_on(self) -> None:
        while not self._stopped.is_set():
            self.touch()
            self._stopped.wait(EVERY)


def is_fresh(path: str, now: float) -> bool:
    """Whether the file at ``path`` was touched lately; ``now`` is in seconds since 1970."""
    try:
        return now - Path(path).stat().st_mtime <= FRESH
    except OSError:
        return False
