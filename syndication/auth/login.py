"""Log-in to the dashboard by name and password, with a rate limit.

Users with a second factor enter its code in a second step. Failed attempts are counted by address, like those of
tokens, and by name: together for all browsers in which the user never logged in, and separately for each known
browser (ASVS 2.2.1).
"""

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from syndication.auth.bearer import FailureLimiter
from syndication.auth.secrets import passwords
from syndication.auth.verification_queue import RETRY_SECONDS, VerificationQueue
from syndication.model.client_network import network
from syndication.model.values import PasswordHash
from syndication.store import Connection
from syndication.store.access import (
    login_failures,
    password_links,
    pending_logins,
    second_factor,
    sessions,
    signing_key,
    users,
)
from syndication.store.access.login_failures import UNKNOWN_DEVICE
from syndication.store.access.users import NAME, User
from syndication.store.db.database import Database

WRONG = "Wrong name or password."
"""The same for an unknown name, a wrong password and a disabled user; only the audit log has the reason."""

NOT_CURRENT = "Wrong current password."

WRONG_CODE = "Wrong code. Each code works once, for about a minute: enter the next one from your app."

BUSY = f"Too many people are logging in, and your password was not checked: try again in {RETRY_SECONDS} s."

FAILED_ATTEMPTS = 10
"""Failed attempts allowed for one name in 15 minutes, unless configured otherwise."""

LOGGED_IN_DEVICE = "logged in"
"""The device of a logged-in user in an unknown browser."""

NO_DEVICES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The user is logged in; ``secret`` is for the session cookie, and is not stored."""

    user: User
    secret: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right, and the second factor is next; ``secret`` is for the cookie."""

    user: User
    secret: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The attempt failed: the reason, and the seconds to wait after too many attempts (429), else None (401).

    ``busy`` means that the queue was full (503) and nothing was verified.
    """

    detail: str
    wait: int | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class _FailureKey:
    """The keys under which a failed attempt is counted."""

    address: str
    name_hash: str
    device: str


class LoginService:
    """Logs users in; one for each process.

    Its limiter is separate from that of tokens, so a CMS with a revoked token does not lock out users at its address.
    """

    def __init__(
        self,
        database: Database,
        limiter: FailureLimiter,
        hours: int,
        failed_attempts: int = FAILED_ATTEMPTS,
        queue: VerificationQueue | None = None,
    ) -> None:
        self.database = database
        self.limiter = limiter
        self.hours = hours
        self.failed_attempts = failed_attempts
        self.queue = queue or VerificationQueue()
        self._key = b""

    def log_in(
        self,
        name: str,
        password: str,
        address: str,
        devices: Mapping[str, str] = NO_DEVICES,
        *,
        browser: str | None = None,
    ) -> LoggedIn | CodeNeeded | Denied:
        """Logs a user in for the configured hours. After too many failed attempts it refuses without hashing."""
        typed = name.strip().lower()
        user, hash = self._look_up(typed)
        counted = self._failure_key(typed, user, address, devices)
        enabled = user is not None and user.enabled
        refused = self._verify(password, hash, counted, enabled=enabled, failing_user=user)
        if refused is not None or user is None or hash is None:
            return refused or Denied(WRONG)
        return self._start(user, hash, password, address, browser)

    def check_code(
        self,
        pending: str,
        code: str,
        address: str,
        devices: Mapping[str, str] = NO_DEVICES,
        *,
        browser: str | None = None,
    ) -> LoggedIn | Denied | None:
        """Completes a log-in with the code of the second factor; returns None if the first step is too long ago."""
        with self.database.read() as conn:
            user = pending_logins.find(conn, pending, self.database.now(conn))
        if user is None:
            return None
        counted = self._failure_key(user.name, user, address, devices)
        with self.database.write() as conn:
            now = self.database.now(conn)
            refused = self._blocked(conn, counted, now)
            if refused is not None or pending_logins.find(conn, pending, now) is None:
                return refused
            if second_factor.accept_code(conn, user, code, address, now):
                pending_logins.end(conn, pending)
                secret = sessions.create_session(conn, user, address, self.hours, now, browser=browser)
                return LoggedIn(user, secret)
            self._record_failure(conn, counted, now)
            sessions.record_failed_login(conn, user, address, now, wrong="wrong code")
        return Denied(WRONG_CODE)

    def find_link_user(self, secret: str, address: str) -> User | Denied | None:
        """Returns the user who may set a password with this link; None if it does not work, a failed attempt."""
        wait = self.limiter.blocked_for(address)
        if wait is not None:
            return Denied(f"Too many failed attempts from {address}: try again in {wait} s.", wait)
        with self.database.read() as conn:
            user = password_links.find(conn, secret, self.database.now(conn))
        if user is None:
            self.fail_link(address)
        return user

    def fail_link(self, address: str) -> None:
        """Records the use of a link that does not work."""
        self.limiter.record(address)
        with self.database.write() as conn:
            password_links.record_failed_use(conn, address, self.database.now(conn))

    def verify(
        self, user: User, password: str, address: str, devices: Mapping[str, str] = NO_DEVICES
    ) -> PasswordHash | Denied:
        """Verifies the password of the logged-in user; returns the verified hash, or the reason for refusal."""
        with self.database.read() as conn:
            hash = users.get_password_hash(conn, user)
        counted = self._failure_key(user.name, user, address, {user.id: LOGGED_IN_DEVICE} | dict(devices))
        refused = self._verify(password, hash, counted, enabled=True, confirming=True)
        if refused is not None and refused.wait is not None:
            return refused
        return Denied(NOT_CURRENT) if refused is not None or hash is None else hash

    def verify_code(
        self, user: User, code: str, address: str, devices: Mapping[str, str] = NO_DEVICES
    ) -> Denied | None:
        """Verifies a code of the logged-in user's second factor; returns the reason for refusal, or None."""
        counted = self._failure_key(user.name, user, address, {user.id: LOGGED_IN_DEVICE} | dict(devices))
        with self.database.write() as conn:
            now = self.database.now(conn)
            refused = self._blocked(conn, counted, now)
            if refused is not None:
                return refused
            if second_factor.accept_code(conn, user, code, address, now):
                return None
            self._record_failure(conn, counted, now)
        return Denied(WRONG_CODE)

    def _verify(
        self,
        password: str,
        hash: PasswordHash | None,
        key: _FailureKey,
        *,
        enabled: bool,
        confirming: bool = False,
        failing_user: User | None = None,
    ) -> Denied | None:
        """Waits in the queue, verifies, and records a failure before the next turn, so that no failure counts late.

        After too many failures it refuses without queuing.
        """
        if (refused := self._blocked_now(key)) is not None:
            return refused
        known, failures = key.device != UNKNOWN_DEVICE, self.limiter.count(key.address)
        with self.queue.turn(network(key.address), known=known, failures=failures) as mine:
            if not mine:
                return Denied(BUSY, RETRY_SECONDS, busy=True)
            if (refused := self._blocked_now(key)) is not None:
                return refused
            if passwords.verify_password(password, hash) and enabled:
                return None
            with self.database.write() as conn:
                now = self.database.now(conn)
                self._record_failure(conn, key, now)
                if not confirming:  # The caller records a failed confirmation.
                    sessions.record_failed_login(conn, failing_user, key.address, now)
        return Denied(WRONG)

    def _blocked_now(self, key: _FailureKey) -> Denied | None:
        with self.database.read() as conn:
            return self._blocked(conn, key, self.database.now(conn))

    def _blocked(self, conn: Connection, key: _FailureKey, now: datetime) -> Denied | None:
        wait = self.limiter.blocked_for(key.address)
        if wait is not None:
            return Denied(f"Too many failed attempts from {key.address}: try again in {wait} s.", wait)
        left = login_failures.seconds_to_wait(conn, key.name_hash, key.device, self.failed_attempts, now)
        if left is None:
            return None
        seconds = max(1, math.ceil(left))
        where = "with this name" if key.device == UNKNOWN_DEVICE else "with this name in this browser"
        return Denied(f"Too many failed attempts {where}: try again in {seconds} s.", seconds)

    def _record_failure(self, conn: Connection, key: _FailureKey, now: datetime) -> None:
        self.limiter.record(key.address)
        login_failures.record(conn, key.name_hash, key.device, now)

    def _failure_key(self, typed: str, user: User | None, address: str, devices: Mapping[str, str]) -> _FailureKey:
        """Returns the keys for counting, at the same cost for unknown names. Names are stored as keyed hashes."""
        self._key = self._key or signing_key.signing_key(self.database)
        name_hash = hmac.digest(self._key, f"log-in {typed}".encode("utf-8", "surrogatepass"), "sha256").hex()
        device = devices.get(user.id, UNKNOWN_DEVICE) if user is not None else UNKNOWN_DEVICE
        return _FailureKey(address, name_hash, device)

    def _look_up(self, typed: str) -> tuple[User | None, PasswordHash | None]:
        if not NAME.fullmatch(typed):
            return None, None
        with self.database.read() as conn:
            user = users.find_by_name(conn, typed)
            return user, users.get_password_hash(conn, user) if user else None

    def _start(
        self, user: User, hash: PasswordHash, password: str, address: str, browser: str | None
    ) -> LoggedIn | CodeNeeded | Denied:
        better = passwords.rehash_password(password) if passwords.needs_rehash(hash) else None
        with self.database.write() as conn:
            now = self.database.now(conn)
            if users.is_unchanged(conn, user, hash):
                if better is not None:
                    users.rehash(conn, user, better)
                # Read again: the second factor may have been turned on meanwhile.
                today = users.find(conn, user.id) or user
                if today.second_factor_at is not None:
                    return CodeNeeded(today, pending_logins.start(conn, today, now))
                secret = sessions.create_session(conn, today, address, self.hours, now, browser=browser)
                return LoggedIn(today, secret)
            # The user was disabled, or the password changed, during verification.
            sessions.record_failed_login(conn, user, address, now)
        return Denied(WRONG)
