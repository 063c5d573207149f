"""WSGI middleware that answers polls before Flask creates a request object (about nine times cheaper)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from syndication.model.asked_addresses import AskedAddress
from syndication.serve.catalogue import CountedResponse, feed_of
from syndication.serve.respond import NOT_IN_MEMORY, respond, unavailable
from syndication.web.pages.blueprint import feed_page_environ
from syndication.web.pages.feed_page import PAGE_FORMAT, WAITING
from syndication.web.request_head import believed_client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from syndication.web.document_loader import DocumentLoader
    from syndication.web.feed_asker import FeedAsker


class FeedMiddleware:
    """Answers requests below /feeds/ and of old addresses, and passes on all others, those of pages too."""

    def __init__(
        self,
        app: "WSGIApplication",
        loader: "DocumentLoader",
        asker: "FeedAsker | None" = None,
        *,
        trusted_proxies: int = 0,
    ) -> None:
        self._asker = asker
        self._trusted_proxies = trusted_proxies
        self.app = app
        self.loader = loader

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers a poll, or passes the request on."""
        catalogue = self.loader.catalogue
        feed = feed_of(catalogue, environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        if feed is None:
            return self.app(environ, start_response)
        if page := feed_page_environ(catalogue, feed, environ):
            return self.app(environ | self._prepare_page(environ, page) | page, start_response)
        method = environ["REQUEST_METHOD"]
        if self._asker is not None and isinstance(feed, str):
            self._asker.wake(feed)
        refused = self._asked(feed, environ) if isinstance(feed, str) and feed not in catalogue.documents else None
        decided = refused or respond(self.loader.catalogue, method, feed, environ)
        if decided is NOT_IN_MEMORY:
            path = feed if isinstance(feed, str) else feed.path
            if self.loader.state.database != "down":
                read = self.loader.reader.wait_for(path)
                decided = respond(self.loader.catalogue, method, feed, environ, read)
            if decided is NOT_IN_MEMORY:
                decided = unavailable(path, method)
        status, headers, body, counted = decided
        self.loader.counter.count(counted, len(body))
        start_response(status, headers[:])  # A copy: the list is shared, and a server may append to it.
        # Granian sends a list at once; it streams anything else, at a sixth more CPU time.
        return [body]

    def _asked(self, feed: str, environ: "WSGIEnvironment") -> CountedResponse | None:
        """Asks for a feed that is not in memory and waits for it; returns a refusal, or None."""
        method = environ["REQUEST_METHOD"]
        asked = None if self._asker is None else self._asker.look(feed, method)
        if self._asker is not None and isinstance(asked, AskedAddress):
            client = believed_client(environ, self._trusted_proxies)
            return self._asker.wait_in_thread(asked, feed, method, client)
        return asked if isinstance(asked, tuple) else None

    def _prepare_page(self, environ: "WSGIEnvironment", page: dict[str, str]) -> dict[str, str]:
        """Asks for the feed of a page, and reads its document; returns what the page is told."""
        if self._asker is None:
            return {}
        path = f"{page['PATH_INFO']}.{PAGE_FORMAT}"
        self._asker.wake(path)
        refused = self._asked(path, environ)
        self.loader.find(path)
        return {} if refused is None else {WAITING: "waiting"}
