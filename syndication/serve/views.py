"""The Flask side: the feeds by the same answer as the short cut, the front page, and what operators ask."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from syndication import metrics
from syndication.feeds import FORMATS, MEDIA_TYPES
from syndication.serve.answer import answer

if TYPE_CHECKING:
    from syndication.serve.watcher import Watcher

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
LABELS = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}


class Ready(Response):
    """A response whose headers are complete: nothing is added to them."""

    default_mimetype = None
    automatically_set_content_length = False  # A HEAD's length is that of the GET.


def flask_app(watcher: "Watcher") -> Flask:
    """The app without the short cut, which answers just the same."""
    app = Flask("syndication", static_folder=None)
    app.url_map.merge_slashes = False  # Flask would redirect, and build the address from the Host header.
    app.register_blueprint(blueprint(watcher))
    app.extensions["watcher"] = watcher
    return app


def blueprint(watcher: "Watcher") -> Blueprint:
    """All routes; they read the watcher's memory and never the database."""
    routes = Blueprint(
        "serve", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )

    def feed(rest: str = "") -> Response:  # noqa: ARG001  # the answer reads the whole path
        environ = request.environ
        status, headers, body = answer(watcher.catalogue, environ["REQUEST_METHOD"], environ["PATH_INFO"], environ)
        watcher.tally.count(environ["PATH_INFO"], status, len(body))
        return Ready([body], status, headers)

    # Not strict: Flask would redirect from /feeds to an address that it builds from the Host header.
    routes.add_url_rule(
        "/feeds/", "feeds", feed, methods=METHODS, provide_automatic_options=False, strict_slashes=False
    )
    routes.add_url_rule("/feeds/<path:rest>", "feed", feed, methods=METHODS, provide_automatic_options=False)

    def error(problem: HTTPException) -> Response | HTTPException:
        """What Flask's router refuses below /feeds/ (an invented method, say) is for the answer to word."""
        return feed() if request.environ["PATH_INFO"].startswith("/feeds/") else problem

    routes.app_errorhandler(HTTPException)(error)

    @routes.get("/")
    def front() -> Response:
        return _front(watcher)

    @routes.get("/healthz")
    def healthz() -> Response:
        return _text("ok\n")

    @routes.get("/readyz")
    def readyz() -> Response:
        return _readyz(watcher)

    @routes.get("/metrics")
    def prometheus() -> Response:
        watcher_values = metrics.Watched(watcher.seen(), watcher.catalogue.size, datetime.now(UTC))
        response = _text(metrics.exposition(watcher_values))
        response.headers["Content-Type"] = metrics.CONTENT_TYPE
        return response

    return routes


def _text(text: str | bytes) -> Response:
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _readyz(watcher: "Watcher") -> Response:
    state = watcher.seen()
    response = jsonify(
        documents=len(watcher.catalogue.documents),
        database=state.database,
        since=state.since.isoformat() if state.since else None,
        triggers="missing" if state.missing_triggers else "ok",
        workers=state.workers,
    )
    response.status_code = 200 if state.loaded else 503
    response.headers["Cache-Control"] = "no-store"
    return response


def _front(watcher: "Watcher") -> Response:
    catalogue = watcher.catalogue
    updated = max((document.modified or 0 for document in catalogue.documents.values()), default=0)
    page = render_template(
        "front.html",
        site=catalogue.site,
        sections=catalogue.sections.values(),
        formats=[(name, LABELS[name], MEDIA_TYPES[name].split(";")[0]) for name in FORMATS],
        updated=datetime.fromtimestamp(updated, UTC) if updated else None,
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "public, max-age=60"
    return response
