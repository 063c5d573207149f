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

from syndication.auth import passwords
from syndication.auth.bearer import Guesses
from syndication.auth.verification_queue import RETRY_SECONDS, VerificationQueue
from syndication.model.client_network import network
from syndication.model.values import PasswordHash
from syndication.store import Connection
from syndication.store.access import login_failures, pending_logins, second_factor, sessions, signing_key, users
from syndication.store.access.login_failures import STRANGERS
from syndication.store.access.users import NAME, Account
from syndication.store.db.database import Database

WRONG = "This name and this password do not go together."
"""The same for an unknown name, a wrong password and a disabled person: which of them it was is in the audit log."""

NOT_NOW = "This is not the password that you have now."

WRONG_CODE = "Wrong code. A code works once and for about a minute: enter the next one that the app shows."

BUSY = f"Many people are logging in at once, and your password was not checked: try again in {RETRY_SECONDS} s."

FAILED_ATTEMPTS = 10
"""Wrong passwords and codes for one name in a quarter of an hour, unless the settings say otherwise."""

LOGGED_IN = "logged in"
"""The device of somebody who is logged in, where the browser does not say more."""

NOBODY_KNOWN: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody has logged in; ``secret`` is for the cookie, and is not told again."""

    account: Account
    secret: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right, and the code of the second factor comes next; ``secret`` is for the cookie."""

    account: Account
    secret: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody has: why, in words, and the seconds to wait after too many wrong attempts (429), else None (401).

    ``busy`` is for a queue that is full (503): nothing was verified.
    """

    detail: str
    wait: int | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class _Counted:
    """By what a failure is counted."""

    address: str
    name_hash: str
    device: str


class Entrance:
    """Where people come in; one for each web process.

    Its guesses are not those of tokens: a CMS with a revoked token locks out nobody who sits behind the same address.
    """

    def __init__(
        self,
        database: Database,
        guesses: Guesses,
        hours: int,
        failed_attempts: int = FAILED_ATTEMPTS,
        queue: VerificationQueue | None = None,
    ) -> None:
        self.database = database
        self.guesses = guesses
        self.hours = hours
        self.failed_attempts = failed_attempts
        self.queue = queue or VerificationQueue()
        self._key = b""

    def enter(
        self, name: str, password: str, address: str, devices: Mapping[str, str] = NOBODY_KNOWN
    ) -> Entered | CodeNeeded | Refused:
        """Log somebody in, for the hours that are set. Who was wrong too often is refused before anything is hashed."""
        typed = name.strip().lower()
        account, hash = self._look_up(typed)
        counted = self._counted(typed, account, address, devices)
        enabled = account is not None and account.enabled
        refused = self._verify(password, hash, counted, enabled=enabled, failed=account)
        if refused is not None or account is None or hash is None:
            return refused or Refused(WRONG)
        return self._start(account, hash, password, address)

    def check_code(
        self, pending: str, code: str, address: str, devices: Mapping[str, str] = NOBODY_KNOWN
    ) -> Entered | Refused | None:
        """The second step: log in whoever gave the right password before; None if that is too long ago."""
        with self.database.read() as conn:
            account = pending_logins.find(conn, pending, self.database.now(conn))
        if account is None:
            return None
        counted = self._counted(account.name, account, address, devices)
        with self.database.write() as conn:
            now = self.database.now(conn)
            refused = self._too_many(conn, counted, now)
            if refused is not None or pending_logins.find(conn, pending, now) is None:
                return refused
            if second_factor.accept(conn, account, code, address, now):
                pending_logins.end(conn, pending)
                return Entered(account, sessions.start(conn, account, address, self.hours, now))
            self._count(conn, counted, now)
            sessions.failed(conn, account, address, now, wrong="wrong code")
        return Refused(WRONG_CODE)

    def confirm(
        self, account: Account, password: str, address: str, devices: Mapping[str, str] = NOBODY_KNOWN
    ) -> PasswordHash | Refused:
        """Whether it is really the person who is logged in: the hash that was verified if it is, else why not."""
        with self.database.read() as conn:
            hash = users.hash_of(conn, account)
        counted = self._counted(account.name, account, address, {account.id: LOGGED_IN} | dict(devices))
        refused = self._verify(password, hash, counted, enabled=True, confirming=True)
        if refused is not None and refused.wait is not None:
            return refused
        return Refused(NOT_NOW) if refused is not None or hash is None else hash

    def confirm_code(
        self, account: Account, code: str, address: str, devices: Mapping[str, str] = NOBODY_KNOWN
    ) -> Refused | None:
        """Whether the person who is logged in has the second factor at hand; why not if it is not so."""
        counted = self._counted(account.name, account, address, {account.id: LOGGED_IN} | dict(devices))
        with self.database.write() as conn:
            now = self.database.now(conn)
            refused = self._too_many(conn, counted, now)
            if refused is not None:
                return refused
            if second_factor.accept(conn, account, code, address, now):
                return None
            self._count(conn, counted, now)
        return Refused(WRONG_CODE)

    def _verify(
        self,
        password: str,
        hash: PasswordHash | None,
        counted: _Counted,
        *,
        enabled: bool,
        confirming: bool = False,
        failed: Account | None = None,
    ) -> Refused | None:
        """Wait for the turn, hash, and count a failure; all within the turn, so that nobody is counted late.

        Who was wrong too often takes no place in the queue.
        """
        if (refused := self._too_many_now(counted)) is not None:
            return refused
        known, failures = counted.device != STRANGERS, self.guesses.counted(counted.address)
        with self.queue.turn(network(counted.address), known=known, failures=failures) as mine:
            if not mine:
                return Refused(BUSY, RETRY_SECONDS, busy=True)
            if (refused := self._too_many_now(counted)) is not None:
                return refused
            if passwords.verified(password, hash) and enabled:
                return None
            with self.database.write() as conn:
                now = self.database.now(conn)
                self._count(conn, counted, now)
                if not confirming:  # Whoever asks to confirm records what was refused.
                    sessions.failed(conn, failed, counted.address, now)
        return Refused(WRONG)

    def _too_many_now(self, counted: _Counted) -> Refused | None:
        with self.database.read() as conn:
            return self._too_many(conn, counted, self.database.now(conn))

    def _too_many(self, conn: Connection, counted: _Counted, now: datetime) -> Refused | None:
        wait = self.guesses.too_many(counted.address)
        if wait is not None:
            return Refused(f"There were too many wrong attempts from {counted.address}: try again in {wait} s.", wait)
        left = login_failures.wait(conn, counted.name_hash, counted.device, self.failed_attempts, now)
        if left is None:
            return None
        seconds = max(1, math.ceil(left))
        where = "with this name" if counted.device == STRANGERS else "with this name in this browser"
        return Refused(f"There were too many wrong attempts {where}: try again in {seconds} s.", seconds)

    def _count(self, conn: Connection, counted: _Counted, now: datetime) -> None:
        self.guesses.wrong(counted.address)
        login_failures.record(conn, counted.name_hash, counted.device, now)

    def _counted(self, typed: str, account: Account | None, address: str, devices: Mapping[str, str]) -> _Counted:
        """The same work for a name that nobody has: what is stored is a keyed hash of what was typed."""
        self._key = self._key or signing_key.signing_key(self.database)
        name_hash = hmac.digest(self._key, f"log-in {typed}".encode("utf-8", "surrogatepass"), "sha256").hex()
        device = devices.get(account.id, STRANGERS) if account is not None else STRANGERS
        return _Counted(address, name_hash, device)

    def _look_up(self, typed: str) -> tuple[Account | None, PasswordHash | None]:
        if not NAME.fullmatch(typed):
            return None, None
        with self.database.read() as conn:
            account = users.named(conn, typed)
            return account, users.hash_of(conn, account) if account else None

    def _start(
        self, account: Account, hash: PasswordHash, password: str, address: str
    ) -> Entered | CodeNeeded | Refused:
        better = passwords.hash_anew(password) if passwords.needs_rehash(hash) else None
        with self.database.write() as conn:
            now = self.database.now(conn)
            if users.unchanged(conn, account, hash):
                if better is not None:
                    users.rehash(conn, account, better)
                # As it is now: the second factor may have been turned on meanwhile.
                today = users.get(conn, account.id) or account
                if today.second_factor_at is not None:
                    return CodeNeeded(today, pending_logins.start(conn, today, now))
                return Entered(today, sessions.start(conn, today, address, self.hours, now))
            # Somebody disabled the person, or changed the password, while it was verified.
            sessions.failed(conn, account, address, now)
        return Refused(WRONG)
