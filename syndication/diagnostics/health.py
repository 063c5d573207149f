"""Whether all is well, told in one line, and what is not, the worst first: from facts to words, without a database.

The command line and the dashboard both ask here, so that they never disagree.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from syndication.store.processes.purge_queue import Purge
    from syndication.store.publishing.section_state import SectionState

LATE = 60.0
"""Seconds after which a change that still waits is a problem, and a cache that was not told of it worth a notice."""

Severity = Literal["standstill", "problem", "notice"]
"""How bad it is: nothing new is published, something is wrong, or it is only worth a look."""


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """What is known of the service at ``now``.

    ``sections`` are the configured slugs; ``silences`` say of a section in words that it is unusually quiet; of
    ``purges`` a cache in front was not told yet.
    """

    now: datetime
    sections: Collection[str]
    states: Sequence["SectionState"]
    workers: int
    oldest_change: datetime | None
    missing_triggers: Collection[str] = ()
    database_up: bool = True
    silences: Mapping[str, str] = field(default_factory=dict)
    purges: Sequence["Purge"] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at; ``section`` is the slug if it concerns one section only."""

    severity: Severity
    words: str
    section: str | None = None


def examine(facts: HealthFacts) -> list[Finding]:
    """Everything to look at, the worst first; an empty list if all is as it should be."""
    if not facts.database_up:  # Whatever else was read is of another time.
        return [Finding("standstill", "The database does not answer: feeds are served as they were, and stay so.")]
    silent = [Finding("notice", words, slug) for slug, words in sorted(facts.silences.items())]
    wrong = [*_no_worker(facts), *_failing(facts), *_unpublished(facts), *_late(facts)]
    return [*wrong, *_not_purged(facts), *silent]


def problems(findings: Collection[Finding]) -> list[Finding]:
    """What is wrong, without what is only worth a look."""
    return [finding for finding in findings if finding.severity != "notice"]


def headline(findings: Collection[Finding]) -> str:
    """The one line that says whether all is well."""
    wrong = problems(findings)
    if not wrong:
        return "All is well."
    return wrong[0].words if len(wrong) == 1 else f"{len(wrong)} things are wrong. The worst: {wrong[0].words}"


def _no_worker(facts: HealthFacts) -> Iterator[Finding]:
    if facts.missing_triggers:
        names = ", ".join(sorted(facts.missing_triggers))
        words = f"Changes go unnoticed, because triggers are missing: {names}. Run `syndication migrate`."
        yield Finding("standstill", words)
    if not facts.workers:
        words = "No worker is alive: feeds stay as they are. Start one with `syndication worker`."
        yield Finding("standstill", words)


def _failing(facts: HealthFacts) -> Iterator[Finding]:
    for state in facts.states:
        if state.failures and state.section in facts.sections:
            words = f"{state.section} has failed {state.failures} times: {state.error}"
            yield Finding("problem", words, state.section)


def _unpublished(facts: HealthFacts) -> Iterator[Finding]:
    missing = sorted(set(facts.sections) - {state.section for state in facts.states if state.version})
    if missing:
        words = f"Not rendered yet: {', '.join(missing)}."
        yield Finding("problem", words, missing[0] if len(missing) == 1 else None)


def _late(facts: HealthFacts) -> Iterator[Finding]:
    waited = (facts.now - facts.oldest_change).total_seconds() if facts.oldest_change else 0.0
    if waited > LATE:
        yield Finding("problem", f"A change has waited for {waited:.0f} s.")


def _not_purged(facts: HealthFacts) -> Iterator[Finding]:
    for purge in facts.purges:
        if purge.given_up_at is not None:
            words = (
                f"The cache in front was not told of {purge.section}, and nobody tries any more: {purge.error}."
                " It shows the former version until its time is up."
            )
        elif (facts.now - purge.since).total_seconds() > LATE:
            why = purge.error or "no web process has loaded its newest version yet"
            words = f"The cache in front has not been told of {purge.section}: {why}. It is tried again by itself."
        else:
            continue
        yield Finding("notice", words, purge.section)
