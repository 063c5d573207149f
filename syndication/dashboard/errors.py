"""Error pages: what happened and what to do. An unexpected error is logged; its message is not shown."""

from http import HTTPStatus

from flask import Flask, Response, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from syndication.dashboard.feed_form import NAMED
from syndication.dashboard.pages import is_live, page
from syndication.errors import SyndicationError
from syndication.logs import get_logger
from syndication.model.body_limits import SMALL_BYTES, in_words
from syndication.model.feed_json import GROUPS
from syndication.store.db.database import DatabaseDown
from syndication.web.problems import RETRY_SECONDS, Problem
from syndication.web.request_log import request_id

log = get_logger(__name__)

TITLES = {
    HTTPStatus.BAD_REQUEST: "Form not accepted",
    HTTPStatus.UNAUTHORIZED: "Logged out",
    HTTPStatus.FORBIDDEN: "Permission needed",
    HTTPStatus.NOT_FOUND: "Page not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not possible here",
    HTTPStatus.REQUEST_TIMEOUT: "Connection too slow",
    HTTPStatus.CONFLICT: "Changed by somebody else",
    HTTPStatus.GONE: "No longer available",
    HTTPStatus.PRECONDITION_FAILED: "Changed by somebody else",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Text too long",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.SERVICE_UNAVAILABLE: "Database not available",
}
"""What happened, as people say it. A refused form is "Not saved", and any other page "Not possible"."""

WORDS = {
    HTTPStatus.NOT_FOUND: "Page not found.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page does not accept that method.",
}

UNANSWERED = "The request cannot be answered."

DATABASE_DOWN = "The database does not answer. Feeds are still served. This page retries automatically."

LOCKED = "The database is locked by another program. Feeds are still served. This page retries automatically."

NOT_DONE = "Not done: the database did not answer. Try again."

NOT_DONE_LOCKED = "Not done: the database is locked by another program. Try again."
"""What a form says: it is not sent again unless somebody asks for it."""

NEVER_REPEATED = frozenset({"password", "code", "old", "new", "again"})
"""Fields that a page never repeats: a form with one of them has to be filled in again."""

TYPED = {
    "title": "Title", "url": "Address", "summary": "Summary", "html": "Body", "authors": "Authors", "tags": "Tags",
    "image_url": "Picture", "image_alt": "Description of the picture", "image_caption": "Caption",
    "image_credit": "Credit", "correction": "Correction note", "description": "Description", "reason": "Reason",
    **{f"{group}_{kind}": f"{group} {kind}s".capitalize() for group in GROUPS for kind in NAMED},
}  # fmt: skip
"""Fields in which people write, and what they are called: an error that has no form shows them, to be copied."""

STALE_FORM = "The form was opened before you logged in, or in another browser. Go back, reload the page and try again."


def handle_errors(app: Flask) -> None:
    """Registers the error handlers."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return _error_page(error.status, error.detail, error.headers)

    @app.errorhandler(DatabaseDown)
    def down(error: DatabaseDown) -> Response:
        # An open page asks every two seconds.
        (log.debug if is_live() and request.method == "GET" else log.warning)(
            "database_down", error=type(error).__name__
        )
        if request.method == "GET":
            detail = LOCKED if error.is_locked else DATABASE_DOWN
        else:
            detail = NOT_DONE_LOCKED if error.is_locked else NOT_DONE
        return _error_page(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": str(RETRY_SECONDS)})

    @app.errorhandler(SyndicationError)
    def refused(error: SyndicationError) -> Response:
        return _error_page(HTTPStatus.UNPROCESSABLE_ENTITY, f"{str(error).rstrip('.')}.")

    @app.errorhandler(CSRFError)
    def forged(_: CSRFError) -> Response:
        return _error_page(HTTPStatus.BAD_REQUEST, STALE_FORM)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        cause = getattr(error, "original_exception", None)
        if cause is not None:
            return unexpected(cause)
        status = HTTPStatus(error.code or 500)
        allow = {name: value for name, value in error.get_headers() if name == "Allow"}
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            most = in_words(request.max_content_length or SMALL_BYTES)
            return _error_page(status, f"The form is larger than {most}. Shorten your text.")
        return _error_page(status, WORDS.get(status) or _description(error, status), allow)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("page_failed", exc_info=error)
        return _error_page(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong. The log has the details.")


def _description(error: HTTPException, status: HTTPStatus) -> str:
    """Returns what Werkzeug says of an error, unless that is the phrase of its status."""
    words = error.description or ""
    return words if words.rstrip(".").casefold() != status.phrase.casefold() and words else UNANSWERED


def _title(status: HTTPStatus) -> str:
    return TITLES.get(status, "Not saved" if request.method == "POST" else "Not possible")


def _error_page(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Returns a whole page, or one line for a live part, which keeps its last content."""
    retry = status == HTTPStatus.SERVICE_UNAVAILABLE and request.method == "GET"
    template = "error_part.html" if is_live() else "error.html"
    again = _form_again() if status == HTTPStatus.SERVICE_UNAVAILABLE and request.method == "POST" else None
    response = page(
        template,
        status,
        name=_title(status),
        detail=detail,
        retry=retry,
        again=again,
        typed=_typed() if again is None else [],
        action=_address(),
        request_id=request_id(),
        # Reading it may be what failed, and takes as long again while the database is silent.
        without_verdict=status in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    for name, value in (headers or {}).items():
        if name != "WWW-Authenticate":  # It would make the browser open its own password dialog.
            response.headers[name] = value
    return response


def _typed() -> list[tuple[str, str, str]]:
    """Returns what somebody wrote in the form, with names and labels; nothing to a browser that never logged in.

    It is not sent again with a button: an unknown page may have sent it.
    """
    if request.method != "POST" or "login" not in session:
        return []
    try:
        form = request.form
    except HTTPException:  # It is too large to be read.
        return []
    return [(name, label, form[name]) for name, label in TYPED.items() if form.get(name, "").strip()]


def _form_again() -> list[tuple[str, str]] | None:
    """Returns the fields of the form, to send them again with a button; None if one is a secret."""
    given = [*request.form.items(multi=True)]
    return None if any(name in NEVER_REPEATED for name, _ in given) else given


def _address() -> str:
    """Returns the path and the query of the form."""
    return f"{request.path}?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else request.path
