"""The facts of the service's status that every surface shows: sections, running processes, what waits."""

from collections import Counter
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from syndication.store.processes import web_processes, workers
from syndication.store.processes.web_processes import WebProcess
from syndication.store.processes.workers import WorkerProcess
from syndication.store.publishing import change_queue
from syndication.store.publishing.documents import read_versions
from syndication.store.publishing.section_state import (
    Progress,
    SectionState,
    SectionStatus,
    configured_states,
    list_exceptional,
    oldest_waiting,
    section_status,
)

MOST = 1_000
"""Of more sections, only those that are waiting, failing, held or recently missed are read."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The status at one moment. ``states`` are those of configured sections that a worker has registered.

    Of many sections, ``states`` has only those that are exceptional, and those that were asked for. ``published`` are
    the slugs of all published ones. ``oldest_queued`` is when the oldest change that no section was requested for was
    noticed. ``workers`` and ``web`` are the running processes.
    """

    states: Mapping[str, SectionState]
    published: Set[str]
    workers: list[WorkerProcess]
    web: list[WebProcess]
    oldest_queued: datetime | None
    now: datetime

    @property
    def progress(self) -> Progress:
        """Whether anybody updates feeds."""
        return Progress(self.now, len(self.workers), self.oldest_queued, len(self.web))

    @property
    def oldest_change(self) -> datetime | None:
        """When the oldest change that is not published yet was noticed."""
        return oldest_waiting(self.states.values(), self.oldest_queued)

    def count(self, sections: Collection[str]) -> dict[SectionStatus, int]:
        """Returns the number of these sections by status."""
        counts = Counter[SectionStatus](section_status(state, self.progress) for state in self.states.values())
        unread = sections - self.states.keys() if isinstance(sections, Set) else set(sections) - self.states.keys()
        others: SectionStatus = "current" if self.progress.is_served else "stalled"
        if others == "current" and self.progress.has_old_changes:
            others = "pending"
        counts[others] += len(unread & self.published)
        counts["unpublished"] += len(unread - self.published)
        return dict(counts)


def read_progress(conn: Connection, now: datetime) -> Progress:
    """Returns whether anybody updates feeds."""
    running, webs = workers.list_alive(conn, now), web_processes.list_alive(conn, now)
    return Progress(now, len(running), change_queue.oldest(conn), len(webs))


def read_service_status(
    conn: Connection, sections: Collection[str], now: datetime, asked: Collection[str] | None = None
) -> ServiceStatus:
    """Returns the status at ``now``; ``sections`` are the configured slugs.

    ``asked``: whose states are wanted in any case (None: those of all, unless they are many).
    """
    if asked is None and len(sections) <= MOST:
        states = configured_states(conn, sections)
        published: Set[str] = {slug for slug, state in states.items() if state.version}
    else:
        states = {state.section: state for state in list_exceptional(conn, now) if state.section in sections}
        states |= configured_states(conn, [slug for slug in asked or () if slug not in states])
        published = read_versions(conn).keys()
    running, webs = workers.list_alive(conn, now), web_processes.list_alive(conn, now)
    return ServiceStatus(states, published, running, webs, change_queue.oldest(conn), now)
