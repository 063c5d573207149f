"""The editors' own Flask app: the API and its description. Polls never come here."""

from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from flask_openapi3 import openapi
from flask_openapi3.models.info import Info
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge
from werkzeug.routing import PathConverter

from syndication import __version__
from syndication.api import (  # noqa: F401  # they add to the operations on articles
    article_batch,
    article_history,
    article_trace,
    articles,
    audit_log,
    previews,
    regenerations,
    sections,
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
    articles, article_trace, article_history, upcoming, sections, versions, regenerations,
    previews, webhooks, tokens, users, audit_log,
)  # fmt: skip
"""In the order in which the description tells them. Those that share the addresses of articles stand beside them."""

SUMMARY = """How editors and their CMS work with the feeds: push articles, regenerate, and ask why a story is not there.

Errors are problem details (RFC 9457). Times are RFC 3339, UTC. A draft or an embargoed article exists only for
tokens with the scope preview: for all others it is in no list, trace, count or error."""


def editors_app(settings: Settings, database: Database, loader: DocumentLoader) -> openapi.OpenAPI:
    """The app; ``database`` is its own, so that a slow request holds no connection of the watcher's."""
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
    app.config["MAX_CONTENT_LENGTH"] = SMALL_BYTES  # Where the table has another one, _admit sets it.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False  # Flask would redirect, and build the address from the Host header.
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
    app.register_blueprint(
        openapi_document.blueprint(
            openapi_document.description(app, settings.editors.body_limits), settings.site.base_url
        )
    )
    return app


class ArticleConverter(PathConverter):
    """An article's id in an address: any text, also one that begins with a slash or holds the end of a line."""

    regex = "(?s:.+?)"
    part_isolating = False


def _refuse(error: ValidationError) -> Any:
    raise invalid(error) from error


def _admit() -> Response | None:
    """First who asks, then what: a stranger learns nothing of what would be right."""
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
        webhooks.check_signature(editors.settings.editors.webhook_secret)
    elif scope != PUBLIC:
        g.caller = editors.access.admit(request, scope)
    if request.method in ("POST", "PUT", "PATCH"):
        _check_json()
    return None


def _reject_unbounded() -> None:
    """Refuse a body whose length was not told and that is too long: Werkzeug would give what it read so far."""
    if request.content_length is None and len(request.get_data()) >= (request.max_content_length or SMALL_BYTES):
        raise RequestEntityTooLarge


def _check_json() -> None:
    """Refuse what is no JSON object, saying where it stops being one. Operations without a body need none."""
    if not request.content_length and not request.headers.get("Transfer-Encoding"):
        return
    _reject_unbounded()
    if not request.is_json:
        detail = "The body should be JSON: send it with Content-Type: application/json."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", detail)
    if request.endpoint == "articles.put_articles":
        return  # It is read item by item.
    _check_structure()
    try:
        request.get_json()
    except BadRequest as error:
        cause = error.__cause__ if isinstance(error.__cause__, BadRequest) else error
        reason = (cause.description or "").removeprefix("Failed to decode JSON object: ")
        raise Problem(HTTPStatus.BAD_REQUEST, "not-json", f"The body is not JSON: {reason}.") from error


def _check_structure() -> None:
    """Refuse what would take much memory once it is parsed, before it is."""
    most = MAX_VALUES * (MAX_PREVIEW_CHANGES if request.endpoint == "previews.request_preview" else 1)
    try:
        check_structure(request.get_data(), most)
    except StructureLimitExceeded as error:
        if error.deep:
            raise Problem(HTTPStatus.BAD_REQUEST, "not-json", f"{error}.") from error
        errors = [(error.field, error.words)]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{error}.", errors=errors) from error
