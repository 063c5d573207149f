"""Waiting for the database to change, without a transaction and without load."""

import sqlite3
import time
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from syndication.store.db.database import KEEPALIVE, Database, sqlite_path

if TYPE_CHECKING:
    import psycopg

POLL = 1.0
"""Seconds after which PostgreSQL is asked anyway: a notification may be lost with a connection or in a pooler."""

RETRY = 0.5
"""Seconds between two attempts to reach a database that is down."""


class Waker:
    """Says when the database may have changed. One thread owns it; after any reconnect everything may have."""

    def __init__(self, database: Database, channel: str, *, interval: float = 0.005) -> None:
        self._waiting: _SqliteWaker | _PostgresWaker
        if database.dialect == "sqlite":
            self._waiting = _SqliteWaker(database.url, interval)
        else:
            self._waiting = _PostgresWaker(database.url, channel)

    def wait(self, timeout: float) -> bool:
        """True as soon as something may have changed; False after ``timeout`` seconds without a change."""
        return self._waiting.wait(timeout)

    def close(self) -> None:
        """Close the connection that is waited on."""
        self._waiting.close()


class _SqliteWaker:
    """``PRAGMA data_version`` on a raw autocommit connection: 4 µs, and it changes with every commit of others.

    Inside a transaction it would never change, and the WAL would grow without end.
    """

    def __init__(self, url: str, interval: float) -> None:
        self._path = sqlite_path(url)
        self._interval = interval
        self._connection: sqlite3.Connection | None = None
        self._seen = -1

    def wait(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while True:
            version = self._version()
            if version is not None and version != self._seen:
                self._seen = version
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, self._interval if version is not None else RETRY))

    def _version(self) -> int | None:
        try:
            if self._connection is None:
                # as_uri, because a path may hold "#", "?" or "%", which mean something in an address.
                address = f"{self._path.absolute().as_uri()}?mode=rw"
                self._connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
                self._seen = -1
            version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            return version
        except sqlite3.Error:
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _PostgresWaker:
    """LISTEN on a connection of its own, and a look each second besides."""

    def __init__(self, url: str, channel: str) -> None:
        self._conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._channel = channel
        self._connection: psycopg.Connection | None = None
        self._woken = 0.0

    def wait(self, timeout: float) -> bool:
        import psycopg

        try:
            woken = self._notified(timeout)
        except psycopg.Error:
            self.close()
            time.sleep(min(timeout, RETRY))
            return False
        # However short the waits are: the look is due when none was taken for so long.
        if woken or time.monotonic() - self._woken >= POLL:
            self._woken = time.monotonic()
            return True
        return False

    def _notified(self, timeout: float) -> bool:
        import psycopg

        if self._connection is None:
            self._connection = psycopg.connect(self._conninfo, autocommit=True, **KEEPALIVE)  # type: ignore[arg-type]  # libpq's own
            self._connection.execute(f"LISTEN {self._channel}")
            return True
        for _ in self._connection.notifies(timeout=min(timeout, POLL), stop_after=1):
            return True
        self._connection.execute("SELECT 1")
        return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
