"""What follows publishing, once it has been quiet: sitemaps and the search index. Feeds go on between any two steps."""

import time
from collections.abc import Callable, Hashable
from contextlib import closing
from threading import Event

from syndication.logs import get_logger
from syndication.pipeline.sitemaps import SitemapMaker
from syndication.store.articles import search_index
from syndication.store.db.database import Database, DatabaseDown, SerializationConflict
from syndication.store.publishing.waiting_work import WaitingWork
from syndication.worker.quiet import QuietWait

log = get_logger(__name__)

SITEMAPS_WAIT = (1.0, 5.0)
"""Seconds without another change until sitemaps are written, and the longest they wait for that while a newsroom
publishes all the time. Crawlers read them every few minutes at best; each writing costs more than a feed."""

INDEX_WAIT = (0.3, 2.0)
"""The same of the search index. Until an article is indexed, each search reads it itself, so few should wait."""

SITEMAPS_REST = 1.0
"""How long it is believed that no part of the sitemaps can be written yet: a month rests for ten seconds."""

INDEXING_RETRY = 10.0
"""The pause in seconds after indexing failed."""


class CatchUp:
    """Does this work in the worker's main thread, until ``stopping``.

    ``look`` looks for all that there is to do, ``publish`` publishes what waits, ``written`` is told of new sitemaps.
    """

    def __init__(
        self,
        database: Database,
        sitemaps: SitemapMaker,
        stopping: Event,
        *,
        look: Callable[[], WaitingWork],
        publish: Callable[[], None],
        written: Callable[[], None],
    ) -> None:
        self._database, self._sitemaps, self._stopping = database, sitemaps, stopping
        self._look, self._publish, self._written = look, publish, written
        self.due_in: float | None = None
        """In how many seconds there is something to do, when ``work`` has ended; None: only after another change."""
        self.sitemaps_quiet = QuietWait(*SITEMAPS_WAIT)
        self.index_quiet = QuietWait(*INDEX_WAIT)
        self._rest: tuple[Hashable, float, float | None] = None, 0.0, None
        """What waits of the sitemaps, and until when it is known that this can begin at that moment; None: never."""

    def work(self, found: WaitingWork) -> None:
        """Does what is to be done now, of what was ``found`` at the last look."""
        for_sitemaps, for_index = self.waits(found)
        if for_sitemaps == 0:
            self.write_sitemaps()
        if for_index == 0:
            self.index_articles()
        if 0 in (for_sitemaps, for_index):
            for_sitemaps, for_index = self.waits(self._look())
        self.due_in = min((one for one in (for_sitemaps, for_index) if one is not None), default=None)

    def waits(self, found: WaitingWork) -> tuple[float | None, float | None]:
        """Returns the seconds until sitemaps are to be written and articles indexed; None: nothing waits for that."""
        clock = time.monotonic()
        return self._sitemaps_wait(found, clock), self.index_quiet.wait(found.to_index, clock)

    def write_sitemaps(self) -> None:
        """Writes what waits of the sitemaps."""
        worked = False
        with closing(self._sitemaps.steps()) as steps:
            for _ in steps:
                if self._stopping.is_set():
                    break
                self._publish()
                worked = True
        if worked:
            self._written()
        self._rest = None, 0.0, None
        self.sitemaps_quiet.done(time.monotonic())

    def index_articles(self) -> None:
        """Indexes what has changed for searches."""
        rest = 0.0
        more = True
        while more and not self._stopping.is_set():
            try:
                # Fewer were all: what has come since is indexed together, after a pause.
                more = search_index.index_next(self._database) >= search_index.INDEXED_AT_ONCE
            except (DatabaseDown, SerializationConflict):
                raise
            except Exception:  # A search index must not stop the worker, which publishes.
                log.exception("indexing_failed")
                rest = INDEXING_RETRY
                break
            self._publish()
        self.index_quiet.done(time.monotonic(), rest=rest)

    def _sitemaps_wait(self, found: WaitingWork, clock: float) -> float | None:
        quiet = self.sitemaps_quiet.wait(found.sitemaps, clock)
        if quiet:
            return quiet
        if quiet is None:
            due, now = found.sitemaps_due, self._database.time(found.clock)
            return None if due is None else max((due - now).total_seconds(), 0.001)
        mark, believed, begins = self._rest
        if mark != found.sitemaps or clock >= believed:
            with self._database.read() as conn:
                parts, now = self._sitemaps.waiting(conn)
            begins = None if parts.ready_at is None else clock + max((parts.ready_at - now).total_seconds(), 0.0)
            believed = clock + SITEMAPS_REST if begins is None else min(begins, clock + SITEMAPS_REST)
            self._rest = found.sitemaps, believed, begins
        return None if begins is None else max(begins - clock, 0.0)
