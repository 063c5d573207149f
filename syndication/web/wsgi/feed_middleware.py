"""The WSGI short cut: a poll is answered before Flask makes a request object of it (some nine times cheaper)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from syndication.serve.catalogue import is_for_feeds
from syndication.serve.respond import respond

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from syndication.web.document_loader import DocumentLoader


class FeedMiddleware:
    """Answers what is below /feeds/ itself and passes on the rest."""

    def __init__(self, app: "WSGIApplication", loader: "DocumentLoader") -> None:
        self.app = app
        self.loader = loader

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not is_for_feeds(path):
            return self.app(environ, start_response)
        status, headers, body, counted = respond(self.loader.catalogue, environ["REQUEST_METHOD"], path, environ)
        self.loader.counter.count(counted, len(body))
        start_response(status, headers[:])  # A server may append to the list: ours is shared.
        # Granian sends a list at once; anything else it takes for a stream, at a sixth more processor time.
        return [body]
