"""Waiting for an event, and the one clock of the harness."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


def now() -> datetime:
    """This machine's time, which no fault touches."""
    return datetime.now(UTC)


class NeverHappened(Exception):  # noqa: N818  # it is what happened
    """What was waited for did not come in time."""


def until(ask: Callable[[], bool], seconds: float, words: str, pause: float = 0.05) -> None:
    """Wait until ``ask`` says yes; NeverHappened, with the words, if it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > deadline:
            raise NeverHappened(f"{words}: not within {seconds:g} seconds")
        time.sleep(pause)
