"""The clock, passed in wherever time matters."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time, timezone-aware."""


def system_clock() -> datetime:
    """Returns the time of this machine's clock, in UTC."""
    return datetime.now(UTC)
