"""The callback of the service's own subscriptions at outside hubs (WebSub sections 5.3, 7 and 7.1, of a subscriber).

What is delivered is not stored: it only shows that the hub passes on what it is told.
"""

from datetime import timedelta
from http import HTTPStatus

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from syndication.config.loading import Settings
from syndication.hub.echo import is_signed, topic_of, updated_of
from syndication.logs import get_logger
from syndication.model.body_limits import largest_body
from syndication.model.hub_addresses import ECHO_PATH, hub_host
from syndication.model.terminal import escape
from syndication.store.db.database import Database, DatabaseDown, SerializationConflict
from syndication.store.hub import echoes
from syndication.store.hub.echoes import Echo
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.web.problems import RETRY_SECONDS
from syndication.web.request_log import set_rule

log = get_logger(__name__)

MAX_CHALLENGE, MAX_REASON = 4_096, 200

MAX_LEASE_DIGITS = 9

UNKNOWN = "There is no such subscription.\n"

DOWN = "This cannot be stored now. Send it again.\n"


def echo_app(settings: Settings, database: Database) -> Flask:
    """Returns the app of everything below /hub/echo/."""
    app = Flask("syndication.web.hub.echo", static_folder=None)
    app.url_map.merge_slashes = app.url_map.strict_slashes = app.url_map.redirect_defaults = False
    app.config["MAX_CONTENT_LENGTH"] = largest_body("POST", ECHO_PATH)
    app.extensions["echo"] = EffectiveSettings(settings), database
    app.before_request(set_rule)
    app.after_request(_complete)
    app.register_error_handler(HTTPException, _refused)
    for error in (DatabaseDown, SerializationConflict):
        app.register_error_handler(error, _down)
    app.register_error_handler(Exception, _unexpected)
    app.get(f"{ECHO_PATH}<token>")(confirm)
    app.post(f"{ECHO_PATH}<token>")(receive)
    return app


def confirm(token: str) -> Response:
    """Answers the hub's question whether we meant it with its challenge, or with 404 (sections 5.3 and 5.2)."""
    settings, database = _parts()
    given = {name: value for name, value in request.args.items() if "\0" not in value}
    with database.read() as conn:
        settings.refresh(conn)
        echo = echoes.find(conn, token)
    if echo is None or given.get("hub.topic", "") != topic_of(settings.current, echo):
        return _text(HTTPStatus.NOT_FOUND, UNKNOWN)
    mode, challenge = given.get("hub.mode"), given.get("hub.challenge", "")
    if mode == "denied":
        reason = " ".join(escape(given.get("hub.reason", "")).split())[:MAX_REASON]
        log.warning("hub_echo_denied", hub=hub_host(echo.hub), reason=reason)
        with database.write() as conn:
            echoes.record_denied(conn, echo.hub, reason, database.now(conn))
        return _text(HTTPStatus.OK, "")
    # We never unsubscribe: what is no longer wanted ends with its lease.
    if mode != "subscribe" or not 0 < len(challenge) <= MAX_CHALLENGE:
        return _text(HTTPStatus.NOT_FOUND, UNKNOWN)
    lease = given.get("hub.lease_seconds", "")
    with database.write() as conn:
        echoes.record_confirmed(conn, echo.hub, _lease(lease), database.now(conn))
    log.info("hub_echo_confirmed", hub=hub_host(echo.hub), lease_seconds=lease if _lease(lease) else None)
    return _text(HTTPStatus.OK, challenge)


def receive(token: str) -> Response:
    """Notes which version came back. 410 ends a subscription that nobody knows here."""
    _, database = _parts()
    with database.read() as conn:
        echo = echoes.find(conn, token)
    if echo is None:
        return _text(HTTPStatus.GONE, UNKNOWN)
    ignored = _note(database, echo, request.get_data())
    if ignored is not None:
        log.warning("hub_echo_ignored", hub=hub_host(echo.hub), reason=ignored)
    # The hub's job is done, whatever it is worth to us (section 7.1: what is not signed is ignored locally).
    return _text(HTTPStatus.ACCEPTED, "")


def _note(database: Database, echo: Echo, body: bytes) -> str | None:
    """Records the version; returns why it does not count, or None."""
    if not is_signed(echo.secret, request.headers.get("X-Hub-Signature", ""), body):
        return "its signature is missing or wrong"
    updated = updated_of(body)
    if updated is None:
        return "it is no Atom feed with a time of update"
    with database.write() as conn:
        version = echoes.record_returned(conn, echo, updated, database.now(conn))
    log.info("hub_echo_returned", hub=hub_host(echo.hub), section=echo.section, version=version)
    return None


def _parts() -> tuple[EffectiveSettings, Database]:
    settings, database = current_app.extensions["echo"]
    return settings, database


def _lease(text: str) -> timedelta | None:
    digits = text.isascii() and text.isdecimal() and len(text) <= MAX_LEASE_DIGITS
    return timedelta(seconds=int(text)) if digits and int(text) else None


def _text(status: HTTPStatus, words: str) -> Response:
    return Response(words, status, content_type="text/plain; charset=utf-8")


def _complete(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _refused(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    response = _text(status, f"{status.phrase}.\n")
    response.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return response


def _down(error: Exception) -> Response:
    log.warning("database_down", error=type(error).__name__)
    response = _text(HTTPStatus.SERVICE_UNAVAILABLE, DOWN)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _unexpected(_: Exception) -> Response:
    log.exception("request_failed")
    return _text(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here.\n")
