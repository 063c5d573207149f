"""The facts of the service's status: sections, running processes, what waits. Every surface reads them here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from syndication.store.processes import purge_queue, web_processes, workers
from syndication.store.processes.purge_queue import Purge
from syndication.store.processes.web_processes import WebProcess
from syndication.store.processes.workers import WorkerProcess
from syndication.store.publishing import change_queue
from syndication.store.publishing.section_state import SectionState, list_states, oldest_waiting


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The status at ``now``, in UTC. ``states`` are those of configured sections that a worker has registered.

    ``oldest_queued`` is when the oldest change that no section was requested for was noticed.
    """

    now: datetime
    states: Mapping[str, SectionState]
    workers: list[WorkerProcess]
    web: list[WebProcess]
    oldest_queued: datetime | None
    purges: list[Purge]

    @property
    def oldest_change(self) -> datetime | None:
        """When the oldest change that is not published yet was noticed."""
        return oldest_waiting(self.states.values(), self.oldest_queued)


def read_service_status(conn: Connection, sections: Collection[str], now: datetime) -> ServiceStatus:
    """Returns the status; ``sections`` are the configured slugs: others stay in the store, and nobody serves them."""
    return ServiceStatus(
        now=now,
        states={state.section: state for state in list_states(conn) if state.section in sections},
        workers=workers.list_alive(conn, now),
        web=web_processes.list_alive(conn, now),
        oldest_queued=change_queue.oldest(conn),
        purges=purge_queue.list_waiting(conn),
    )
