"""Tokens in the Authorization header (RFC 6750), scopes, and a rate limit against guessing."""

import math
import re
import time
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from syndication.logs import get_logger
from syndication.model.client_network import network
from syndication.store.access import audit_log, tokens
from syndication.store.access.audit_log import Actor
from syndication.store.access.tokens import PREFIX, USE_RECORDED, Token
from syndication.store.db.database import Database, DatabaseDown
from syndication.web.problems import Problem
from syndication.web.request_log import set_actor

SECRET = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{43}")
"""A complete token; an article id that only starts like one does not match."""

log = get_logger(__name__)

PATIENCE_SECONDS = 0.2
"""Seconds that a request waits for other writers, to record that its token was used."""

CHALLENGE = 'Bearer realm="syndication"'


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller, and the time of the request."""

    actor: Actor
    scopes: frozenset[str]
    now: datetime

    def may(self, scope: str) -> bool:
        """Returns whether the caller has the scope."""
        return scope in self.scopes


class FailureLimiter:
    """Counts failed attempts by address within a minute, in this process.

    For IPv6 it counts by network, because providers assign each customer a whole /64 (RFC 4291 section 2.5.4).
    """

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def record(self, address: str) -> int | None:
        """Records a failed attempt; returns the seconds to wait after too many, else None."""
        guesser = network(address)
        return None if self._limiter.hit(self._item, guesser) else self._seconds_left(guesser)

    def blocked_for(self, address: str) -> int | None:
        """Returns the seconds to wait for a blocked address, else None, without recording anything."""
        guesser = network(address)
        return None if self._limiter.test(self._item, guesser) else self._seconds_left(guesser)

    def count(self, address: str) -> int:
        """Returns the number of failed attempts by the address within the last minute."""
        return self._item.amount - self._limiter.get_window_stats(self._item, network(address)).remaining

    def _seconds_left(self, guesser: str) -> int:
        reset: float = self._limiter.get_window_stats(self._item, guesser).reset_time
        return max(1, math.ceil(reset - time.time()))


class TokenAccess:
    """Authenticates tokens and checks scopes. Valid tokens are never refused because of others' failed attempts."""

    def __init__(self, database: Database, limiter: FailureLimiter) -> None:
        self.database = database
        self.limiter = limiter
        self._record_use_from = 0.0

    def admit(self, request: Request, scope: str) -> Caller:
        """Returns the caller if the request has a token with ``scope``; otherwise raises Problem."""
        address = request.remote_addr or "unknown"
        secret = _bearer(request)
        with self.database.read() as conn:
            now = self.database.now(conn)
            token = tokens.find(conn, secret, now)
        if token is None:
            raise self.refuse(address, "The token is unknown, expired or revoked.", "invalid_token")
        self._record_use(token, now)
        actor = Actor(f"token {token.name}", address)
        set_actor(actor)
        if scope not in token.scopes:
            self._record_refusal(actor, request, scope)
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "scope",
                f"The token {token.name!r} lacks the scope {scope}; it has {', '.join(token.scopes)}.",
                headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
            )
        return Caller(actor, frozenset(token.scopes), now)

    def refuse(self, address: str, detail: str, error: str = "") -> Problem:
        """Returns the problem for a failed attempt: 401, or 429 after too many (RFC 6585 section 4)."""
        wait = self.limiter.record(address)
        if wait is not None:
            return Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-attempts",
                f"Too many failed attempts from {address}: try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        challenge = f'{CHALLENGE}, error="{error}"' if error else CHALLENGE
        return Problem(HTTPStatus.UNAUTHORIZED, "token", detail, headers={"WWW-Authenticate": challenge})

    def _record_use(self, token: Token, now: datetime) -> None:
        if not tokens.needs_use_recorded(token, now) or time.monotonic() < self._record_use_from:
            return
        try:
            with self.database.write_within(PATIENCE_SECONDS) as conn:
                tokens.record_use(conn, token, now)
        except DatabaseDown as error:  # Reads still succeed while the database is locked or read-only.
            self._record_use_from = time.monotonic() + USE_RECORDED.total_seconds()
            log.warning("token_use_not_recorded", error=type(error).__name__)

    def _record_refusal(self, actor: Actor, request: Request, scope: str) -> None:
        act, now = f"{request.method} {request.endpoint}", self.database.now
        with self.database.write() as conn:
            audit_log.record_refusal(conn, actor, act, request.path[:200], f"needs {scope}", now(conn))


def refuse_unreadable_address(request: Request) -> None:
    """Refuses a URL that is not UTF-8: Werkzeug would change the path, and fail on the query."""
    try:
        for part in ("PATH_INFO", "QUERY_STRING"):
            request.environ.get(part, "").encode("latin-1").decode()
    except UnicodeDecodeError:
        detail = "The URL is not UTF-8: percent-encode the article id as UTF-8."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-request", detail) from None


def refuse_token_in_address(request: Request) -> None:
    """Refuses a token in the URL: URLs are kept in logs and histories, so it has leaked (RFC 6750 section 5.3)."""
    texts = [request.path, *(text for pair in request.args.items(multi=True) for text in pair)]
    if "access_token" in request.args or any(SECRET.search(text) for text in texts):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "token-in-address",
            "The URL contains a token, and URLs are logged: revoke that token, and send a new one"
            " in the header Authorization: Bearer TOKEN.",
        )


def _bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "token",
            "Send a token in the header Authorization: Bearer TOKEN. Create one with `syndication token create`.",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    return secret.strip()
