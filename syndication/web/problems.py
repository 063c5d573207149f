"""API errors as problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json, request
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from syndication.errors import ArticleError, SyndicationError
from syndication.logs import get_logger
from syndication.model.article_json import FIELDS
from syndication.model.body_limits import too_large
from syndication.model.json_types import problems as wrong_fields
from syndication.store.db.database import DatabaseDown
from syndication.web.request_log import request_id

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

KINDS = {
    HTTPStatus.BAD_REQUEST: ("bad-request", "The request is malformed."),
    HTTPStatus.NOT_FOUND: ("not-found", "There is nothing at this URL: see /api/v1/docs."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method-not-allowed",
        "This URL does not support the method; Allow lists the supported ones.",
    ),
}
"""Messages that replace Werkzeug's, some of which differ between its versions."""

TITLES = {
    "address-taken": "The address is taken",
    "bad-request": "The request is malformed",
    "busy": "The service is busy",
    "configured": "The configuration sets this feed",
    "database-down": "The database does not respond",
    "deleted": "The article is deleted",
    "dry-run-running": "A dry run is already running",
    "editors-down": "The API does not respond",
    "exists": "It exists already",
    "held": "An editor holds the feed",
    "invalid": "A value is not valid",
    "media-type": "The media type is not supported",
    "method-not-allowed": "The method is not supported here",
    "not-found": "Not found",
    "not-json": "The body is not JSON",
    "public-already": "The article is public already",
    "rejected": "The database rejected the change",
    "replayed": "The message was received before",
    "scope": "The caller lacks a scope",
    "slow-body": "The body arrived too slowly",
    "stale": "It was changed meanwhile",
    "token": "A valid token is needed",
    "token-in-address": "The URL contains a token",
    "too-large": "The body is too large",
    "too-late": "It is too late for this",
    "too-many-attempts": "Too many failed attempts",
    "too-many-previews": "Too many previews are waiting",
    "too-many-regenerations": "Too many regenerations were requested",
    "unexpected": "Something went wrong",
    "unpublished": "Nothing is published yet",
    "unreadable": "The article cannot be read as a whole",
}
"""The title of each kind of problem, which says the same for each occurrence of it (RFC 9457 section 3.1.3)."""

ARTICLES = ("ArticleJson", "ArticleBody", "StoredArticle")
"""The schemas of an article, by their titles in validation errors."""

DATABASE_DOWN = "The database does not respond. Feeds are still served. Try again."

DATABASE_LOCKED = "The database is locked by another program. Feeds are still served. Try again."

RETRY_SECONDS = 5
"""Retry-After while the database does not respond."""


class FieldProblem(BaseModel):
    """An invalid field, like ``authors.0.email``, and the reason."""

    field: str
    detail: str


class ProblemDetails(BaseModel):
    """RFC 9457 section 3; ``errors`` lists invalid fields, ``request_id`` equals the header X-Request-ID."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[FieldProblem] = Field(default_factory=list)


class Problem(SyndicationError):  # noqa: N818  # RFC 9457 calls it that
    """An error response. ``kind`` is the last part of the problem's type."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Returns the response for this problem."""
        values: dict[str, Any] = {
            "type": f"/api/v1/docs#{self.kind}",
            "title": TITLES.get(self.kind, self.status.phrase),
            "status": self.status.value,
            "detail": self.detail,
        }
        if (id := request_id()) is not None:
            values["request_id"] = id
        if self.errors:
            values["errors"] = [{"field": field, "detail": words} for field, words in self.errors]
        response = Response(json.dumps(values), self.status.value, self.headers, content_type=MEDIA_TYPE)
        response.headers["Cache-Control"] = "no-store"
        complete(response)
        return response


def complete(response: Response) -> Response:
    """Adds the security headers of every API response, including those sent before the app is reached.

    They prevent MIME sniffing and framing (OWASP REST Security Cheat Sheet).
    """
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def invalid(error: ValidationError) -> Problem:
    """Returns the problem for a validation error, listing each field."""
    found = wrong_fields(error, FIELDS if error.title in ARTICLES else ())
    field, words = found[0]
    count = error.error_count()
    more = f" (and {count - 1:,} more)" if count > 1 else ""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{field} {words}{more}", errors=found)


def problem_fields(error: ArticleError) -> tuple[str, str]:
    """Returns the field at the start of the error message, and the rest of the message."""
    field, _, words = str(error).partition(" ")
    return (field, words) if field in FIELDS else ("", str(error))


def not_found(what: str) -> Problem:
    """Returns the same 404 for what does not exist and for what the caller may not see."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", f"There is no {what}.")


def handle_errors(app: Flask) -> None:
    """Turns every error of the app into a problem; unexpected errors are logged, without details in the response."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return error.response()

    @app.errorhandler(ArticleError)
    def article(error: ArticleError) -> Response:
        return Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", str(error), errors=[problem_fields(error)]
        ).response()

    @app.errorhandler(SyndicationError)
    def refused(error: SyndicationError) -> Response:
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", str(error)).response()

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or 500)
        known = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            limits = app.extensions["editors"].settings.editors.body_limits
            return Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", too_large(request.method, request.path, limits)
            ).response()
        kind, detail = KINDS.get(status, ("unexpected", error.description or status.phrase))
        return Problem(status, kind, detail, headers=known).response()

    @app.errorhandler(DatabaseDown)
    def down(error: DatabaseDown) -> Response:
        log.warning("database_down", error=type(error).__name__)
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "database-down",
            DATABASE_LOCKED if error.is_locked else DATABASE_DOWN,
            headers={"Retry-After": str(RETRY_SECONDS)},
        ).response()

    @app.errorhandler(Exception)
    def unexpected(_: Exception) -> Response:
        log.exception("request_failed")
        return Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "unexpected",
            "An unexpected error occurred. The service log has the details.",
        ).response()
