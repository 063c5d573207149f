"""What is said of a source, by the command line, the API and the dashboard alike. Pure: a state in, a sentence out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndication.diagnostics.words import Words, words
from syndication.store.articles.trace_facts import ArticleOrigin
from syndication.store.sources.source_states import SourceState

SourceStatus = Literal["waiting", "importing", "current", "late", "failing", "held", "paused"]

STATUS_LABELS: dict[SourceStatus, str] = {
    "waiting": "Not read yet",
    "importing": "Importing",
    "current": "Up to date",
    "late": "Not being read",
    "failing": "Failing",
    "held": "Held",
    "paused": "Paused",
}

LATE = 60.0
"""Seconds beyond its interval after which a source that nobody reads is not called up to date: the longest look."""


STAY = " Its articles stay as they are."


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A configured source at ``now``; ``state`` is None if no worker has seen it.

    ``every`` is its interval, in seconds.
    """

    name: str
    every: float
    state: SourceState | None
    now: datetime

    @property
    def status(self) -> SourceStatus:
        """What somebody who looks should know first; never "current" if no worker reads it."""
        state = self.state
        if state is None or state.status == "waiting":
            return "waiting"
        if state.status != "current":
            return state.status
        if (self.silent_seconds or 0.0) > self.every + LATE:
            return "late"
        # After an accept the sweep begins anew, but that is no first import.
        is_first = state.swept_at is None and state.taking_over_at is None
        return "importing" if is_first else "current"

    @property
    def is_claimed(self) -> bool:
        """Whether a worker has it."""
        return self.state is not None and self.state.lease_until is not None and self.state.lease_until > self.now

    @property
    def silent_seconds(self) -> float | None:
        """Seconds since the last look; None if there was none."""
        return seconds_ago(self.state.looked_at, self.now) if self.state is not None else None


def source_facts(intervals: Mapping[str, float], states: Mapping[str, SourceState], now: datetime) -> list[SourceFacts]:
    """Returns the facts of the configured sources; ``intervals`` has the interval of each, in seconds."""
    return [SourceFacts(name, every, states.get(name), now) for name, every in intervals.items()]


def source_words(facts: SourceFacts) -> Words:
    """Returns how a source is doing."""
    state = facts.state
    if state is None or facts.status == "waiting":
        return words("It is being read for the first time." if facts.is_claimed else "No worker has read it yet.")
    match facts.status:
        case "paused":
            by = words(f"{state.paused_by} paused it at ", state.paused_at or "", ".")
            return words(by, STAY, " What is new or changed there is not published.")
        case "failing":
            since = words("It has failed since ", state.failing_since or "", f": {state.error}.")
            return words(since, _retry(state), STAY)
        case "late":
            return words("No worker has read it since ", state.looked_at or "", f".{STAY}")
        case "held":
            what = words(
                f"{state.held_vanished or 0:,} stories vanished there at once, at ", state.held_since or "", "."
            )
            then = " Until they are back, nothing from it changes here, and its new stories wait."
            return words(what, " A fault is more likely than a decision.", then)
    return _read_well(state, is_importing=facts.status == "importing")


def source_advice(facts: SourceFacts) -> str:
    """Returns what an operator may do, as a sentence with the command; empty if there is nothing to do."""
    if facts.status == "waiting" and facts.is_claimed:
        return ""
    return {
        "waiting": "Start `syndication worker`; one that runs must be restarted to know a new source.",
        "late": "Start `syndication worker`.",
        "paused": f"To go on: `syndication source resume {facts.name}`.",
        "failing": f"To try now: `syndication source look {facts.name}`.",
        "held": f"If they really are gone: `syndication source accept {facts.name}`.",
    }.get(facts.status, "")


def origin_words(origin: ArticleOrigin) -> Words:
    """Returns where an article comes from, and what its source knows of it, without asking the source."""
    row, state = origin.row, origin.state
    name = f"source {origin.source}, where it is {row.foreign_id!r}"
    if row.refused is not None:
        what = words(f"Refused from {name}: {row.refused}.")
    elif row.vanished_at is not None:
        what = words(f"From {name}, and no longer public there since ", row.vanished_at, ".")
    else:
        what = words(f"From {name}; its last change there was read at ", row.seen_at, ".")
    if state is None or state.looked_at is None:
        return what
    if state.status in ("paused", "failing", "held"):
        return words(what, f" The source is {state.status}: it was last read at ", state.looked_at, ".")
    return words(what, " The source was last read at ", state.looked_at, ".")


def count(number: int, one: str, more: str = "") -> str:
    """Returns "1 article" or "1,500 articles"."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def seconds_ago(moment: datetime | None, now: datetime) -> float | None:
    """Returns the age of a moment in seconds; None if there was none."""
    return None if moment is None else max((now - moment).total_seconds(), 0.0)


def _read_well(state: SourceState, *, is_importing: bool) -> Words:
    so_far = count(state.articles, "article")
    if is_importing:
        return words(f"The first import is running, the newest stories first: {so_far} so far.")
    refused = f" {count(state.refused, 'story', 'stories')} could not be stored." if state.refused else ""
    return words(f"{so_far}, last read at ", state.looked_at or "", f".{refused}")


def _retry(state: SourceState) -> Words:
    return words(" Next attempt at ", state.retry_at, ".") if state.retry_at else ()
