"""Loaded by Python at start under libfaketime, to work around two faults of it.

It treats the monotonic deadlines of ``time.sleep`` as wall time: a sleep would fail or last for an hour. ``select``
takes a duration instead of a deadline. And it reads the clock under a lock that a fork copies: if another thread held
it, the child waits forever.
"""

import os
import select
import time
from pathlib import Path

THREADS = Path("/proc/self/task")


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


def _wait_for_the_lock() -> None:
    """Waits until every other thread sleeps: who holds the lock is running."""
    while any(_runs(thread) for thread in THREADS.iterdir() if thread.name != str(os.getpid())):
        pass


def _runs(thread: Path) -> bool:
    try:
        state = (thread / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:  # It has ended.
        return False
    return state != "S"


time.sleep = _sleep
os.register_at_fork(before=_wait_for_the_lock)
