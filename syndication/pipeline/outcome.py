"""The outcome of regenerating a section: a value for metrics, and one line in the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from syndication.logs import get_logger
from syndication.pipeline.hold import HoldEvent
from syndication.store.publishing.holds import Hold

log = get_logger(__name__)

Result = Literal["published", "unchanged", "overtaken", "failed"]


@dataclass(frozen=True, slots=True)
class HoldChange:
    """A hold began or ended; ``reasons`` counts why its entries vanished."""

    event: HoldEvent
    hold: Hold | None
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one regeneration; ``seconds`` is its duration, ``version`` the current version after it.

    ``caught_up_at`` is the generation that it completes, if no change was waiting. ``bytes`` counts all formats,
    uncompressed. ``attempt`` is 1 for the first one, None if nothing could be read. ``waited_seconds`` is the time from
    the oldest change or request to the end of the regeneration. ``held`` entries are kept although their articles
    vanished. ``missed`` is the number of entries whose changes nobody had noticed until a sweep found them. ``held_by``
    is the editor who holds the feed at one version.
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
    held: int = 0
    hold: HoldChange | None = None
    missed: int = 0
    held_by: str | None = None


def log_outcome(outcome: Outcome) -> None:
    """Logs the line of a regeneration, and others if a hold began or ended, or changes had been missed."""
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
    if outcome.held_by is not None:
        values["held_by"] = outcome.held_by
    if outcome.error:
        log.warning("regenerated", error=outcome.error, **values)
    else:
        log.info("regenerated", **values)
    if outcome.hold is not None:
        _log_hold(outcome.section, outcome.hold)
    if outcome.missed:
        log.warning("changes_missed", section=outcome.section, entries=outcome.missed, version=outcome.version)


def _log_hold(section: str, change: HoldChange) -> None:
    hold = change.hold
    if change.event != "begun" or hold is None:
        log.info("hold_ended", section=section, cause=change.event)
        return
    log.warning(
        "section_held",
        section=section,
        vanished=hold.vanished,
        entries=hold.entries,
        until=hold.until,
        **change.reasons,
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
