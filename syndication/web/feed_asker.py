"""Asks for a feed by address when its first request comes, and waits for it; never on the way of a ready document.

All that a stranger can spend is bounded before the database is asked: questions a minute, requests that wait, and how
often a name that nobody knows is looked up.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.model.asked_addresses import AskedAddress, AskedKind, is_asked
from syndication.serve.catalogue import CountedResponse, parse
from syndication.serve.respond import refuse_asked
from syndication.store import Connection
from syndication.store.db.database import WORK, DatabaseDown
from syndication.store.publishing import asked_feeds
from syndication.store.publishing.asked_feeds import AskResult
from syndication.web.document_loader import DocumentLoader

log = get_logger(__name__)

FindTerm = Callable[[Connection, AskedKind, str], tuple[str, str] | None]
"""Returns the key and the name of a tag or author by its slug; None if no public article has it."""

Asked = Literal[AskResult, "unknown", "down"]


def no_terms(conn: Connection, kind: AskedKind, slug: str) -> None:
    """Knows no tag and no author."""


THREADS = 2
LOOK_SECONDS = 0.01
"""How often a waiting request looks for its document in memory."""

UNKNOWN_SECONDS = 60.0
"""How long an unknown name is remembered: as long as caches keep its 404."""

MAX_UNKNOWN = 10_000
QUESTIONS_A_FEED = 4
"""Questions to the database in a minute, as a multiple of the new feeds in a minute: most names may be unknown."""

PAUSES = {"busy": 5.0, "full": 10.0, "down": 1.0}
"""Seconds for which an answer of the database is repeated to all from memory."""

NOT_YET = "This feed is being made: ask again in a second."
NO_ROOM = "No more new feeds are made at the moment: ask again later."


@dataclass(slots=True)
class Budget:
    """So many questions in a minute."""

    per_minute: int
    taken: deque[float]

    def has_one(self, now: float) -> bool:
        """Returns whether one is left."""
        while self.taken and self.taken[0] <= now - 60.0:
            self.taken.popleft()
        return len(self.taken) < self.per_minute

    def take(self, now: float) -> None:
        """Takes one."""
        self.taken.append(now)


class FeedAsker:
    """Asks the database in threads of its own. All other methods are called by the web server's threads."""

    def __init__(
        self,
        settings: Settings,
        loader: DocumentLoader,
        find_term: FindTerm,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings.on_demand
        self._loader = loader
        self._find_term = find_term
        self._clock = clock
        self._budget = Budget(QUESTIONS_A_FEED * settings.on_demand.new_per_minute, deque())
        self._closed_until = 0.0
        self._unknown: dict[str, float] = {}
        self._asking: dict[str, Future[Asked]] = {}
        self._waiting: set[object] = set()
        self._threads = ThreadPoolExecutor(THREADS, "feed-asker")

    def look(self, path: str, method: str) -> AskedAddress | CountedResponse | None:
        """Returns what a path asks for that is not in memory, or its refusal; None: it is answered as any other.

        Memory alone decides.
        """
        asked = self._named(path) if method in ("GET", "HEAD") else None
        now = self._clock()
        if asked is None or self._unknown.get(asked.slug, 0.0) > now:
            return None
        if len(self._waiting) >= self._settings.max_waiting:
            return refuse_asked(path, method, NOT_YET, 1)
        under_way = asked.slug in self._loader.catalogue.sections or asked.slug in self._asking
        if not under_way and (self._closed_until > now or not self._budget.has_one(now)):
            return refuse_asked(path, method, NO_ROOM, 10)
        return asked

    def _named(self, path: str) -> AskedAddress | None:
        """Returns what a path asks for; None if it has a document, is not canonical, or asks for nothing."""
        slug, _ = parse(path) or ("", "")
        if not is_asked(slug) or path in self._loader.catalogue.documents:
            return None
        asked = self._loader.catalogue.asked.resolve(slug)
        return asked if isinstance(asked, AskedAddress) and asked.slug == slug else None

    async def wait(self, asked: AskedAddress, path: str, method: str) -> CountedResponse | None:
        """Asks for a feed and waits for its document; returns a refusal, or None: the catalogue has the answer."""
        deadline = self._clock() + self._settings.wait_seconds
        place = object()
        self._waiting.add(place)
        try:
            if asked.slug not in self._loader.catalogue.sections:
                answer = await asyncio.wait_for(
                    asyncio.shield(asyncio.wrap_future(self._ask(asked))), max(0.001, deadline - self._clock())
                )
                if answer not in ("asked", "known"):
                    return self._refusal(answer, path, method)
            while not self._is_ready(path):
                if self._clock() >= deadline:
                    return refuse_asked(path, method, NOT_YET, 1)
                await asyncio.sleep(LOOK_SECONDS)
            return None
        except TimeoutError:
            return refuse_asked(path, method, NOT_YET, 1)
        finally:
            self._waiting.discard(place)

    def _is_ready(self, path: str) -> bool:
        catalogue = self._loader.catalogue
        return path in catalogue.documents or catalogue.is_published(path)

    def wait_in_thread(self, asked: AskedAddress, path: str, method: str) -> CountedResponse | None:
        """Does the same for a server with a thread for each request."""
        return asyncio.run(self.wait(asked, path, method))

    def _ask(self, asked: AskedAddress) -> Future[Asked]:
        """Returns the one question that is under way for this feed."""
        known = self._asking.get(asked.slug)
        if known is not None:
            return known
        self._budget.take(self._clock())
        future = self._asking[asked.slug] = self._threads.submit(self._ask_database, asked)
        future.add_done_callback(lambda _: self._asking.pop(asked.slug, None))
        return future

    def _ask_database(self, asked: AskedAddress) -> Asked:
        own, database = self._settings, self._loader.database
        try:
            key = name = ""
            if asked.kind != "combination":
                with database.read() as conn:
                    term = self._find_term(conn, asked.kind, asked.term)
                if term is None:
                    return "unknown"
                key, name = term
            with database.write() as conn:
                result = asked_feeds.ask(
                    conn, asked.slug, asked.kind, key, name, database.now(conn), own.max_feeds, own.new_per_minute
                )
                database.notify(conn, WORK)
            return result
        except DatabaseDown:
            return "down"
        except Exception:  # The request gets a 503, and the thread goes on.
            log.exception("feed_asker_failed")
            return "down"

    def _refusal(self, answer: Asked, path: str, method: str) -> CountedResponse | None:
        now = self._clock()
        if answer == "unknown":
            if len(self._unknown) >= MAX_UNKNOWN:
                self._unknown.clear()
            slug, _ = parse(path) or ("", "")
            self._unknown[slug] = now + UNKNOWN_SECONDS
            return None
        self._closed_until = now + PAUSES[answer]
        return refuse_asked(path, method, NO_ROOM, 10 if answer != "down" else 1)
