"""Waits for changes of the database, without a transaction and without load."""

import sqlite3
import time
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from syndication.store.db.database import DOCUMENTS, KEEPALIVE, Database, sqlite_path
from syndication.store.db.file_signal import FileSignal
from syndication.store.db.file_writes import FileWrites

if TYPE_CHECKING:
    import psycopg

POLL = 1.0
"""The seconds between checks on PostgreSQL: a notification may be lost with a connection or in a pooler."""

RETRY = 0.5
"""The seconds between two attempts to reach a database that is down."""


class Waker:
    """Detects that the database may have changed. Owned by one thread; after a reconnect, anything may have changed."""

    def __init__(self, database: Database, channel: str, *, interval: float = 0.005) -> None:
        self._waiting: _SqliteWaker | _PostgresWaker
        if database.dialect == "sqlite":
            # Articles are written by any program; documents by this service alone, which touches the file.
            self._waiting = _SqliteWaker(database.url, interval, FileSignal if channel == DOCUMENTS else FileWrites)
        else:
            self._waiting = _PostgresWaker(database.url, channel)

    def wait(self, timeout: float) -> bool:
        """Returns True as soon as something may have changed; False after ``timeout`` seconds without a change."""
        return self._waiting.wait(timeout)

    def close(self) -> None:
        """Closes the connection that is waited on."""
        self._waiting.close()


class _SqliteWaker:
    """``PRAGMA data_version`` on a raw autocommit connection: takes 4 µs, and changes with every commit of others.

    It is read when the file was written or touched, and four times a second. Inside a transaction it would never
    change, and the WAL would grow without end.
    """

    def __init__(self, url: str, interval: float, hint: type[FileSignal] | type[FileWrites]) -> None:
        self._path = sqlite_path(url)
        self._interval = interval
        self._hint = hint
        self._connection: sqlite3.Connection | None = None
        self._writes: FileSignal | FileWrites | None = None
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
            if self._writes is not None:
                self._writes.wait(left)
            else:
                time.sleep(min(left, RETRY))

    def _version(self) -> int | None:
        try:
            if self._connection is None:
                # as_uri, because "#", "?" and "%" in a path have a meaning in a URI.
                address = f"{self._path.absolute().as_uri()}?mode=rw"
                self._connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
                self._writes = self._hint(self._path, self._interval)
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
        if self._writes is not None:
            self._writes.close()
            self._writes = None


class _PostgresWaker:
    """LISTEN on its own connection, plus a check each second."""

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
        # Also with short waits: a check is due once none was made for this long.
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
