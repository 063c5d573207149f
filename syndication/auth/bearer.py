"""Who may: tokens in the Authorization header (RFC 6750), scopes, and a limit on those who guess."""

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
"""A whole token. An article whose id begins as they do is none."""

log = get_logger(__name__)

CHALLENGE = 'Bearer realm="syndication"'


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, and when."""

    actor: Actor
    scopes: frozenset[str]
    now: datetime

    def may(self, scope: str) -> bool:
        """Whether the caller has the scope."""
        return scope in self.scopes


class FailureLimiter:
    """How often an address was wrong within a minute, in this process.

    Of IPv6 it is the network that counts: one who guesses has as many addresses as a /64 has (RFC 4291 section
    2.5.4), which is what a provider gives to each customer.
    """

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def record(self, address: str) -> int | None:
        """Count a wrong attempt; gives the seconds to wait if there were too many, else None."""
        guesser = network(address)
        return None if self._limiter.hit(self._item, guesser) else self._seconds_left(guesser)

    def blocked_for(self, address: str) -> int | None:
        """The seconds to wait for an address that may try no more, else None; it counts nothing."""
        guesser = network(address)
        return None if self._limiter.test(self._item, guesser) else self._seconds_left(guesser)

    def count(self, address: str) -> int:
        """How often the address was wrong within the last minute."""
        return self._item.amount - self._limiter.get_window_stats(self._item, network(address)).remaining

    def _seconds_left(self, guesser: str) -> int:
        reset: float = self._limiter.get_window_stats(self._item, guesser).reset_time
        return max(1, math.ceil(reset - time.time()))


class TokenAccess:
    """Decides who may do what. A right token is never refused because of others' wrong ones."""

    def __init__(self, database: Database, limiter: FailureLimiter) -> None:
        self.database = database
        self.limiter = limiter
        self._record_use_from = 0.0

    def admit(self, request: Request, scope: str) -> Caller:
        """The caller, if the request carries a token with ``scope``; else raises Problem."""
        address = request.remote_addr or "unknown"
        secret = _bearer(request)
        with self.database.read() as conn:
            now = self.database.now(conn)
            token = tokens.find(conn, secret, now)
        if token is None:
            raise self.refuse(address, "This token is not known, has expired or was revoked.", "invalid_token")
        self._record_use(token, now)
        actor = Actor(f"token {token.name}", address)
        set_actor(actor)
        if scope not in token.scopes:
            self._record_refusal(actor, request, scope)
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "scope",
                f"This needs the scope {scope}, and the token {token.name!r} has {', '.join(token.scopes)}.",
                headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
            )
        return Caller(actor, frozenset(token.scopes), now)

    def refuse(self, address: str, detail: str, error: str = "") -> Problem:
        """The answer to a wrong attempt: 401, and 429 for who tries too often (RFC 6585 section 4)."""
        wait = self.limiter.record(address)
        if wait is not None:
            return Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-attempts",
                f"There were too many wrong attempts from {address}: try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        challenge = f'{CHALLENGE}, error="{error}"' if error else CHALLENGE
        return Problem(HTTPStatus.UNAUTHORIZED, "token", detail, headers={"WWW-Authenticate": challenge})

    def _record_use(self, token: Token, now: datetime) -> None:
        if not tokens.needs_use_recorded(token, now) or time.monotonic() < self._record_use_from:
            return
        try:
            with self.database.write() as conn:
                tokens.record_use(conn, token, now)
        except DatabaseDown as error:  # Who only reads is not refused because nothing can be written, and waits once.
            self._record_use_from = time.monotonic() + USE_RECORDED.total_seconds()
            log.warning("token_use_not_recorded", error=type(error).__name__)

    def _record_refusal(self, actor: Actor, request: Request, scope: str) -> None:
        act, now = f"{request.method} {request.endpoint}", self.database.now
        with self.database.write() as conn:
            audit_log.record_refusal(conn, actor, act, request.path[:200], f"needs {scope}", now(conn))


def refuse_unreadable_address(request: Request) -> None:
    """An address is UTF-8: of other bytes Werkzeug would make another path, and of a query an error of ours."""
    try:
        for part in ("PATH_INFO", "QUERY_STRING"):
            request.environ.get(part, "").encode("latin-1").decode()
    except UnicodeDecodeError:
        detail = "The address is not UTF-8: percent-encode an article's id as UTF-8."
        raise Problem(HTTPStatus.BAD_REQUEST, "bad-request", detail) from None


def refuse_token_in_address(request: Request) -> None:
    """Addresses stand in logs and histories: a token in one has leaked already (RFC 6750 section 5.3)."""
    said = [request.path, *(text for pair in request.args.items(multi=True) for text in pair)]
    if "access_token" in request.args or any(SECRET.search(text) for text in said):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "token-in-address",
            "A token stands in the address, where logs keep it: revoke it, and send another one"
            " in the header Authorization: Bearer TOKEN.",
        )


def _bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "token",
            "This needs a token, in the header Authorization: Bearer TOKEN. `syndication token create` makes one.",
            headers={"WWW-Authenticate": CHALLENGE},
        )
    return secret.strip()
