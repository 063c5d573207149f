"""The public pages, made by Flask: those of ``web/pages``, static files, health and metrics."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from syndication.metrics import web as web_metrics
from syndication.metrics.editors_process import EditorsProcess
from syndication.metrics.web_gauges import WebGauges
from syndication.web.pages.blueprint import pages_blueprint
from syndication.web.pages.hub_page import hub_blueprint
from syndication.web.pages.settings import PageSettings
from syndication.web.pages.sitemaps import sitemaps_blueprint
from syndication.web.pages.terms import FindTerms

if TYPE_CHECKING:
    from syndication.serve.catalogue import Catalogue
    from syndication.web.document_loader import DocumentLoader

STATIC_AGE = 3600
"""How long browsers cache the style sheet and the icon, in seconds."""


def flask_app(
    loader: "DocumentLoader",
    editors: Callable[[], EditorsProcess] | None = None,
    pages: PageSettings = PageSettings(),  # noqa: B008  # it is frozen
    find_terms: FindTerms | None = None,
) -> Flask:
    """Returns the Flask app of the public pages; ``editors`` returns the state of the editors process, if there is one.

    ``find_terms`` finds tags and authors for the front page's search. It has routes
    for the pages of feeds and none for feeds: the front and the middleware answer polls before Flask.
    """
    app = Flask("syndication", static_folder=None)
    # Each of these redirects to an address built from the Host header.
    app.url_map.merge_slashes = app.url_map.strict_slashes = app.url_map.redirect_defaults = False
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_AGE
    app.register_blueprint(blueprint(loader, editors))
    app.register_blueprint(pages_blueprint(loader, pages, find_terms))
    if pages.hub:
        app.register_blueprint(hub_blueprint(loader))
    if pages.sitemaps:
        app.register_blueprint(sitemaps_blueprint(loader))
    app.extensions["watcher"] = loader
    return app


SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address can only be read.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here. Try again later.",
    0: "The request cannot be answered.",
}
"""What errors say, by their status; 0: all others."""

MAX_LABELLED = 1_000
"""So many sections have labels of their own in /metrics, in the order of the configuration; the totals have all."""


def blueprint(loader: "DocumentLoader", editors: Callable[[], EditorsProcess] | None = None) -> Blueprint:
    """Returns all routes; they read the memory of the document loader, never the database."""
    routes = Blueprint(
        "serve", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )

    routes.app_errorhandler(HTTPException)(_problem)

    @routes.after_app_request
    def unsniffed(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    @routes.get("/healthz")
    def healthz() -> Response:
        return _text("ok\n")

    @routes.get("/readyz")
    def readyz() -> Response:
        return _readyz(loader, editors)

    @routes.get("/metrics")
    def prometheus() -> Response:
        catalogue = loader.catalogue
        values = WebGauges(loader.current_state(), catalogue.size, datetime.now(UTC), _labelled_versions(catalogue))
        response = _text(web_metrics.exposition(values, *([editors()] if editors else [])))
        response.headers["Content-Type"] = web_metrics.CONTENT_TYPE
        return response

    return routes


def _labelled_versions(catalogue: "Catalogue") -> dict[str, int | None]:
    """Returns the served versions of the newsroom's first sections; None: not published yet.

    None of the feeds that readers asked for: a stranger chooses no label.
    """
    own = (slug for slug, section in catalogue.sections.items() if section.owner != "readers")
    versions = catalogue.memory.versions
    return {slug: versions.get(slug) for slug in islice(own, MAX_LABELLED)}


def _text(text: str | bytes) -> Response:
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _problem(problem: HTTPException) -> BaseResponse:
    """Returns an error as plain text, which repeats nothing of the request."""
    missing = problem.code == HTTPStatus.NOT_FOUND
    response = problem.get_response()
    response.data = f"{SENTENCES.get(problem.code or 0, SENTENCES[0])}\n".encode()
    response.content_type = "text/plain; charset=utf-8"
    response.headers["Cache-Control"] = "public, max-age=60" if missing else "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _readyz(loader: "DocumentLoader", editors: Callable[[], EditorsProcess] | None) -> Response:
    """Returns the readiness: a web process that serves feeds is ready, even while its editors process is down."""
    state = loader.current_state()
    response = jsonify(
        documents=len(loader.catalogue.documents),
        database=state.database,
        since=state.since.isoformat() if state.since else None,
        triggers="missing" if state.missing_triggers else "ok",
        workers=state.workers,
        **({"editors": editors().state} if editors else {}),
    )
    response.status_code = 200 if state.loaded else 503
    response.headers["Cache-Control"] = "no-store"
    return response
