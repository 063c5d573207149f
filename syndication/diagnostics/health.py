"""The health of the service: one headline, and every finding, most severe first. Pure: facts in, sentences out.

The command line and the dashboard share these functions, so they never disagree.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from syndication.store.processes.purge_queue import Purge
    from syndication.store.publishing.section_state import SectionState

LATE = 60.0
"""Seconds after which a waiting change is a problem and a missing purge deserves a notice."""

Severity = Literal["standstill", "problem", "notice"]
"""Nothing new is published; something is wrong; or only a hint."""


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """The state of the service at ``now``.

    ``sections`` are the configured slugs, ``titles`` their titles if sentences should use them; ``silences`` are
    sentences about unusually quiet sections; ``purges`` are still waiting to be sent to a cache.
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
    titles: Mapping[str, str] = field(default_factory=dict)

    def title(self, slug: str) -> str:
        """Returns the section's title, or its slug."""
        return self.titles.get(slug, slug)


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem or notice; ``section`` is a slug if only one section is affected."""

    severity: Severity
    words: str
    section: str | None = None


def examine(facts: HealthFacts) -> list[Finding]:
    """Returns all findings, most severe first; an empty list if the service is healthy."""
    if not facts.database_up:  # All other facts are out of date.
        return [Finding("standstill", "The database does not answer. Feeds are still served but not updating.")]
    silent = [Finding("notice", words, slug) for slug, words in sorted(facts.silences.items())]
    found = [*_no_worker(facts), *_failing(facts), *_unpublished(facts), *_late(facts)]
    return [*found, *_not_purged(facts), *silent]


def problems(findings: Collection[Finding]) -> list[Finding]:
    """Returns the findings without the notices."""
    return [finding for finding in findings if finding.severity != "notice"]


def headline(findings: Collection[Finding]) -> str:
    """Returns one line: whether the service is healthy, and otherwise the most severe problem."""
    wrong = problems(findings)
    if not wrong:
        return "All is well."
    return wrong[0].words if len(wrong) == 1 else f"{len(wrong)} problems. {wrong[0].words}"


def times(count: int) -> str:
    """Returns "once", "twice" or "3 times"."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _no_worker(facts: HealthFacts) -> Iterator[Finding]:
    if facts.missing_triggers:
        names = ", ".join(sorted(facts.missing_triggers))
        words = f"Changes are not detected because triggers are missing or disabled: {names}. Run `syndication migrate`."
        yield Finding("standstill", words)
    if not facts.workers:
        words = "No worker is running, so feeds are not updating. Start one with `syndication worker`."
        yield Finding("standstill", words)


def _failing(facts: HealthFacts) -> Iterator[Finding]:
    for state in facts.states:
        if state.failures and state.section in facts.sections:
            words = f"{facts.title(state.section)} failed {times(state.failures)}: {state.error}"
            yield Finding("problem", words, state.section)


def _unpublished(facts: HealthFacts) -> Iterator[Finding]:
    missing = sorted(set(facts.sections) - {state.section for state in facts.states if state.version})
    if missing:
        words = f"Not published yet: {', '.join(facts.title(slug) for slug in missing)}."
        yield Finding("problem", words, missing[0] if len(missing) == 1 else None)


def _late(facts: HealthFacts) -> Iterator[Finding]:
    waited = (facts.now - facts.oldest_change).total_seconds() if facts.oldest_change else 0.0
    if waited > LATE:
        yield Finding("problem", f"A change has been waiting for {waited:.0f} s.")


def _not_purged(facts: HealthFacts) -> Iterator[Finding]:
    for purge in facts.purges:
        if purge.given_up_at is not None:
            words = (
                f"The cache was not purged for {facts.title(purge.section)}, and retries have stopped: {purge.error}."
                " It serves the previous version until that expires."
            )
        elif (facts.now - purge.since).total_seconds() > LATE:
            why = purge.error or "no web process has loaded its newest version yet"
            words = f"The cache has not been purged for {facts.title(purge.section)}: {why}. Retrying automatically."
        else:
            continue
        yield Finding("notice", words, purge.section)
