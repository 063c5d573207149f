"""How people log in to the dashboard: by name and password, and no faster than somebody who has forgotten one.

Who has a second factor gives its code in a second step. Wrong passwords and wrong codes are counted by address, as
wrong tokens are, and by name: from all browsers together in which the user never logged in, and from each other one
by itself (ASVS 2.2.1).
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
from syndication.store.access import login_failures, pending_logins, second_factor, sessions, signing_key, users
from syndication.store.access.login_failures import UNKNOWN_DEVICE
from syndication.store.access.users import NAME, User
from syndication.store.db.database import Database

WRONG = "This name and this password do not go together."
"""The same for an unknown name, a wrong password and a disabled person: which of them it was is in the audit log."""

NOT_CURRENT = "This is not the password that you have now."

WRONG_CODE = "Wrong code. A code works once and for about a minute: enter the next one that the app shows."

BUSY = f"Many people are logging in at once, and your password was not checked: try again in {RETRY_SECONDS} s."

FAILED_ATTEMPTS = 10
"""Wrong passwords and codes for one name in a quarter of an hour, unless the settings say otherwise."""

LOGGED_IN_DEVICE = "logged in"
"""The device of somebody who is logged in, where the browser does not say more."""

NO_DEVICES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Somebody has logged in; ``secret`` is for the cookie, and is not told again."""

    user: User
    secret: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right, and the code of the second factor comes next; ``secret`` is for the cookie."""

    user: User
    secret: str


@dataclass(frozen=True, slots=True)
class Denied:
    """Nobody has: why, in words, and the seconds to wait after too many wrong attempts (429), else None (401).

    ``busy`` is for a queue that is full (503): nothing was verified.
    """

    detail: str
    wait: int | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class _FailureKey:
    """By what a failure is counted."""

    address: str
    name_hash: str
    device: str


class LoginService:
    """Where people come in; one for each web process.

    Its guesses are not those of tokens: a CMS with a revoked token locks out nobody who sits behind the same address.
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
        self, name: str, password: str, address: str, devices: Mapping[str, str] = NO_DEVICES
    ) -> LoggedIn | CodeNeeded | Denied:
        """Log somebody in, for the hours that are set. Who was wrong too often is refused before anything is hashed."""
        typed = name.strip().lower()
        user, hash = self._look_up(typed)
        counted = self._failure_key(typed, user, address, devices)
        enabled = user is not None and user.enabled
        refused = self._verify(password, hash, counted, enabled=enabled, failing_user=user)
        if refused is not None or user is None or hash is None:
            return refused or Denied(WRONG)
        return self._start(user, hash, password, address)

    def check_code(
        self, pending: str, code: str, address: str, devices: Mapping[str, str] = NO_DEVICES
    ) -> LoggedIn | Denied | None:
        """The second step: log in whoever gave the right password before; None if that is too long ago."""
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
                return LoggedIn(user, sessions.create_session(conn, user, address, self.hours, now))
            self._record_failure(conn, counted, now)
            sessions.record_failed_login(conn, user, address, now, wrong="wrong code")
        return Denied(WRONG_CODE)

    def verify(
        self, user: User, password: str, address: str, devices: Mapping[str, str] = NO_DEVICES
    ) -> PasswordHash | Denied:
        """Whether it is really the person who is logged in: the hash that was verified if it is, else why not."""
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
        """Whether the person who is logged in has the second factor at hand; why not if it is not so."""
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
        """Wait for the turn, hash, and count a failure; all within the turn, so that nobody is counted late.

        Who was wrong too often takes no place in the queue.
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
                if not confirming:  # Whoever asks to confirm records what was refused.
                    sessions.record_failed_login(conn, failing_user, key.address, now)
        return Denied(WRONG)

    def _blocked_now(self, key: _FailureKey) -> Denied | None:
        with self.database.read() as conn:
            return self._blocked(conn, key, self.database.now(conn))

    def _blocked(self, conn: Connection, key: _FailureKey, now: datetime) -> Denied | None:
        wait = self.limiter.blocked_for(key.address)
        if wait is not None:
            return Denied(f"There were too many wrong attempts from {key.address}: try again in {wait} s.", wait)
        left = login_failures.seconds_to_wait(conn, key.name_hash, key.device, self.failed_attempts, now)
        if left is None:
            return None
        seconds = max(1, math.ceil(left))
        where = "with this name" if key.device == UNKNOWN_DEVICE else "with this name in this browser"
        return Denied(f"There were too many wrong attempts {where}: try again in {seconds} s.", seconds)

    def _record_failure(self, conn: Connection, key: _FailureKey, now: datetime) -> None:
        self.limiter.record(key.address)
        login_failures.record(conn, key.name_hash, key.device, now)

    def _failure_key(self, typed: str, user: User | None, address: str, devices: Mapping[str, str]) -> _FailureKey:
        """The same work for a name that nobody has: what is stored is a keyed hash of what was typed."""
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

    def _start(self, user: User, hash: PasswordHash, password: str, address: str) -> LoggedIn | CodeNeeded | Denied:
        better = passwords.rehash_password(password) if passwords.needs_rehash(hash) else None
        with self.database.write() as conn:
            now = self.database.now(conn)
            if users.is_unchanged(conn, user, hash):
                if better is not None:
                    users.rehash(conn, user, better)
                # As it is now: the second factor may have been turned on meanwhile.
                today = users.find(conn, user.id) or user
                if today.second_factor_at is not None:
                    return CodeNeeded(today, pending_logins.start(conn, today, now))
                return LoggedIn(today, sessions.create_session(conn, today, address, self.hours, now))
            # Somebody disabled the person, or changed the password, while it was verified.
            sessions.record_failed_login(conn, user, address, now)
        return Denied(WRONG)
