"""The outcome of regenerating a section: a value for metrics, and one line in the log."""

from dataclasses import dataclass
from typing import Any, Literal

from syndication.logs import get_logger

log = get_logger(__name__)

Result = Literal["published", "unchanged", "overtaken", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one regeneration; ``seconds`` is its duration, ``version`` the current version after it.

    ``caught_up_at`` is the generation that it completes, if no change was waiting. ``bytes`` counts all formats,
    uncompressed. ``attempt`` is 1 for the first one, None if nothing could be read. ``waited_seconds`` is the time from
    the oldest change or request to the end of the regeneration.
    """

    section: str
    result: Result
    version: int
    seconds: float
    error: str | None = None
    caught_up_at: int | None = None
    entries: int = 0
    left_out: int = 0
    bytes: int = 0
    attempt: int | None = None
    waited_seconds: float | None = None


def log_outcome(outcome: Outcome) -> None:
    """Logs the one line of a regeneration."""
    values: dict[str, Any] = {
        "section": outcome.section,
        "result": outcome.result,
        "version": outcome.version,
        "ms": _milliseconds(outcome.seconds),
        "waited_ms": _milliseconds(outcome.waited_seconds),
        "entries": outcome.entries,
        "left_out": outcome.left_out,
        "bytes": outcome.bytes,
        "attempt": outcome.attempt,
    }
    if outcome.error:
        log.warning("regenerated", error=outcome.error, **values)
    else:
        log.info("regenerated", **values)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
