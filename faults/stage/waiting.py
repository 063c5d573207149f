"""Waiting for an event, and the clock of the harness."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


def now() -> datetime:
    """Returns this machine's time, which no fault changes."""
    return datetime.now(UTC)


class NeverHappened(Exception):  # noqa: N818  # a result, not a fault
    """An expected event did not happen in time."""


def until(ask: Callable[[], bool], seconds: float, words: str, pause: float = 0.05) -> None:
    """Waits until ``ask`` returns True; raises NeverHappened with ``words`` after the timeout."""
    deadline = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > deadline:
            raise NeverHappened(f"{words}: not within {seconds:g} seconds")
        time.sleep(pause)
