"""The session cookie, signed with a key that all web processes share, so that a session is valid on each of them."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from syndication.logs import get_logger
from syndication.store.access import signing_key
from syndication.store.db.database import Database, DatabaseDown, DatabaseError

log = get_logger(__name__)


class SessionCookies(SecureCookieSessionInterface):
    """Flask's signed cookies; the key is read on first use."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._key: bytes | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Returns the signer; raises DatabaseDown or DatabaseError if its key cannot be read."""
        if self._key is None:
            self._key = app.secret_key = signing_key.signing_key(self.database)
        return super().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Returns the cookie's content; None if the key cannot be read, as Flask handles no errors this early."""
        try:
            return super().open_session(app, request)
        except (DatabaseDown, DatabaseError) as error:
            log.warning("signing_key_not_read", error=type(error).__name__)
            return None
