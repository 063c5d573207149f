"""What the apps of the hub have in common: they answer programs, in plain text, and nothing may keep an answer."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from syndication.logs import get_logger
from syndication.model.body_limits import largest_body
from syndication.store.db.database import DatabaseDown
from syndication.web.problems import RETRY_SECONDS
from syndication.web.request_log import set_rule

log = get_logger(__name__)


def plain_text_app(name: str, path: str, *, down: str, unexpected: str) -> Flask:
    """Returns an app without routes; bodies are as long as one sent to ``path`` may be.

    ``down`` and ``unexpected`` are the sentences for a database that does not answer, and for a failure of ours.
    """
    app = Flask(name, static_folder=None)
    app.url_map.merge_slashes = app.url_map.strict_slashes = app.url_map.redirect_defaults = False
    app.config["MAX_CONTENT_LENGTH"] = largest_body("POST", path)
    app.before_request(set_rule)
    app.after_request(_complete)
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(DatabaseDown, try_again(down))

    @app.errorhandler(Exception)
    def fail(_: Exception) -> Response:
        log.exception("request_failed")
        return text(HTTPStatus.INTERNAL_SERVER_ERROR, unexpected)

    return app


def text(status: HTTPStatus, words: str, retry_after: int | None = None) -> Response:
    """Returns a plain-text response with a sentence, if there is one."""
    response = Response(f"{words}\n" if words else "", status, content_type="text/plain; charset=utf-8")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def try_again(words: str) -> Callable[[Exception], Response]:
    """Returns the handler of an error of the database after which the same request may succeed."""

    def answer(error: Exception) -> Response:
        log.warning("database_down", error=type(error).__name__)
        return text(HTTPStatus.SERVICE_UNAVAILABLE, words, RETRY_SECONDS)

    return answer


def _complete(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _refuse(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    response = text(status, f"{status.phrase}.")
    response.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return response
