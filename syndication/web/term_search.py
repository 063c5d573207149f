"""Answers the front page's search for tags and authors, in its page thread: the only page that asks the database.

Strangers choose the words. So there is a limit of questions at a time, in a minute, and for each client, an answer is
kept for a minute, and a slow database is left alone for a while. Then the page has the sections alone.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.model.client_network import network
from syndication.model.selection import TermKind
from syndication.model.term_words import searched_slug
from syndication.store.articles.term_search import search_terms
from syndication.store.db.database import Database, DatabaseDown
from syndication.web.feed_shares import MinuteBudget
from syndication.web.pages.terms import FoundTerm
from syndication.web.request_head import believed_client

log = get_logger(__name__)

ALLOWED: Mapping[TermKind, str] = {"tag": "tags", "author": "authors"}
"""How [on_demand] names the kinds of terms."""

TIMEOUT = 0.5
"""Seconds that a page waits for the database."""

AT_ONCE = 2
"""Questions at a time: the other threads of pages stay free."""

EVERYBODY = 600
EACH = 60
"""Questions in a minute of one web process, for everybody and for one client."""

KEPT_SECONDS = 60.0
MAX_KEPT = 512

PAUSE = 5.0
"""Seconds without a question after one that failed."""

MOST = 20
"""Tags and authors on a page."""


class TermSearch:
    """Finds tags and authors, by words. Threads may share it; ``database`` should have a timeout of its own.

    ``state`` is compared by identity: what was found is kept while it is the same, so that nothing that left the feeds
    stays in the search.
    """

    def __init__(
        self,
        database: Database,
        kinds: tuple[TermKind, ...],
        state: Callable[[], object],
        *,
        trusted_proxies: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self._kinds = kinds
        self._state = state
        self._trusted_proxies = trusted_proxies
        self._clock = clock
        self._budget = MinuteBudget(EVERYBODY, EACH)
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._closed_until = 0.0
        self._kept: dict[str, tuple[float, object, tuple[FoundTerm, ...]]] = {}

    def __call__(self, query: str, environ: Mapping[str, Any]) -> tuple[FoundTerm, ...] | None:
        """Returns what the words of a request find, the best first; None: it cannot be said now.

        The same object as long as the answer is kept.
        """
        asked, now, state = searched_slug(query), self._clock(), self._state()
        if not asked:
            return ()
        kept = self._kept.get(asked)
        if kept is not None and kept[0] > now and kept[1] is state:
            return kept[2]
        if self._closed_until > now or not self._places.acquire(blocking=False):
            return None
        try:
            return self._ask(asked, state, now) if self._budget.take(self._client(environ), now) else None
        finally:
            self._places.release()

    def _ask(self, asked: str, state: object, now: float) -> tuple[FoundTerm, ...] | None:
        try:
            with self.database.read() as conn:
                terms = search_terms(conn, self._kinds, asked, self.database.now(conn), MOST)
        except DatabaseDown as error:
            log.warning("terms_not_searched", error=type(error).__name__)
            self._closed_until = self._clock() + PAUSE
            return None
        except Exception:  # The page has the sections nevertheless.
            log.exception("term_search_failed")
            self._closed_until = self._clock() + PAUSE
            return None
        found = tuple(FoundTerm(one.term.kind, one.name, f"{one.term.kind}/{one.slug}") for one in terms)
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[asked] = now + KEPT_SECONDS, state, found
        return found

    def _client(self, environ: Mapping[str, Any]) -> str:
        return network(believed_client(environ, self._trusted_proxies))


def term_search(settings: Settings, state: Callable[[], object]) -> TermSearch | None:
    """Returns the search for what readers may ask for by address; None if that is neither tags nor authors."""
    allowed = settings.on_demand.allowed
    kinds = tuple(kind for kind, name in ALLOWED.items() if name in allowed)
    if not kinds:
        return None
    database = Database(settings.database_url, timeout=TIMEOUT)
    return TermSearch(database, kinds, state, trusted_proxies=settings.editors.trusted_proxies)
