"""The Flask app for the API and its reference. It never serves feeds."""

from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from flask_openapi3 import openapi
from flask_openapi3.models.info import Info
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge
from werkzeug.routing import PathConverter

from syndication import __version__
from syndication.api import (  # noqa: F401  # some only register operations on articles or sections
    article_batch,
    article_changes,
    article_history,
    article_trace,
    articles,
    audit_log,
    deliveries,
    delivery_list,
    feed_previews,
    feeds,
    field_locks,
    holds,
    hub,
    hub_acts,
    ninjs,
    notifications,
    previews,
    purges,
    regenerations,
    releases,
    revisions,
    scheduling,
    sections,
    sessions,
    sources,
    tokens,
    upcoming,
    users,
    versions,
    webhooks,
    withdrawals,
)
from syndication.api import openapi as openapi_document
from syndication.api.operations import PUBLIC, Context, Operations, context
from syndication.auth.bearer import FailureLimiter, TokenAccess, refuse_token_in_address, refuse_unreadable_address
from syndication.config.loading import Settings
from syndication.model.body_limits import SMALL_BYTES, largest_body
from syndication.model.field_limits import MAX_PREVIEW_CHANGES
from syndication.model.json_structure import MAX_VALUES, StructureLimitExceeded, check_structure
from syndication.store.db.database import Database
from syndication.web.document_loader import DocumentLoader
from syndication.web.problems import Problem, ProblemDetails, complete, handle_errors, invalid
from syndication.web.request_log import set_rule

SUBJECTS = (
    articles, withdrawals, article_trace, article_history, revisions, upcoming, delivery_list, sections, feeds,
    versions, regenerations, previews, webhooks, ninjs, sources, hub, notifications, tokens, users, sessions, audit_log,
)  # fmt: skip
"""In the order of the reference; those under the same path as articles follow them."""

SUMMARY = """Push articles from a CMS, regenerate feeds, and find out why an article is not in a feed.

Errors are problem details (RFC 9457). Times are RFC 3339, in UTC. Drafts and embargoed articles are visible only to
tokens with the scope preview: for all others they do not appear in any list, trace, count or error."""


def editors_app(settings: Settings, database: Database, loader: DocumentLoader) -> openapi.OpenAPI:
    """Returns the app. ``database`` is its own, so that slow requests do not hold the document loader's connections."""
    app = openapi.OpenAPI(
        "syndication.api",
        info=Info(title=f"{settings.site.title}: syndication", version=__version__, description=SUMMARY),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        validation_error_model=ProblemDetails,
        validation_error_callback=_refuse,
        doc_ui=False,
        static_folder=None,
        template_folder="templates",
        root_path=None,
    )
    app.config["MAX_CONTENT_LENGTH"] = SMALL_BYTES  # _admit sets the limit of each operation.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False  # Flask would redirect to a URL built from the Host header.
    app.url_map.converters["article"] = ArticleConverter
    app.extensions["editors"] = Context(
        database, loader, TokenAccess(database, FailureLimiter(settings.editors.failed_attempts)), settings
    )
    handle_errors(app)
    app.before_request(set_rule)
    app.before_request(_admit)
    app.after_request(complete)
    for subject in SUBJECTS:
        app.register_api(subject.operation.blueprint)
    app.register_blueprint(openapi_document.blueprint(app, settings.editors.body_limits, settings.site.base_url))
    return app


class ArticleConverter(PathConverter):
    """Matches an article id in a path: any text, even with a leading slash or line breaks."""

    regex = "(?s:.+?)"
    part_isolating = False


def _refuse(error: ValidationError) -> Any:
    raise invalid(error) from error


def _admit() -> Response | None:
    """Authenticates before validating, so that unauthenticated clients learn nothing about valid requests."""
    refuse_unreadable_address(request)
    refuse_token_in_address(request)
    scope = Operations.scopes.get(request.endpoint or "", None)
    editors = context()
    if scope is None:
        if request.endpoint is None or request.endpoint.startswith("description."):
            return None
        raise NotFound
    request.max_content_length = largest_body(request.method, request.path, editors.settings.editors.body_limits)
    if request.endpoint == "webhooks.receive_article":
        _reject_unbounded()
        webhooks.check(editors.settings.editors.webhook_secret)
    elif request.endpoint == "ninjs.receive_ninjs":
        _reject_unbounded()
        ninjs.check(editors.settings.ninjs.secret)
    elif request.endpoint == "sources.look_at_source" and sources.admit_ping(request):
        _reject_unbounded()
        return None  # The body means nothing, and is not read.
    elif scope != PUBLIC:
        g.caller = editors.access.admit(request, scope)
    if request.method in ("POST", "PUT", "PATCH"):
        _check_json()
    return None


def _reject_unbounded() -> None:
    """Refuses a body without Content-Length that is too long: Werkzeug would return it truncated."""
    if request.content_length is None and len(request.get_data()) >= (request.max_content_length or SMALL_BYTES):
        raise RequestEntityTooLarge


def _check_json() -> None:
    """Refuses a body that is not valid JSON, with the position of the error. An absent body is accepted here."""
    if not request.content_length and not request.headers.get("Transfer-Encoding"):
        return
    _reject_unbounded()
    if not request.is_json:
        detail = "Send the body as JSON, with Content-Type: application/json."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", detail)
    if request.endpoint == "articles.put_articles":
        return  # Its items are validated one by one.
    _check_structure()
    try:
        request.get_json()
    except BadRequest as error:
        cause = error.__cause__ if isinstance(error.__cause__, BadRequest) else error
        reason = (cause.description or "").removeprefix("Failed to decode JSON object: ")
        raise Problem(HTTPStatus.BAD_REQUEST, "not-json", f"The body is not valid JSON: {reason}.") from error


def _check_structure() -> None:
    """Refuses JSON that would take too much memory, before parsing it."""
    most = MAX_VALUES * (MAX_PREVIEW_CHANGES if request.endpoint == "previews.request_preview" else 1)
    try:
        check_structure(request.get_data(), most)
    except StructureLimitExceeded as error:
        if error.deep:
            raise Problem(HTTPStatus.BAD_REQUEST, "not-json", f"{error}.") from error
        errors = [(error.field, error.words)]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{error}.", errors=errors) from error
