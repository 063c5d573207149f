"""The one clock, passed in wherever time matters."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the time now, timezone-aware."""


def system_clock() -> datetime:
    """This machine's clock, UTC."""
    return datetime.now(UTC)
