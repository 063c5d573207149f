"""The thread that keeps a web process up to date, so that no request ever asks the database.

It survives the loss of the database: what was loaded goes on being served, and after the database's
return everything is compared again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from syndication.logs import get_logger
from syndication.serve.catalogue import Catalogue
from syndication.serve.poll_counter import PollCounter
from syndication.store.db.database import DOCUMENTS, Database, DatabaseDown
from syndication.store.db.listen import Waker
from syndication.store.processes import purge_queue, web_processes, workers
from syndication.store.publishing import change_queue, documents
from syndication.store.publishing.section_state import SectionState, list_states, oldest_waiting
from syndication.store.triggers import missing_triggers
from syndication.web import load_latency
from syndication.web.load_latency import WaitingSince

log = get_logger(__name__)

STATE_SECONDS = 2.0
"""How old the state shown by /readyz and /metrics may be."""

LOAD_SECONDS = 1.0
"""How old what is served may be, should a wake-up ever be lost."""

MAX_COUNTED = 10_000
"""Up to so many changes that wait are counted."""

WAIT_SECONDS = 0.5
"""The longest wait for a wake-up: stopping and counting are never later than this."""


HUNG_SECONDS = 3 * STATE_SECONDS
"""A database that let so much time go by without an answer hangs, and is told as down."""


@dataclass(frozen=True, slots=True)
class LoaderState:
    """What the watcher last saw; ``since`` is when the database became as it is, ok or down."""

    loaded: bool = False
    database: str = "down"
    since: datetime | None = None
    missing_triggers: tuple[str, ...] = ()
    sections: tuple[SectionState, ...] = ()
    oldest_change: datetime | None = None
    changes: int = 0
    workers: int = 0
    webs: int = 0
    purges: int = 0


class DocumentLoader:
    """Holds the catalogue and the state; both are replaced whole, so that readers need no lock."""

    def __init__(
        self, database: Database, catalogue: Catalogue, flush: Callable[[PollCounter], None], *, measured: bool = True
    ) -> None:
        self._measured = measured  # What another process serves is measured there.
        self.database = database
        self.catalogue = catalogue
        self.state = LoaderState(since=datetime.now(UTC))
        self.counter = PollCounter()
        self.served: dict[str, tuple[int, datetime]] = {}
        """By section the version that is served here, and since when: the database's time."""
        self.loaded_at: datetime | None = None
        """When it was last looked for what is published: the database's time; None before the first time."""
        self.versions_to_purge: dict[str, int] = {}
        """The versions that are served of the sections of which caches in front are to be told."""
        self.changed_event = threading.Event()
        """Set when there is something new in ``versions_to_purge``, for whoever tells it."""
        self._flush = flush
        self._stopped = threading.Event()
        self._loaded = self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="document-loader", daemon=True)

    def start(self) -> None:
        """Start the thread: after the fork, as threads and connections do not survive one."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for it."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                waker = Waker(self.database, DOCUMENTS)
                try:
                    self._watch(waker)
                finally:
                    waker.close()
            except DatabaseDown:  # Without the driver's words: they may hold a row.
                self._mark_down()
                self._flush(self.counter)
                self._stopped.wait(WAIT_SECONDS)
            except Exception:  # A thread that ended in silence would let feeds grow old behind a healthy face.
                log.exception("document_loader_failed")
                self._stopped.wait(STATE_SECONDS)

    def _watch(self, waker: Waker) -> None:
        changed = True
        while not self._stopped.is_set():
            if changed or time.monotonic() - self._loaded >= LOAD_SECONDS:
                self.load()
            if not self.state.loaded or time.monotonic() - self._looked >= STATE_SECONDS:
                self.read_state()
            self._flush(self.counter)
            changed = waker.wait(WAIT_SECONDS)

    def load(self) -> None:
        """Load the documents whose version is not the one in memory."""
        with self.database.snapshot() as conn:
            now, started = self.database.now(conn), time.monotonic()
            served = self.catalogue.versions()
            stored = documents.read_versions(conn)
            wanted = [slug for slug in stored if slug in self.catalogue.sections and stored[slug] != served.get(slug)]
            found = documents.load_documents(conn, wanted) if wanted else []
            # Nobody has waited for what a process loads first: it was published before.
            news = wanted if self.loaded_at is not None else []
            waits = (
                load_latency.read_waiting_since(conn, {slug: stored[slug] for slug in news}) if news else WaitingSince()
            )
            asked = purge_queue.pending_sections(conn)
        if found:
            self.catalogue = self.catalogue.with_documents(found)
            moment = now + timedelta(seconds=time.monotonic() - started)
            self.served |= {document.section: (document.version, moment) for document in found}
            if self._measured:
                waits.observe(moment)
            log.info("documents_loaded", sections=len(wanted), documents=len(found))
        self.loaded_at, self._loaded = now, time.monotonic()
        # One that this process does not have is served nowhere here in an older version either.
        before, self.versions_to_purge = (
            self.versions_to_purge,
            {slug: stored[slug] for slug in asked if slug in stored},
        )
        if self.versions_to_purge.items() - before.items():
            self.changed_event.set()

    def read_state(self) -> None:
        """Read what /readyz and /metrics show."""
        with self.database.read() as conn:
            now = self.database.now(conn)
            # What is no longer configured stays in the store, but nobody regenerates or serves it.
            found = tuple(state for state in list_states(conn) if state.section in self.catalogue.sections)
            self.state = replace(
                self.state,
                missing_triggers=tuple(missing_triggers(conn)),
                sections=found,
                oldest_change=oldest_waiting(found, change_queue.oldest(conn)),
                changes=change_queue.waiting(conn, MAX_COUNTED),
                workers=len(workers.list_alive(conn, now)),
                webs=len(web_processes.list_alive(conn, now)),
                purges=sum(purge.given_up_at is None for purge in purge_queue.list_waiting(conn)),
            )
        self._looked = time.monotonic()
        self._mark_up()

    def current_state(self) -> LoaderState:
        """The state for those who ask: this thread itself waits without end for a database that hangs."""
        state, silent = self.state, time.monotonic() - self._looked
        if state.database != "ok" or silent < HUNG_SECONDS:
            return state
        return replace(state, database="down", since=datetime.now(UTC) - timedelta(seconds=silent))

    def _mark_up(self) -> None:
        since = self.state.since if self.state.database == "ok" else datetime.now(UTC)
        self.state = replace(self.state, loaded=True, database="ok", since=since)

    def _mark_down(self) -> None:
        if self.state.database == "ok":
            log.warning("database_down", documents=len(self.catalogue.documents))
            self.state = replace(self.state, database="down", since=datetime.now(UTC))
