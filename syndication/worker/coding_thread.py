"""The thread of a worker that makes br and zstd of what the worker has published.

It waits until a section has stood still for a while, and while the main thread works on another one: the next version
comes first. A section that changes every second is served in gzip.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syndication.logs import get_logger
from syndication.pipeline.codings import make_codings
from syndication.store.db.database import Database, DatabaseDown, SerializationConflict
from syndication.store.publishing import codings

log = get_logger(__name__)

STILL_SECONDS = 2.0
"""How long a section must have stood still. Most stories come alone; in a burst, a version lives for a second, and
compressing it would cost more than is saved on its few polls."""

LOOK_SECONDS = 60.0
"""How often it is looked for versions that lack their codings, because a worker was killed. Those found twice are made:
what another worker has just published is its own."""

BUSY_SECONDS = 5.0
"""The longest wait for the main thread before each step: a worker that is always busy makes them too."""

SHORTEST_WAIT = 0.1
"""Seconds between two steps, also after a failure."""


class CodingThread:
    """Makes the codings of the versions that it is told of with ``published``."""

    def __init__(
        self,
        database: Database,
        *,
        still: float = STILL_SECONDS,
        look: float = LOOK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._still, self._look, self._clock = still, look, clock
        self._due: dict[str, tuple[int, float]] = {}
        self._seen: dict[str, int] = {}
        self._looked: float | None = None
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="codings", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the current step; another worker, or this one when it is started, makes the rest."""
        self._stopping.set()
        self._idle.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2)

    def published(self, section: str, version: int) -> None:
        """Has the codings of this version made once the section has stood still."""
        with self._lock:
            self._due[section] = version, self._clock() + self._still

    @contextmanager
    def first(self) -> Iterator[None]:
        """Lets the thread wait while the caller publishes."""
        self._idle.clear()
        try:
            yield
        finally:
            self._idle.set()

    def work(self) -> None:
        """Makes what is due."""
        if self._looked is None or self._clock() - self._looked >= self._look:
            self._look_for_missing()
        while not self._stopping.is_set() and (due := self._take()) is not None:
            section, version = due
            try:
                make_codings(self._database, section, version, self._pause)
            except (DatabaseDown, SerializationConflict):
                with self._lock:
                    self._due.setdefault(section, (version, self._clock()))
                raise

    def _take(self) -> tuple[str, int] | None:
        with self._lock:
            section = min(self._due, key=lambda one: self._due[one][1], default=None)
            if section is None or self._due[section][1] > self._clock():
                return None
            return section, self._due.pop(section)[0]

    def _look_for_missing(self) -> None:
        with self._database.read() as conn:
            found = codings.list_uncoded(conn)
        self._looked = self._clock()
        with self._lock:
            for section in found.keys() - self._due.keys():
                if self._seen.get(section) == found[section]:
                    self._due[section] = found[section], self._looked
        self._seen = found

    def _pause(self) -> None:
        self._idle.wait(BUSY_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.work()
            except (DatabaseDown, SerializationConflict) as error:
                log.warning("codings_not_written", error=type(error).__name__)
            except Exception:  # If the thread ended silently, all would be served in gzip for ever.
                log.exception("codings_failed")
            self._stopping.wait(self._seconds())

    def _seconds(self) -> float:
        """Returns how long nothing is due. Nobody wakes this thread: what is published now is due later than that."""
        with self._lock:
            soonest = min((at for _, at in self._due.values()), default=self._clock() + self._still)
        return min(max(soonest - self._clock(), SHORTEST_WAIT), self._still)
