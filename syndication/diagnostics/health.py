"""The health of the service: one headline, and every finding, most severe first. Pure: facts in, sentences out.

The command line and the dashboard share these functions, so they never disagree.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from syndication.config.notification_schema import Cause
from syndication.diagnostics.channel_words import channel_words
from syndication.diagnostics.hub_words import hub_status, hub_words
from syndication.diagnostics.subscriber_words import parked_words
from syndication.model.counted import counted
from syndication.model.sitemaps import is_for_sitemaps

if TYPE_CHECKING:
    from syndication.diagnostics.hub_words import HubFacts
    from syndication.diagnostics.source_words import SourceFacts
    from syndication.store.notifications.outbox import ChannelState
    from syndication.store.processes.purge_queue import Purge
    from syndication.store.processes.web_processes import WebProcess
    from syndication.store.processes.workers import WorkerProcess
    from syndication.store.publishing.documents import LeftOutArticle
    from syndication.store.publishing.holds import EditorHold
    from syndication.store.publishing.section_state import SectionState

SLOW = 10.0
"""Seconds after which a waiting change is a problem: a worker needs about one."""

LATE = 60.0
"""Seconds after which a missing purge deserves a notice."""

LOCKED = (
    "The database is locked: another program holds its lock, so nothing can be stored or published. Feeds are still"
    " served."
)

MAX_NAMED = 5
"""Stories and sections named one by one; further ones are only counted."""

MOST_MISSING = 50
"""Unpublished sections named in one sentence; a new service has many."""

Severity = Literal["standstill", "problem", "notice"]
"""Nothing new is published; something is wrong; or only a hint."""

PARKED = "parked subscribers"
"""The subject of the notice about them."""

BY_EDITOR = "editor:"
"""What the subject of a hold begins with that an editor began."""

SEVERITIES: Sequence[Severity] = ("standstill", "problem", "notice")
"""The most severe first."""


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """The state of the service at ``now``; ``left_out`` are articles that cannot be shown in a feed.

    ``unfed`` has the newest article's ID for each section that articles name and no feed has; ``never_shown`` are
    recent articles that expire before they are published.

    ``sections`` are the configured slugs, ``titles`` their titles if sentences should use them; ``silences`` are
    sentences about unusually quiet sections; ``purges`` are still waiting to be sent to a cache. ``published`` are
    published sections whose states may be missing because they are nothing special. ``web`` is the number of running
    web processes; ``silent_workers`` and ``silent_webs`` hang or were killed. ``locked``: nobody can write to the
    database. ``channels`` are those of notifications, ``hubs`` the outside ones; ``parked`` subscribers by push get
    nothing any more.
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
    left_out: Sequence["LeftOutArticle"] = ()
    unfed: Mapping[str, str] = field(default_factory=dict)
    never_shown: Collection[str] = ()
    sources: Sequence["SourceFacts"] = ()
    published: Collection[str] = ()
    web: int = 1
    silent_workers: Sequence["WorkerProcess"] = ()
    silent_webs: Sequence["WebProcess"] = ()
    locked: bool = False
    channels: Sequence["ChannelState"] = ()
    hubs: Sequence["HubFacts"] = ()
    parked: int = 0

    @property
    def waited(self) -> float:
        """For how many seconds the oldest change has been waiting."""
        return (self.now - self.oldest_change).total_seconds() if self.oldest_change else 0.0

    @property
    def unpurged(self) -> set[str]:
        """The sections of which the CDN's cache keeps the previous version, because purging it was given up."""
        return {purge.section for purge in self.purges if purge.given_up_at is not None}

    def title(self, slug: str) -> str:
        """Returns the section's title, or its slug."""
        return self.titles.get(slug, slug)


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem or notice; ``section`` is a slug if only one section is affected, ``source`` a name likewise.

    ``hides_stories``: because of it, a story does not appear as its writer asked. ``cause``: notifications may be sent
    of it, one for each ``subject``, whatever the words say meanwhile.
    """

    severity: Severity
    words: str
    section: str | None = None
    hides_stories: bool = False
    source: str | None = None
    cause: Cause | None = None
    subject: str = ""


def examine(facts: HealthFacts) -> list[Finding]:
    """Returns all findings, most severe first; an empty list if the service is healthy."""
    if not facts.database_up:  # All other facts are out of date.
        return [Finding("standstill", "The database does not answer. Feeds are still served but not updating.")]
    silent = [
        Finding("notice", words, slug, cause="silent", subject=slug) for slug, words in sorted(facts.silences.items())
    ]
    found = [*_standstill(facts), *_silent(facts), *_failing(facts), *_unpublished(facts), *_held(facts), *_late(facts)]
    found += [*_missed(facts), *_sources(facts), *_hidden_stories(facts)]
    found += [*_untold(facts), *_unfed(facts), *_not_purged(facts), *_hubs(facts), *silent, *_parked(facts)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def problems(findings: Collection[Finding]) -> list[Finding]:
    """Returns the findings without the notices."""
    return [finding for finding in findings if finding.severity != "notice"]


def headline(findings: Collection[Finding]) -> str:
    """Returns one line: all is well, or the most severe problem, the first hidden story, the number of notices."""
    wrong = problems(findings) or [finding for finding in findings if finding.hides_stories][:1]
    if not wrong:
        return f"No problems, {counted(len(findings), 'notice')}." if findings else "All is well."
    return wrong[0].words if len(wrong) == 1 else f"{len(wrong)} problems. {wrong[0].words}"


def times(count: int) -> str:
    """Returns "once", "twice" or "3 times". 0 is once: a change starts the count of failures again."""
    return {1: "once", 2: "twice"}.get(max(count, 1), f"{count} times")


def _standstill(facts: HealthFacts) -> Iterator[Finding]:
    if facts.missing_triggers:
        names = ", ".join(sorted(facts.missing_triggers))
        words = (
            f"Changes are not detected because triggers are missing or disabled: {names}. Run `syndication migrate`."
        )
        yield Finding("standstill", words, cause="triggers")
    if facts.locked:  # No process can record its heartbeat then, so that all seem to have ended.
        yield Finding("standstill", LOCKED)
        return
    if not facts.workers:
        words = "No worker is running, so feeds are not updating. Start one with `syndication worker`."
        yield Finding("standstill", words, cause="no-worker")
    if not facts.web:
        words = "No web process is running, so nobody can read the feeds. Start one with `syndication web`."
        yield Finding("standstill", words, cause="no-web")


def _silent(facts: HealthFacts) -> Iterator[Finding]:
    """Yields a problem for each process that no longer reports; a killed one cannot be told from one that hangs."""
    if facts.locked:
        return
    for kind, processes in (("Worker", facts.silent_workers), ("Web process", facts.silent_webs)):
        for process in processes[:MAX_NAMED]:
            silent = (facts.now - process.seen_at).total_seconds()
            words = (
                f"{kind} {process.pid} on {process.host} has not reported for {silent:.0f} s: it hangs or was killed."
            )
            yield Finding("problem", f"{words} Restart it.")
        if (more := len(processes) - MAX_NAMED) > 0:
            verb = "has" if more == 1 else "have"
            yield Finding("problem", f"{counted(more, 'more process', 'more processes')} {verb} not reported.")


def _failing(facts: HealthFacts) -> Iterator[Finding]:
    for state in facts.states:
        if state.is_failing and state.section in facts.sections:
            words = f"{facts.title(state.section)} failed {times(state.failures)}: {state.error}"
            yield Finding("problem", words, state.section, cause="failing", subject=state.section)


def _unpublished(facts: HealthFacts) -> Iterator[Finding]:
    published = {state.section for state in facts.states if state.version} | set(facts.published)
    missing = sorted(set(facts.sections) - published)
    if missing:
        names = ", ".join(facts.title(slug) for slug in missing[:MOST_MISSING])
        names += f" and {len(missing) - MOST_MISSING:,} more" if len(missing) > MOST_MISSING else ""
        words = f"Not published yet: {names}."
        yield Finding("problem", words, missing[0] if len(missing) == 1 else None)


def _held(facts: HealthFacts) -> Iterator[Finding]:
    for state in facts.states:
        if state.section not in facts.sections:
            continue
        if state.editor_hold is not None:
            yield _held_by_editor(facts, state.editor_hold)
        elif state.status == "held" and state.hold is not None:
            left = max((state.hold.until - facts.now).total_seconds(), 0.0)
            words = (
                f"{facts.title(state.section)} is held: {state.hold.words}. It keeps them until they are back, at most"
                f" {left:.0f} s more. To publish without them: `syndication release {state.section}`."
            )
            yield Finding("problem", words, state.section, cause="held", subject=state.section)


def _held_by_editor(facts: HealthFacts, hold: "EditorHold") -> Finding:
    """Returns a notice: it is somebody's decision, but stories wait because of it."""
    at = f"{'rolled back to' if hold.is_rolled_back else 'held at'} version {hold.version}"
    end = "until it is released" if hold.until is None else f"for {_span(hold.until - facts.now)} more"
    words = (
        f"{facts.title(hold.section)} was {at} by {hold.by} {_span(facts.now - hold.since)} ago ({hold.reason})."
        f" New stories wait {end}. To release it: `syndication release {hold.section}`."
    )
    subject = f"{BY_EDITOR}{hold.section}"
    return Finding("notice", words, hold.section, hides_stories=True, cause="held", subject=subject)


def _span(time: timedelta) -> str:
    """Returns a duration in whole minutes, hours or days."""
    minutes = max(time.total_seconds(), 0) / 60
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"


def _missed(facts: HealthFacts) -> Iterator[Finding]:
    found = [state for state in facts.states if state.recently_missed(facts.now) and state.section in facts.sections]
    if found:
        names = ", ".join(f"{facts.title(state.section)} ({state.missed_entries})" for state in found[:MAX_NAMED])
        names += f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
        words = (
            f"Missed changes found and published: {names}. Something writes to the database without firing its"
            " triggers: a disabled trigger, a restored or copied file."
        )
        yield Finding("problem", words, found[0].section if len(found) == 1 else None)


def _sources(facts: HealthFacts) -> Iterator[Finding]:
    for source in facts.sources:
        if (finding := _source(source, facts.workers)) is not None:
            cause: Cause | None = "source" if finding.severity == "problem" else None
            yield replace(finding, source=source.name, cause=cause, subject=source.name)
        refused = source.state.refused if source.state is not None else 0
        if refused:
            words = f"Stories of source {source.name} that could not be stored: {refused:,}."
            yield Finding("notice", words, hides_stories=True, source=source.name)


def _source(source: "SourceFacts", workers: int) -> Finding | None:
    """Returns what keeps a source's stories from being published; without a worker, that is the finding."""
    name, state = f"Source {source.name}", source.state
    severity: Severity = "problem"
    words = ""
    match source.status:
        case "waiting" if source.is_claimed:
            severity, words = "notice", f"{name} is being read for the first time."
        case "waiting" if workers:
            words = f"{name} has not been read yet. Restart the worker, so that it knows the source."
        case "late" if workers:
            words = f"{name} has not been read for {(source.silent_seconds or 0.0) / 60:,.0f} min."
        case "held" if state is not None:
            words = (
                f"{name} is held: {state.held_vanished or 0:,} stories vanished there at once. Until they are back,"
                f" nothing from it changes here. If they really are gone: `syndication source accept {source.name}`."
            )
        case "failing" if state is not None:
            words = f"{name} failed {times(state.failures)}: {state.error}. Its articles stay as they are."
        case "paused" if state is not None:
            severity = "notice"
            words = f"{name} is paused by {state.paused_by}: what is new or changed there is not published."
        case "importing":
            severity, words = "notice", f"The first import of source {source.name} is running."
    return Finding(severity, words, hides_stories=source.status == "paused") if words else None


def _late(facts: HealthFacts) -> Iterator[Finding]:
    if facts.waited > SLOW:
        yield Finding("problem", f"A change has been waiting for {facts.waited:.0f} s.")


def _hidden_stories(facts: HealthFacts) -> Iterator[Finding]:
    """Yields a problem for each story that no feed, or not every feed of its sections, can show."""
    feeds: dict[tuple[str, str], list[str]] = {}
    for item in facts.left_out:
        if item.section in facts.sections:
            feeds.setdefault((item.article_id, item.reason), []).append(facts.title(item.section))
    words = [(id, f"{id} is left out of {', '.join(titles)}: {reason}.") for (id, reason), titles in feeds.items()]
    words += [(id, f"{id} appears in no feed: it expires before it is published.") for id in sorted(facts.never_shown)]
    for id, sentence in words[:MAX_NAMED]:
        yield Finding("problem", sentence, hides_stories=True, cause="left-out", subject=id)
    if (more := len(words) - MAX_NAMED) > 0:
        verb = "is" if more == 1 else "are"
        rest = f"{counted(more, 'more story', 'more stories')} {verb} left out."
        yield Finding("problem", rest, hides_stories=True, cause="left-out")


def _untold(facts: HealthFacts) -> Iterator[Finding]:
    """Yields a problem for each channel that does not reach anybody: it cannot say so itself."""
    for state in facts.channels:
        if words := channel_words(state):
            yield Finding("problem", f"Notifications to {state.channel}: {words[0].lower()}{words[1:]}")


def _unfed(facts: HealthFacts) -> Iterator[Finding]:
    found = sorted(facts.unfed.items())
    for slug, id in found[:MAX_NAMED]:
        words = f"No feed has the section {slug!r} (newest story: {id}). Add it to sections.toml or correct the story."
        yield Finding("notice", words, hides_stories=True)
    if (more := len(found) - MAX_NAMED) > 0:
        words = f"No feed has {counted(more, 'more section')} that stories name."
        yield Finding("notice", words, hides_stories=True)


def _not_purged(facts: HealthFacts) -> Iterator[Finding]:
    """Yields a problem for each purge that was given up: readers get the previous version, withdrawn stories too."""
    for purge in facts.purges:
        section = None if is_for_sitemaps(purge.section) else purge.section
        if purge.given_up_at is not None:
            words = (
                f"The cache was not purged for {facts.title(purge.section)}, and retries have stopped: {purge.error}."
                " It serves the previous version until that expires."
            )
            yield Finding("problem", words, section, cause="purge", subject=purge.section)
        elif (facts.now - purge.since).total_seconds() > LATE:
            why = purge.error or "no web process has loaded its newest version yet"
            words = f"The cache has not been purged for {facts.title(purge.section)}: {why}. Retrying automatically."
            yield Finding("notice", words, section)


def _hubs(facts: HealthFacts) -> Iterator[Finding]:
    """Yields a problem for each outside hub whose subscribers miss stories, a notice for one that may be such."""
    for hub in facts.hubs:
        if words := hub_words(hub, facts.now):
            wrong = hub_status(hub, facts.now) in ("failing", "silent")
            severity: Severity = "problem" if wrong else "notice"
            yield Finding(severity, words, cause="hub" if wrong else None, subject=hub.host)


def _parked(facts: HealthFacts) -> Iterator[Finding]:
    """Yields a notice: other people's servers do not answer, and all others have the newest versions."""
    if facts.parked:
        yield Finding("notice", parked_words(facts.parked), subject=PARKED)
