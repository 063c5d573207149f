"""The app that answers below /hub: subscribers' requests (WebSub section 5.1), in plain text."""

from http import HTTPStatus

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from syndication.config.loading import Settings
from syndication.model.body_limits import too_large
from syndication.store.db.database import Database
from syndication.web.hub.plain_text import plain_text_app, text
from syndication.web.hub.subscribing import Subscribing

ACCEPTED = "Accepted. The hub asks your callback to confirm now."

DOWN = "The hub cannot store your request now. Nothing was done: send it again."

UNEXPECTED = "Something went wrong here. Nothing was done: try again later."


def hub_app(settings: Settings, database: Database) -> Flask:
    """Returns the app; ``database`` is the editors' own, whose statements do not wait for long."""
    app = plain_text_app("syndication.web.hub", "/hub", down=DOWN, unexpected=UNEXPECTED)
    app.extensions["subscribing"] = Subscribing(settings, database)
    app.register_error_handler(RequestEntityTooLarge, _too_large)

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
    if refused is not None:
        return text(refused.status, refused.words, refused.retry_after)
    return text(HTTPStatus.ACCEPTED, ACCEPTED)


def _too_large(_: RequestEntityTooLarge) -> Response:
    return text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(request.method, request.path))
