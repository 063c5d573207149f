"""The callback of the service's own subscriptions at outside hubs (WebSub sections 5.3, 7 and 7.1, of a subscriber).

What is delivered is not stored: it only shows that the hub passes on what it is told.
"""

from datetime import timedelta
from http import HTTPStatus

from flask import Flask, Response, current_app, request

from syndication.config.loading import Settings
from syndication.hub.echo import is_signed, topic_of, updated_of
from syndication.logs import get_logger
from syndication.model.hub_addresses import ECHO_PATH, hub_host
from syndication.model.terminal import escape
from syndication.store.db.database import Database, SerializationConflict
from syndication.store.hub import echoes
from syndication.store.hub.echoes import Echo
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.web.hub.plain_text import plain_text_app, text, try_again

log = get_logger(__name__)

MAX_CHALLENGE, MAX_REASON = 4_096, 200

MAX_LEASE_DIGITS = 9

UNKNOWN = "There is no such subscription."

DOWN = "This cannot be stored now. Send it again."

UNEXPECTED = "Something went wrong here."


def echo_app(settings: Settings, database: Database) -> Flask:
    """Returns the app of everything below /hub/echo/."""
    app = plain_text_app("syndication.web.hub.echo", ECHO_PATH, down=DOWN, unexpected=UNEXPECTED)
    app.extensions["echo"] = EffectiveSettings(settings), database
    app.register_error_handler(SerializationConflict, try_again(DOWN))
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
        return text(HTTPStatus.NOT_FOUND, UNKNOWN)
    mode, challenge = given.get("hub.mode"), given.get("hub.challenge", "")
    if mode == "denied":
        reason = " ".join(escape(given.get("hub.reason", "")).split())[:MAX_REASON]
        log.warning("hub_echo_denied", hub=hub_host(echo.hub), reason=reason)
        with database.write() as conn:
            echoes.record_denied(conn, echo.hub, reason, database.now(conn))
        return text(HTTPStatus.OK, "")
    # We never unsubscribe: what is no longer wanted ends with its lease.
    if mode != "subscribe" or not 0 < len(challenge) <= MAX_CHALLENGE:
        return text(HTTPStatus.NOT_FOUND, UNKNOWN)
    lease = given.get("hub.lease_seconds", "")
    with database.write() as conn:
        echoes.record_confirmed(conn, echo.hub, _lease(lease), database.now(conn))
    log.info("hub_echo_confirmed", hub=hub_host(echo.hub), lease_seconds=lease if _lease(lease) else None)
    return Response(challenge, content_type="text/plain; charset=utf-8")


def receive(token: str) -> Response:
    """Notes which version came back. 410 ends a subscription that nobody knows here."""
    _, database = _parts()
    with database.read() as conn:
        echo = echoes.find(conn, token)
    if echo is None:
        return text(HTTPStatus.GONE, UNKNOWN)
    ignored = _note(database, echo, request.get_data())
    if ignored is not None:
        log.warning("hub_echo_ignored", hub=hub_host(echo.hub), reason=ignored)
    # The hub's job is done, whatever it is worth to us (section 7.1: what is not signed is ignored locally).
    return text(HTTPStatus.ACCEPTED, "")


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


def _lease(seconds: str) -> timedelta | None:
    digits = seconds.isascii() and seconds.isdecimal() and len(seconds) <= MAX_LEASE_DIGITS
    return timedelta(seconds=int(seconds)) if digits and int(seconds) else None
