"""Reads the facts of the verdict, for the command line, the API and the dashboard alike."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndication.config.loading import Settings
from syndication.diagnostics import health
from syndication.diagnostics.health import Finding, HealthFacts
from syndication.diagnostics.hub_words import HubFacts, hub_facts
from syndication.diagnostics.source_words import source_facts
from syndication.store import Connection
from syndication.store.articles import hidden_stories
from syndication.store.hub import echoes, pings
from syndication.store.hub.overview import count_parked
from syndication.store.notifications import outbox
from syndication.store.processes import purge_queue, web_processes, workers
from syndication.store.processes.service_status import ServiceStatus, read_service_status
from syndication.store.publishing import documents
from syndication.store.publishing.documents import LeftOutArticle
from syndication.store.publishing.section_state import SectionState
from syndication.store.sources import source_states


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the service, and what is wrong with it."""

    status: ServiceStatus
    facts: HealthFacts

    def fails(self, section: str) -> bool:
        """Returns whether a feed's last regeneration failed."""
        state = self.status.states.get(section)
        return state is not None and state.is_failing

    @property
    def findings(self) -> list[Finding]:
        """All findings, most severe first."""
        return health.examine(self.facts)


class View:
    """What a caller may see: this one sees everything."""

    def states(self, conn: Connection, known: Mapping[str, SectionState]) -> Mapping[str, SectionState]:  # noqa: ARG002
        """Returns the states as far as they are visible."""
        return known

    def left_out(self, conn: Connection) -> Sequence[LeftOutArticle]:
        """Returns the visible stories that are left out."""
        return documents.list_left_out(conn)

    def hidden(self, conn: Connection, known: Collection[str], now: datetime) -> tuple[dict[str, str], list[str]]:
        """Returns sections without a feed with their newest story, and stories that are never shown."""
        return hidden_stories.unfed_sections(conn, known, None), hidden_stories.never_shown(conn, now)

    @property
    def sees_changes(self) -> bool:
        """Whether the time of the oldest waiting change is visible: it may be of a hidden story."""
        return True


def read_health(
    conn: Connection,
    settings: Settings,
    now: datetime,
    missing_triggers: Collection[str],
    view: View | None = None,
    asked: Collection[str] | None = None,
) -> Health:
    """Returns the state of the service at ``now``; ``asked``: see ``read_service_status``."""
    view = view or View()
    status = read_service_status(conn, settings.sections, now, asked)
    status = replace(status, states=view.states(conn, status.states))
    if not view.sees_changes:
        status = replace(status, oldest_queued=None)
    unfed, never_shown = view.hidden(conn, settings.known_slugs, now)
    sources = source_states.list_states(conn, [table.name for table in settings.sources])
    facts = HealthFacts(
        now=now,
        sections=settings.sections,
        states=list(status.states.values()),
        workers=len(status.workers),
        oldest_change=status.oldest_change if view.sees_changes else None,
        missing_triggers=missing_triggers,
        purges=purge_queue.list_waiting(conn) if settings.purge.url else [],
        left_out=view.left_out(conn),
        unfed=unfed,
        never_shown=never_shown,
        sources=source_facts({table.name: table.every for table in settings.sources}, sources, now),
        published=status.published,
        web=len(status.web),
        silent_workers=workers.list_silent(conn, now, status.workers),
        silent_webs=web_processes.list_silent(conn, now, status.web),
        hubs=_read_hubs(conn, settings),
        channels=list(outbox.channel_states(conn, [channel.name for channel in settings.channels]).values()),
        parked=count_parked(conn, now),
    )
    return Health(status, facts)


def _read_hubs(conn: Connection, settings: Settings) -> Sequence[HubFacts]:
    hubs = settings.hub.outside
    if not hubs:
        return ()
    patience = timedelta(seconds=settings.hub.echo_seconds)
    return hub_facts(hubs, pings.list_failing(conn, hubs), echoes.list_some(conn, hubs), patience)


def with_lock(found: Health, is_locked: bool) -> Health:
    """Returns it with whether the database is locked."""
    return replace(found, facts=replace(found.facts, locked=is_locked)) if is_locked else found


def may_be_locked(found: Health) -> bool:
    """Returns whether a process reports no more: only then is the database asked for its lock, which may take time."""
    facts = found.facts
    return not facts.workers or not facts.web or bool(facts.silent_workers or facts.silent_webs)
