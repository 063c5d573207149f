"""The state of the service that /readyz and /metrics show, as a web process has read it last."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from syndication.serve.catalogue import Catalogue
from syndication.store import Connection
from syndication.store.processes import purge_queue, web_processes, workers
from syndication.store.publishing import change_queue
from syndication.store.publishing.section_state import SectionState, list_exceptional, oldest_waiting
from syndication.store.triggers import missing_triggers

MAX_COUNTED = 10_000
"""Waiting changes are counted up to this number."""


@dataclass(frozen=True, slots=True)
class LoaderState:
    """The state that was read last; ``since`` is when ``database`` last changed between ok and down.

    ``sections`` are the newsroom's sections that are waiting, failing, held or recently missed, ``counts`` the numbers
    of all of the newsroom's sections by status.
    """

    loaded: bool = False
    database: str = "down"
    since: datetime | None = None
    missing_triggers: tuple[str, ...] = ()
    sections: tuple[SectionState, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    oldest_change: datetime | None = None
    changes: int = 0
    workers: int = 0
    webs: int = 0
    purges: int = 0


def read_state(conn: Connection, now: datetime, before: LoaderState, catalogue: Catalogue) -> LoaderState:
    """Returns the state of now; what ``before`` says of the database is kept."""
    found = tuple(state for state in list_exceptional(conn, now) if state.section in catalogue.own)
    return replace(
        before,
        missing_triggers=tuple(missing_triggers(conn)),
        sections=found,
        counts=_count(found, catalogue.own, catalogue.memory.versions),
        oldest_change=oldest_waiting(found, change_queue.oldest(conn)),
        changes=change_queue.waiting(conn, MAX_COUNTED),
        workers=len(workers.list_alive(conn, now)),
        webs=len(web_processes.list_alive(conn, now)),
        purges=sum(purge.given_up_at is None for purge in purge_queue.list_waiting(conn)),
    )


def _count(found: Iterable[SectionState], own: Collection[str], published: Mapping[str, int]) -> dict[str, int]:
    """Returns the numbers of the newsroom's sections by status, without asking for each."""
    counts = Counter[str](state.status for state in found if state.status != "unpublished")
    failing = {state.section for state in found if state.status == "failing"}
    counts["unpublished"] = len(set(own) - failing - published.keys())
    counts["current"] += max(0, len(own) - counts.total())
    return dict(counts)
