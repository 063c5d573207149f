"""The facts of the service's status that every surface shows: sections, running processes, what waits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from syndication.store.processes import workers
from syndication.store.processes.workers import WorkerProcess
from syndication.store.publishing import change_queue
from syndication.store.publishing.section_state import SectionState, configured_states, oldest_waiting


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The status at one moment. ``states`` are those of configured sections that a worker has registered.

    ``oldest_queued`` is when the oldest change that no section was requested for was noticed.
    """

    states: Mapping[str, SectionState]
    workers: list[WorkerProcess]
    oldest_queued: datetime | None

    @property
    def oldest_change(self) -> datetime | None:
        """When the oldest change that is not published yet was noticed."""
        return oldest_waiting(self.states.values(), self.oldest_queued)


def read_service_status(conn: Connection, sections: Collection[str], now: datetime) -> ServiceStatus:
    """Returns the status at ``now``; ``sections`` are the configured slugs."""
    return ServiceStatus(
        states=configured_states(conn, sections),
        workers=workers.list_alive(conn, now),
        oldest_queued=change_queue.oldest(conn),
    )
