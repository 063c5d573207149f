"""Polls over ASGI: the response of the catalogue, with its headers encoded once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from syndication.model.asked_addresses import AskedAddress
from syndication.model.feed_addresses import wsgi_path
from syndication.model.old_feeds import OldFeed
from syndication.serve.catalogue import CountedResponse, feed_of
from syndication.serve.cdn_headers import Headers
from syndication.serve.people import FETCH_DEST, page_request
from syndication.serve.prepared import PreparedDocument
from syndication.serve.respond import NOT_IN_MEMORY, NOT_MODIFIED, OK, respond, unavailable
from syndication.web.document_loader import DocumentLoader
from syndication.web.document_reader import READ_SECONDS
from syndication.web.feed_asker import FeedAsker
from syndication.web.pages.feed_page import PAGE_FORMAT, WAITING
from syndication.web.request_head import believed_address, decode_path, read_headers

ANSWERED_BY = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"sec-fetch-dest": FETCH_DEST,
}
"""The headers that a response depends on, with their WSGI names."""

CLOSE = (b"connection", b"close")

MAX_STARTS = 16_384
"""How many encoded lists of headers are kept."""

Start = dict[str, Any]
Send = Callable[[dict[str, Any]], Any]


class PollResponder:
    """Answers requests below /feeds/ and of old addresses. Only the web server's thread calls it."""

    def __init__(self, loader: DocumentLoader, asker: FeedAsker | None = None, *, trusted_proxies: int = 0) -> None:
        self._asker = asker
        self._trusted_proxies = trusted_proxies
        self._watcher = loader
        self._starts: dict[int, tuple[Headers, Start]] = {}
        self.draining = False

    def try_first(self, scope: dict[str, Any], send: Send) -> bool:
        """Answers the request if it is a poll, and returns whether it was. ``send`` takes effect when it is called."""
        feed = self.feed_of(scope, decode_path(scope["raw_path"]))
        if feed is None:
            return False
        polled = self._decide(scope, feed)
        if polled is None or polled is NOT_IN_MEMORY:
            return False
        if self._asker is not None and feed in self._watcher.asleep and isinstance(feed, str):
            self._asker.wake(feed)
        asked = self._asked(scope, feed)
        if isinstance(asked, AskedAddress):
            return False  # Its answer has to be waited for.
        start, body = self._count(polled if asked is None else asked)
        send(start)
        send({"type": "http.response.body", "body": body})
        return True

    def feed_of(self, scope: dict[str, Any], path: str) -> str | OldFeed | None:
        """Returns the feed that a request is for, or None if it is no poll."""
        return feed_of(self._watcher.catalogue, path, scope["query_string"].decode("latin-1"))

    async def answer(self, scope: dict[str, Any], feed: str | OldFeed) -> tuple[Start, bytes] | None:
        """Returns the start message and the body of the response; None if the request wants a page for people.

        It waits for a document that is not in memory, and for a feed that is asked for.
        """
        decided = self._decide(scope, feed)
        if decided is None:
            return None
        if self._asker is not None and feed in self._watcher.asleep and isinstance(feed, str):
            self._asker.wake(feed)
        if decided is not NOT_IN_MEMORY:
            asked = self._asked(scope, feed)
            if isinstance(asked, AskedAddress) and self._asker is not None and isinstance(feed, str):
                asked = await self._asker.wait(asked, feed, scope["method"], self._client(scope))
                decided = self._decide(scope, feed) or decided
            decided = asked if isinstance(asked, tuple) else decided
        return self._count(await self._when_read(scope, feed) if decided is NOT_IN_MEMORY else decided)

    async def prepare_page(self, scope: dict[str, Any], feed: str | OldFeed) -> dict[str, str]:
        """Asks for the feed of a page that is requested, and reads its document; returns what the page is told."""
        page = page_request(self._watcher.catalogue, scope["method"], feed, self._headers(scope))
        if page is None or self._asker is None:
            return {}
        path = wsgi_path(page.slug, PAGE_FORMAT)
        self._asker.wake(path)
        asked = self._asker.look(path, scope["method"])
        if isinstance(asked, AskedAddress):
            asked = await self._asker.wait(asked, path, scope["method"], self._client(scope))
        if path not in self._watcher.catalogue.documents and self._watcher.catalogue.is_published(path):
            await self._read(path)
        return {} if asked is None else {WAITING: "waiting"}

    async def _when_read(self, scope: dict[str, Any], feed: str | OldFeed) -> CountedResponse:
        """Returns the response with a document that is not in memory, or 503."""
        path = feed if isinstance(feed, str) else feed.path
        decided = self._decide(scope, feed, await self._read(path))
        if decided is not None and decided is not NOT_IN_MEMORY:
            return decided
        return unavailable(path, scope["method"])

    async def _read(self, path: str) -> PreparedDocument | None:
        """Waits until a document is in memory, or cannot be; returns it even if it makes room at once."""
        reading = None if self._watcher.state.database == "down" else self._watcher.reader.request(path)
        if reading is not None:
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(reading)), READ_SECONDS)
        return None

    def _asked(self, scope: dict[str, Any], feed: str | OldFeed) -> AskedAddress | CountedResponse | None:
        """Returns what is to be asked for before the answer, or a refusal; None for all that memory answers."""
        if self._asker is None or not isinstance(feed, str) or feed in self._watcher.catalogue.documents:
            return None
        return self._asker.look(feed, scope["method"])

    def _client(self, scope: dict[str, Any]) -> str:
        forwarded = read_headers(scope["headers"]).get(b"x-forwarded-for")
        return believed_address(scope["client"][0], forwarded, self._trusted_proxies)

    def _headers(self, scope: dict[str, Any]) -> dict[str, str]:
        asked = {"QUERY_STRING": scope["query_string"].decode("latin-1")}
        for name, value in scope["headers"]:
            if name in ANSWERED_BY:
                key, text = ANSWERED_BY[name], value.decode("latin-1")
                asked[key] = f"{asked[key]},{text}" if key in asked else text
        return asked

    def _decide(
        self, scope: dict[str, Any], feed: str | OldFeed, read: PreparedDocument | None = None
    ) -> CountedResponse | None:
        asked, catalogue = self._headers(scope), self._watcher.catalogue
        if page_request(catalogue, scope["method"], feed, asked) is not None:
            return None
        return respond(catalogue, scope["method"], feed, asked, read)

    def _count(self, decided: CountedResponse) -> tuple[Start, bytes]:
        status, headers, body, counted = decided
        self._watcher.counter.count(counted, len(body))
        return self._start(status, headers), body

    def _start(self, status: str, headers: Headers) -> Start:
        if self.draining:
            start = start_of(int(status[:3]), headers)
            start["headers"].append(CLOSE)
            return start
        if status not in (OK, NOT_MODIFIED):
            return start_of(int(status[:3]), headers)
        # A document's headers are one list for its lifetime. Each is kept here, so that no other has its id.
        known = self._starts.get(id(headers))
        if known is None:
            if len(self._starts) >= MAX_STARTS:
                self._starts.clear()
            known = self._starts[id(headers)] = headers, start_of(int(status[:3]), headers)
        return known[1]


def start_of(status: int, headers: Headers) -> Start:
    """Returns the ASGI start message of a response."""
    encoded = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers]
    return {"type": "http.response.start", "status": status, "headers": encoded}
