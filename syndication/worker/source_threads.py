"""The worker's threads that read sources: one for each, so that a slow or dead source delays no feed and no other.

Any number of workers share the sources by leases in ``source_state``. The one that has a source keeps it; another takes
over when the lease has expired, half a minute after its worker died, or at once after it stopped.
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from syndication.config.loading import Settings
from syndication.config.source_schema import SourceTable
from syndication.logs import get_logger
from syndication.metrics import worker as metrics
from syndication.model.article_json import slugs_by_title
from syndication.sources import decide
from syndication.sources.kinds import open_reader
from syndication.sources.look import Looker
from syndication.sources.reader import Reader, SourceError
from syndication.sources.take_over import LEASE, Counts
from syndication.store.db.database import SOURCES, Database, DatabaseDown
from syndication.store.db.listen import Waker
from syndication.store.sources import source_states
from syndication.store.sources.source_states import LeaseLost, SourceState

log = get_logger(__name__)

IDLE_SECONDS = 1.0
"""How often a thread looks whether a source of another worker, or one that is paused, is its own to read."""

LONGEST_PAUSE = 300.0
"""Seconds between two attempts at a source that fails."""

STOP_SECONDS = 2.0
"""How long all looks together may delay the stop of a worker. Its supervisor kills it after four seconds, and the
leases of a killed one stay for half a minute."""


class SourceThread:
    """Reads one source as long as this worker has its lease. All its state is in the database."""

    def __init__(
        self,
        settings: Settings,
        table: SourceTable,
        database: Database,
        owner: str,
        *,
        reader: Reader | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.table = table
        self.database = database
        self.owner = owner
        self.reader = reader if reader is not None else open_reader(table, settings)
        self._steady = steady
        self._due = steady()
        self._is_mine = False
        with database.write() as conn:
            started_at = database.now(conn)
            source_states.register(conn, table.name, table.label)
        self.looker = Looker(
            database,
            table,
            self.reader,
            owner,
            decide.settings_digest(table, slugs_by_title(settings.sections)),
            others=frozenset(other.name for other in settings.sources) - {table.name},
            started_at=started_at,
            nightly=settings.worker.reconcile_at,
            steady=steady,
        )
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"source-{table.name}", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def notify(self) -> None:
        """Makes the thread check whether somebody asked for a look."""
        self._woken.set()

    def stop(self) -> None:
        """Asks the thread to stop after the current look; one that hangs ends with the process."""
        self._stopped.set()
        self._woken.set()

    def join(self, timeout: float) -> None:
        """Waits for the thread, and closes the reader's connections if it has ended."""
        self._thread.join(timeout=timeout)
        if not self._thread.is_alive():
            self.reader.close()

    def step(self) -> float:
        """Looks, if it is time to and this worker has the lease; returns the seconds until the next step."""
        with self.database.read() as conn:
            now, state = self.database.now(conn), source_states.get(conn, self.table.name)
        if state is None:  # Its row was deleted.
            with self.database.write() as conn:
                source_states.register(conn, self.table.name, self.table.label)
            return 0.0
        _measure(state)
        if state.paused_at is not None:
            return IDLE_SECONDS
        if state.requested_at is None:
            if state.retry_at is not None and now < state.retry_at < now + timedelta(seconds=2 * LONGEST_PAUSE):
                return min(IDLE_SECONDS, (state.retry_at - now).total_seconds())
            if (early := self._due - self._steady()) > 0:
                return early
        leased = self._claim(state, now)
        return IDLE_SECONDS if leased is None else self._look(leased)

    def _claim(self, state: SourceState, now: datetime) -> SourceState | None:
        """Returns the state if the source is this worker's; renews a lease that ends soon, by a write."""
        mine = state.lease_owner == self.owner and state.lease_until is not None
        if mine and self._is_mine and now + LEASE / 2 < (state.lease_until or now) <= now + 2 * LEASE:
            return state
        with self.database.write() as conn:
            leased = source_states.claim(conn, self.table.name, self.owner, self.database.now(conn), LEASE)
        if leased is None or not (mine and self._is_mine):
            self.looker.forget()
        self._is_mine = leased is not None
        return leased

    def _look(self, state: SourceState) -> float:
        began = self._steady()
        self._due = began + self.table.every
        try:
            result = self.looker.look(state)
        except LeaseLost:
            self._is_mine = False
            self.looker.forget()
            return IDLE_SECONDS
        except DatabaseDown:
            self.looker.forget()
            raise
        except SourceError as error:
            self._failed(state, str(error), self._steady() - began, error.bookmark)
            return 0.0
        except Exception as error:  # A reader's fault must not end the thread.
            log.exception("source_reader_failed", source=self.table.name)
            # Without its message, which may quote a row.
            words = f"an unexpected error in the reader ({type(error).__name__})"
            self._failed(state, words, self._steady() - began)
            return 0.0
        metrics.record_source_look(self.table.name, result.outcome, result.seconds, _acts(result.counts))
        if result.counts.changed:
            log.info("source_changed", source=self.table.name, ms=round(result.seconds * 1000), **_acts(result.counts))
        if result.outcome == "unfinished":
            self._due = self._steady()
        return max(self._due - self._steady(), 0.0)

    def _failed(self, state: SourceState, words: str, seconds: float, bookmark: str | None = None) -> None:
        self.looker.forget()
        self.reader.close()
        chance = random.random()  # noqa: S311  # spreads load
        pause = decide.pause_after_failure(state.failures + 1, self.table.every, LONGEST_PAUSE, chance)
        with self.database.write() as conn:
            now = self.database.now(conn)
            source_states.hold_lease(conn, self.table.name, self.owner, now, LEASE)
            source_states.record_failure(conn, state, words, now, now + timedelta(seconds=pause), bookmark)
        metrics.record_source_look(self.table.name, "failed", seconds, {})
        if state.error != words:
            log.warning("source_failed", source=self.table.name, error=words)

    def _run(self) -> None:
        down = False
        while not self._stopped.is_set():
            pause = IDLE_SECONDS
            try:
                pause = self.step()
                down = False
            except DatabaseDown as error:
                if not down:
                    log.warning("sources_not_read", source=self.table.name, error=type(error).__name__)
                down = True
            except LeaseLost:
                self._is_mine = False
            except Exception:
                log.exception("source_thread_failed", source=self.table.name)
            if self._woken.wait(pause) and not self._stopped.is_set():
                self._woken.clear()


class SourceThreads:
    """The threads of all configured sources, and one that wakes them when somebody asks for a look."""

    def __init__(self, settings: Settings, database: Database, owner: str) -> None:
        self.database = database
        self.owner = owner
        self.threads = [SourceThread(settings, table, database, owner) for table in settings.sources]
        self._interval = settings.worker.wake_interval
        self._stopped = threading.Event()
        self._waking = threading.Thread(target=self._wake, name="wake-sources", daemon=True)

    def start(self) -> None:
        """Starts all threads."""
        for thread in self.threads:
            thread.start()
        self._waking.start()

    def stop(self) -> None:
        """Stops all threads and gives up their leases, so that another worker goes on at once."""
        self._stopped.set()
        for thread in self.threads:
            thread.stop()
        ends = time.monotonic() + STOP_SECONDS
        for thread in self.threads:
            thread.join(timeout=max(ends - time.monotonic(), 0.0))
        self._waking.join(timeout=0 if self.database.is_given_up else max(ends - time.monotonic(), 0.0))
        try:
            with self.database.write() as conn:
                source_states.release_lease(conn, self.owner)
        except DatabaseDown as error:
            log.warning("shutdown_step_failed", error=type(error).__name__)

    def _wake(self) -> None:
        waker = Waker(self.database, SOURCES, interval=self._interval)
        try:
            while not self._stopped.is_set():
                if waker.wait(1.0):
                    for thread in self.threads:
                        thread.notify()
        finally:
            waker.close()


def _acts(counts: Counts) -> dict[str, int]:
    return {
        "stored": counts.stored, "withdrawn": counts.withdrawn, "restored": counts.restored, "refused": counts.refused,
    }  # fmt: skip


def _measure(state: SourceState) -> None:
    metrics.set_source(
        state.source,
        looked_at=state.looked_at.timestamp() if state.looked_at else None,
        lag=state.lag_ms / 1000 if state.lag_ms is not None else None,
        articles=state.articles,
        refused=state.refused,
        held=state.held_since is not None,
    )
