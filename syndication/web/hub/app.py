"""The app that answers below /hub: subscribers' requests (WebSub section 5.1), in plain text."""

from http import HTTPStatus

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, NotFound

from syndication.config.loading import Settings
from syndication.hub.requests import HubRefusal
from syndication.logs import get_logger
from syndication.model.body_limits import largest_body, too_large
from syndication.store.db.database import Database, DatabaseDown
from syndication.web.hub.subscribing import Subscribing
from syndication.web.problems import RETRY_SECONDS
from syndication.web.request_log import set_rule

log = get_logger(__name__)

ACCEPTED = "Accepted. The hub asks your callback to confirm now.\n"

DOWN = "The hub cannot store your request now. Nothing was done: send it again."


def hub_app(settings: Settings, database: Database) -> Flask:
    """Returns the app; ``database`` is the editors' own, whose statements do not wait for long."""
    app = Flask("syndication.web.hub", static_folder=None)
    app.url_map.merge_slashes = app.url_map.strict_slashes = app.url_map.redirect_defaults = False
    app.config["MAX_CONTENT_LENGTH"] = largest_body("POST", "/hub")
    app.extensions["subscribing"] = Subscribing(settings, database)
    app.before_request(set_rule)
    app.after_request(_complete)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DatabaseDown, _down)
    app.register_error_handler(Exception, _unexpected)

    @app.before_request
    def is_enabled() -> None:
        if not settings.hub.enabled:
            raise NotFound

    app.post("/hub")(subscribe)
    return app


def subscribe() -> Response:
    """Answers a subscriber: 202, and the callback is asked soon; or why the request is refused (section 5.1.2)."""
    subscribing: Subscribing = current_app.extensions["subscribing"]
    content_type = request.headers.get("Content-Type", "")
    refused = subscribing.ask(request.get_data(), content_type, request.remote_addr or "unknown")
    return text(HTTPStatus.ACCEPTED, ACCEPTED) if refused is None else _refuse(refused)


def text(status: HTTPStatus, words: str) -> Response:
    """Returns a plain-text response."""
    return Response(words, status, content_type="text/plain; charset=utf-8")


def _refuse(refusal: HubRefusal) -> Response:
    response = text(refusal.status, f"{refusal.words}\n")
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _complete(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return text(status, f"{too_large(request.method, request.path)}\n")
    response = text(status, f"{status.phrase}.\n")
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _down(error: DatabaseDown) -> Response:
    log.warning("database_down", error=type(error).__name__)
    return _refuse(HubRefusal(HTTPStatus.SERVICE_UNAVAILABLE, DOWN, RETRY_SECONDS))


def _unexpected(_: Exception) -> Response:
    log.exception("request_failed")
    return text(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. Nothing was done: try again later.\n")
