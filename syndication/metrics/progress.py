"""A worker's liveness, as a file whose modification time a probe checks: a worker has no port for it.

The main thread records when it begins a step and when it is idle. Another thread touches the file unless one step
takes too long. A database outage ends every step within seconds, so it does not restart workers.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

EVERY = 2.0
"""Seconds between touches."""

FRESH = 20.0
"""Seconds after which an untouched file means that the worker hangs or has ended."""

LONGEST_STEP = 600.0
"""The longest step in seconds: the regeneration of one section, or the nightly retention job."""


class Progress:
    """The progress of one worker; an empty path turns the file off."""

    def __init__(self, path: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = Path(path) if path else None
        self._clock = clock
        self._began: float | None = None
        self._stopped = threading.Event()

    def start(self) -> None:
        """Starts touching the file."""
        if self._path is not None:
            threading.Thread(target=self._touch_on, name="progress", daemon=True).start()

    def stop(self) -> None:
        """Stops touching the file."""
        self._stopped.set()

    def step(self) -> None:
        """Records that a step begins and the previous one has ended."""
        self._began = self._clock()

    def rest(self) -> None:
        """Records that the worker is idle."""
        self._began = None

    def is_stuck(self) -> bool:
        """Returns whether the current step takes too long."""
        began = self._began
        return began is not None and self._clock() - began > LONGEST_STEP

    def touch(self) -> None:
        """Touches the file if there is progress; a full disk must not end the thread."""
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
    """Returns whether the file at ``path`` was touched recently; ``now`` is in seconds since 1970."""
    try:
        return now - Path(path).stat().st_mtime <= FRESH
    except OSError:
        return False
