"""Asks for a feed by address when its first request comes, and waits for it; never on the way of a ready document.

All that a stranger can spend is bounded before the database is asked: questions and new feeds in a minute, requests
that wait, and how often a name that nobody knows is looked up. One client has a share of each.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal

from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.model.asked_addresses import AskedAddress, is_asked
from syndication.model.client_network import network
from syndication.serve.catalogue import CountedResponse, parse
from syndication.serve.respond import refuse_asked
from syndication.store.articles.term_registry import find_public_term
from syndication.store.db.database import WORK, DatabaseDown
from syndication.store.publishing import asked_feeds
from syndication.store.publishing.asked_feeds import AskResult
from syndication.web.document_loader import DocumentLoader
from syndication.web.feed_shares import MinuteBudget, Places

log = get_logger(__name__)

Asked = Literal[AskResult, "unknown", "down"]

THREADS = 2
LOOK_SECONDS = 0.01
"""How often a waiting request looks for its document in memory."""

UNKNOWN_SECONDS = 60.0
"""How long an unknown name is remembered: as long as caches keep its 404."""

MAX_UNKNOWN = 10_000
QUESTIONS_A_FEED = 4
"""Questions to the database in a minute, as a multiple of the new feeds in a minute: most names may be unknown."""

CLIENTS_AT_LEAST = 4
"""One client has at most this part of the waiting requests."""

PAUSES = {"busy": 5.0, "full": 10.0, "down": 1.0}
"""Seconds for which an answer of the database is repeated to all from memory."""

WAKE_SECONDS = 60.0
"""How long after a first attempt a sleeping feed is not woken again: the poll counts do it too."""

NOT_YET = "This feed is being created. Try again in a second."
NO_ROOM = "No more new feeds are created at the moment. Try again later."


class FeedAsker:
    """Asks the database in threads of its own. All other methods are called by the web server's threads."""

    def __init__(
        self,
        settings: Settings,
        loader: DocumentLoader,
        *,
        processes: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``processes`` web processes share the new feeds of a client."""
        own = self._settings = settings.on_demand
        each = max(1, -(-own.new_per_client // processes))
        self._loader = loader
        self._clock = clock
        self._questions = MinuteBudget(QUESTIONS_A_FEED * own.new_per_minute, QUESTIONS_A_FEED * each)
        self._new = MinuteBudget(QUESTIONS_A_FEED * own.new_per_minute, each)
        self._places = Places(own.max_waiting, max(1, own.max_waiting // CLIENTS_AT_LEAST))
        self._closed_until = 0.0
        self._unknown: dict[str, float] = {}
        self._asking: dict[str, Future[Asked]] = {}
        self._woken: dict[str, float] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, "feed-asker")

    def look(self, path: str, method: str) -> AskedAddress | CountedResponse | None:
        """Returns what a path asks for that is not in memory, or its refusal; None: it is answered as any other.

        Memory alone decides.
        """
        asked = self._named(path) if method in ("GET", "HEAD") else None
        now = self._clock()
        if asked is None or self._unknown.get(asked.slug, 0.0) > now:
            return None
        if self._places.are_used_up or self._loader.state.database == "down":
            return refuse_asked(path, method, NOT_YET, 1)
        under_way = asked.slug in self._loader.catalogue.sections or asked.slug in self._asking
        if not under_way and (self._closed_until > now or self._questions.is_used_up(now)):
            return refuse_asked(path, method, NO_ROOM, 10)
        return asked

    def _named(self, path: str) -> AskedAddress | None:
        """Returns what a path asks for; None if it has a document, is not canonical, or asks for nothing."""
        slug, _ = parse(path) or ("", "")
        catalogue = self._loader.catalogue
        if not is_asked(slug) or path in catalogue.documents or catalogue.is_published(path):
            return None
        asked = catalogue.asked.resolve(slug)
        return asked if isinstance(asked, AskedAddress) and asked.slug == slug else None

    async def wait(self, asked: AskedAddress, path: str, method: str, client: str) -> CountedResponse | None:
        """Asks for a feed and waits for its document; returns a refusal, or None: the catalogue has the answer.

        ``client`` is the address that has the share.
        """
        client = network(client)
        deadline = self._clock() + self._settings.wait_seconds
        if not self._places.take(client):
            return refuse_asked(path, method, NOT_YET, 1)
        try:
            if asked.slug not in self._loader.catalogue.sections:
                question = self._ask(asked, client)
                if question is None:
                    return refuse_asked(path, method, NO_ROOM, 10)
                answer = await asyncio.wait_for(
                    asyncio.shield(asyncio.wrap_future(question)), max(0.001, deadline - self._clock())
                )
                if answer not in ("asked", "known"):
                    return self._refusal(answer, asked.slug, path, method)
            while not self._is_ready(path):
                if self._clock() >= deadline:
                    return refuse_asked(path, method, NOT_YET, 1)
                await asyncio.sleep(LOOK_SECONDS)
            return None
        except TimeoutError:
            return refuse_asked(path, method, NOT_YET, 1)
        finally:
            self._places.give_back(client)

    def wait_in_thread(self, asked: AskedAddress, path: str, method: str, client: str) -> CountedResponse | None:
        """Does the same for a server with a thread for each request."""
        return asyncio.run(self.wait(asked, path, method, client))

    def wake(self, path: str) -> None:
        """Wakes the feed at this path if it sleeps; returns at once."""
        slug = self._loader.asleep.get(path)
        if slug is None or self._woken.get(slug, 0.0) > self._clock():
            return
        with self._lock:
            self._woken = {one: until for one, until in self._woken.items() if until > self._clock()}
            self._woken[slug] = self._clock() + WAKE_SECONDS
        self._threads.submit(self._wake_in_database, slug)

    def _is_ready(self, path: str) -> bool:
        catalogue = self._loader.catalogue
        return path in catalogue.documents or catalogue.is_published(path)

    def _ask(self, asked: AskedAddress, client: str) -> Future[Asked] | None:
        """Returns the one question that is under way for this feed; None if the client's share is used up."""
        with self._lock:
            known = self._asking.get(asked.slug)
            if known is not None:
                return known
            now = self._clock()
            if not self._questions.take(client, now):
                return None
            if not self._new.take(client, now):
                return None
            future = self._asking[asked.slug] = self._threads.submit(self._ask_database, asked)
        future.add_done_callback(lambda done: self._note(asked.slug, client, done))
        return future

    def _note(self, slug: str, client: str, done: Future[Asked]) -> None:
        if done.cancelled() or done.exception() is not None or done.result() != "asked":
            self._new.give_back(client)
        self._asking.pop(slug, None)

    def _ask_database(self, asked: AskedAddress) -> Asked:
        own, database = self._settings, self._loader.database
        try:
            key = name = ""
            if asked.kind != "combination":
                with database.read() as conn:
                    term = find_public_term(conn, asked.kind, asked.term, database.now(conn))
                if term is None:
                    return "unknown"
                key, name = term.term.key, term.name
            with database.write() as conn:
                now = database.now(conn)
                result = asked_feeds.ask(
                    conn, asked.slug, asked.kind, key, name, now, own.max_feeds, own.new_per_minute
                )
                database.notify(conn, WORK)
            return result
        except DatabaseDown:
            return "down"
        except Exception:  # The request gets a 503, and the thread goes on.
            log.exception("feed_asker_failed")
            return "down"

    def _wake_in_database(self, slug: str) -> None:
        database = self._loader.database
        try:
            with database.write() as conn:
                if asked_feeds.record_polls(conn, {slug: database.now(conn)}):
                    database.notify(conn, WORK)
        except DatabaseDown as error:
            log.warning("feed_not_woken", error=type(error).__name__)
        except Exception:
            log.exception("feed_asker_failed")

    def _refusal(self, answer: Asked, slug: str, path: str, method: str) -> CountedResponse | None:
        now = self._clock()
        if answer == "unknown":
            if len(self._unknown) >= MAX_UNKNOWN:
                self._unknown.clear()
            self._unknown[slug] = now + UNKNOWN_SECONDS
            return None
        self._closed_until = now + PAUSES[answer]
        return refuse_asked(path, method, NO_ROOM, 10 if answer != "down" else 1)
