"""How people log in to the dashboard: by name and password, and no faster than somebody who has forgotten one."""

import threading
from dataclasses import dataclass

from syndication import passwords
from syndication.editors.access import Guesses
from syndication.passwords import PasswordHash
from syndication.store import accounts, logins
from syndication.store.accounts import NAME, Account
from syndication.store.engine import Database

WRONG = "This name and this password do not go together."
"""The same for an unknown name, a wrong password and a disabled person: which of them it was is in the audit log."""

NOT_NOW = "This is not the password that you have now."


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody has logged in; ``secret`` is for the cookie, and is not told again."""

    account: Account
    secret: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody has: why, in words, and the seconds to wait (429) after too many wrong attempts, else None (401)."""

    detail: str
    wait: int | None = None


class Entrance:
    """Where people come in; one for each web process.

    Its guesses are not those of tokens: a CMS with a revoked token locks out nobody who sits behind the same address.
    """

    def __init__(self, database: Database, guesses: Guesses, hours: int) -> None:
        self.database = database
        self.guesses = guesses
        self.hours = hours
        # One at a time: who sends many at once is counted as exactly as one who waits, and 64 MB is all that it takes.
        self._verifying = threading.Lock()

    def enter(self, name: str, password: str, address: str) -> Entered | Refused:
        """Log somebody in, for the hours that are set. Who was wrong too often is refused before anything is hashed."""
        account, hash = self._look_up(name)
        enabled = account is not None and account.enabled
        refused = self._verify(password, hash, address, enabled=enabled)
        if refused is not None and refused.wait is not None:
            return refused
        if refused is not None or account is None or hash is None:
            return self._refuse(account, address)
        return self._start(account, hash, password, address)

    def confirm(self, account: Account, password: str, address: str) -> PasswordHash | Refused:
        """Whether it is really the person who is logged in: the hash that was verified if it is, else why not."""
        with self.database.read() as conn:
            hash = accounts.hash_of(conn, account)
        refused = self._verify(password, hash, address, enabled=True)
        if refused is not None and refused.wait is not None:
            return refused
        return Refused(NOT_NOW) if refused is not None or hash is None else hash

    def _verify(self, password: str, hash: PasswordHash | None, address: str, *, enabled: bool) -> Refused | None:
        with self._verifying:
            wait = self.guesses.too_many(address)
            if wait is not None:
                return Refused(f"There were too many wrong attempts from {address}: try again in {wait} s.", wait)
            if passwords.verified(password, hash) and enabled:
                return None
            self.guesses.wrong(address)
        return Refused(WRONG)

    def _look_up(self, name: str) -> tuple[Account | None, PasswordHash | None]:
        typed = name.strip().lower()
        if not NAME.fullmatch(typed):
            return None, None
        with self.database.read() as conn:
            account = accounts.named(conn, typed)
            return account, accounts.hash_of(conn, account) if account else None

    def _start(self, account: Account, hash: PasswordHash, password: str, address: str) -> Entered | Refused:
        better = passwords.hash_anew(password) if passwords.needs_rehash(hash) else None
        with self.database.write() as conn:
            now = self.database.now(conn)
            if accounts.unchanged(conn, account, hash):
                if better is not None:
                    accounts.rehash(conn, account, better)
                return Entered(account, logins.start(conn, account, address, self.hours, now))
        # Somebody disabled the person, or changed the password, while it was verified.
        return self._refuse(account, address)

    def _refuse(self, account: Account | None, address: str) -> Refused:
        with self.database.write() as conn:
            logins.failed(conn, account, address, self.database.now(conn))
        return Refused(WRONG)
