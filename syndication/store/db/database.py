"""The database: how it is opened, and the ways to use it (read, glance, snapshot, write, write again).

SQLite's driver begins transactions implicitly; here every BEGIN is explicit, so that a snapshot is consistent from its
first statement, and a writer takes the lock at its start instead of failing in the middle.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, Engine, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from syndication.config.loading import mask
from syndication.errors import ConfigError, StoreError
from syndication.store.db.clock import Clock, system_clock
from syndication.store.db.errors import DatabaseDown, DatabaseError, SerializationConflict, count_error, translate
from syndication.store.db.file_signal import touch
from syndication.store.db.patience import Patience

__all__ = ["DOCUMENTS", "SOURCES", "WORK", "Database", "DatabaseDown", "DatabaseError", "SerializationConflict"]

WORK = "syndication_work"
"""The channel that wakes workers: there is a change or a request."""

SOURCES = "syndication_sources"
"""The channel that wakes workers' threads for sources: somebody asked for a look."""

DOCUMENTS = "syndication_documents"
"""The channel that wakes web processes: a version was published."""

BUSY_SECONDS = 10.0
"""How long a writer waits for another one before the database counts as locked."""

IDLE_SECONDS = 10.0
"""PostgreSQL ends the transaction of a frozen process after this long, so that it blocks no other."""

OWNER_FOLDER, OWNER_FILE = 0o700, 0o600
"""Permissions of a new folder and file of the database, which contains embargoed stories."""

BINARY = {"syndication_binary": True}
"""Execution options of a statement that returns large bytes: PostgreSQL's text form of them is twice as long."""

_ANNOUNCED = "syndication_announced"
"""The key in a connection's info: web processes are woken once the transaction is committed."""

_BEGIN = {"write": "BEGIN IMMEDIATE", "write again": "BEGIN IMMEDIATE", "glance": None}

_NOW, _NOTIFY = text("SELECT clock_timestamp()"), text("SELECT pg_notify(:channel, '')")
_NOW_AGAIN = text("SELECT clock_timestamp() FROM set_config('synchronous_commit', 'off', true)")

_SYNCED = "syndication_synced"
"""The key in a connection's info: when SQLite waits for the disk on it."""

_SYNCHRONOUS = {"write": "FULL", "write again": "NORMAL"}
"""FULL: committed data survives a power cut. It costs one sync for each commit, and polls nothing."""


class Database:
    """One database, SQLite or PostgreSQL. ``clock`` replaces the database's own, for tests.

    ``timeout`` is for interactive callers: the seconds after which a statement, or waiting for another writer,
    fails as DatabaseDown. SQLite's own reads never wait. ``prepared``: PostgreSQL keeps the plans of statements, for
    processes that send the same few all the time.
    """

    def __init__(
        self, url: str, *, clock: Clock | None = None, timeout: float | None = None, prepared: bool = False
    ) -> None:
        self.url = url
        self._clock = clock
        self._patience = Patience(float("inf") if timeout is None else timeout)
        parsed = _address(url)
        self.dialect = parsed.get_backend_name()
        if self.dialect not in ("sqlite", "postgresql"):
            raise ConfigError(f"database.url names {self.dialect!r}: it must begin with sqlite:/// or postgresql://")
        if self.dialect == "sqlite":
            self.engine = _sqlite(url, BUSY_SECONDS if timeout is None else timeout)
        else:
            self.engine = _postgresql(url, timeout, self._patience, prepared=prepared)
        self._prepared = prepared and self.dialect == "postgresql"
        self._closed = False
        event.listen(self.engine, "handle_error", translate, retval=True)
        event.listen(self.engine, "checkin", self._returned)

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        try:
            conn = self.engine.connect()
        except PoolTimeout as error:
            count_error("down")
            raise DatabaseDown("the database has no connection left (pool timeout)") from error
        with conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yields a connection to read with."""
        with self._connect() as conn:
            yield conn
            self._end_reading(conn)

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """Yields a connection for one statement that reads, without a transaction: on PostgreSQL, two messages less."""
        with self._connect() as conn:
            if self.dialect == "postgresql":
                conn.execution_options(isolation_level="AUTOCOMMIT")
            else:
                conn.execution_options(syndication_mode="glance")
            yield conn

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Yields a connection that sees one state of the database, that of its first statement."""
        with self._connect() as conn:
            if self.dialect == "postgresql":
                conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield conn
            self._end_reading(conn)

    def _end_reading(self, conn: Connection) -> None:
        """Commits what has read only, where statements are prepared: a rollback makes psycopg forget them."""
        if self._prepared:
            conn.commit()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yields a transaction to write in: committed at the end, rolled back on an exception."""
        with self._connect() as conn:
            conn.execution_options(syndication_mode="write")
            conn.info[_ANNOUNCED] = False
            with conn.begin():
                yield conn
            if conn.info[_ANNOUNCED] and self.dialect == "sqlite":
                touch(sqlite_path(self.url))

    @contextmanager
    def write_again(self) -> Iterator[Connection]:
        """Yields the same for what would be done again if it were lost: its commit waits for no disk.

        A process that dies loses nothing. A power cut, or the death of the PostgreSQL server, may lose the last such
        transactions, always those that came last; one of ``write`` that comes after them makes them last too. On
        PostgreSQL, ``now`` says so with the statement that it sends anyway.
        """
        with self._connect() as conn:
            conn.execution_options(syndication_mode="write again")
            with conn.begin():
                yield conn

    @contextmanager
    def write_within(self, seconds: float) -> Iterator[Connection]:
        """Yields the same for what can be left undone: it waits for another writer for so many seconds at most."""
        with self._connect() as conn, self._patient(conn, seconds):
            conn.execution_options(syndication_mode="write")
            with conn.begin():
                if self.dialect == "postgresql":
                    conn.exec_driver_sql(f"SET LOCAL lock_timeout = {1000 * seconds:.0f}")
                yield conn

    @contextmanager
    def _patient(self, conn: Connection, seconds: float) -> Iterator[None]:
        """Lets a connection to SQLite wait only so long for the lock."""
        raw = conn.connection.dbapi_connection
        if self.dialect != "sqlite" or raw is None:
            yield
            return
        (usual,) = raw.execute("PRAGMA busy_timeout").fetchone()
        raw.execute(f"PRAGMA busy_timeout={1000 * seconds:.0f}")
        try:
            yield
        finally:
            raw.execute(f"PRAGMA busy_timeout={usual}")

    def now(self, conn: Connection) -> datetime:
        """Returns the time: PostgreSQL's own on PostgreSQL, so that skewed machines agree on an embargo."""
        read = None
        if self._clock is None and self.dialect == "postgresql":
            again = conn.get_execution_options().get("syndication_mode") == "write again"
            read = conn.execute(_NOW_AGAIN if again else _NOW).scalar_one()
        return self.time(read)

    @property
    def fixed_time(self) -> datetime | None:
        """The time, where a statement cannot ask the database's own clock; None: it does."""
        return self.time(None) if self._clock is not None or self.dialect == "sqlite" else None

    def time(self, read: datetime | None) -> datetime:
        """Returns the same time, where a statement has ``read`` PostgreSQL's clock already."""
        if self._clock is not None:
            return self._clock()
        return system_clock() if read is None else read.astimezone(UTC)

    def notify(self, conn: Connection, channel: str) -> None:
        """Wakes listeners on ``channel`` when this transaction commits; on SQLite most detect the commit themselves."""
        if self.dialect == "postgresql":
            conn.execute(_NOTIFY, {"channel": channel})
        elif channel == DOCUMENTS:
            announce(conn)

    def end_within(self, seconds: float) -> None:
        """Prepares the process for its end: a PostgreSQL that is silent for so long is waited for no more.

        Statements that wait for it then, and all that follow, fail as DatabaseDown. SQLite has a limit of its own.
        """
        self._patience.end(seconds)

    @property
    def is_given_up(self) -> bool:
        """Whether nothing waits for the database any more, see ``end_within``."""
        return self._patience.is_over

    def close(self) -> None:
        """Closes every connection; one in use is closed when it is returned."""
        self._closed = True
        self.engine.dispose()

    def _returned(self, _dbapi: object, record: ConnectionPoolEntry) -> None:
        if self._closed:
            record.invalidate()


def announce(conn: Connection) -> None:
    """Wakes web processes when this transaction of ``Database.write`` commits; on PostgreSQL, triggers do."""
    conn.info[_ANNOUNCED] = True


def _address(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        # Without the cause, whose message quotes the address and so the password.
        raise ConfigError(
            f"database.url is not an address: {mask(url)!r} must be like sqlite:///var/syndication.db"
            " or postgresql://user:password@host/name"
        ) from None


def sqlite_path(url: str) -> Path:
    """Returns the file of a SQLite address; raises ConfigError without a file, because processes share it."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ConfigError(f"database.url is {mask(url)!r}: it must name a file, like sqlite:///var/syndication.db")
    return Path(name)


def _create_private(path: Path) -> None:
    """Creates the file before SQLite does, whose permissions would only be limited by the umask.

    SQLite gives its -wal and -shm files the same permissions. An existing file keeps its own.
    """
    # If it cannot be created, opening it fails with an error of SQLite, which is translated.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, OWNER_FILE))


def _sqlite(url: str, busy: float) -> Engine:
    path = sqlite_path(url)
    try:
        path.parent.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder {path.parent} of the database cannot be created ({error.strerror})") from error
    _create_private(path)
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": busy})

    @event.listens_for(engine, "connect")
    def opened(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None
        # SQLite accepts any bytes as text: invalid UTF-8 is read with replacement characters, without an error.
        dbapi.text_factory = partial(str, encoding="utf-8", errors="replace")
        for pragma in (
            f"busy_timeout={busy * 1000:.0f}",
            "journal_mode=WAL",
            f"synchronous={_SYNCHRONOUS['write']}",
            "foreign_keys=ON",
        ):
            dbapi.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        mode = conn.get_execution_options().get("syndication_mode", "read")
        synchronous = _SYNCHRONOUS.get(mode)
        if synchronous is not None and conn.info.get(_SYNCED, "FULL") != synchronous:
            conn.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
            conn.info[_SYNCED] = synchronous
        if (statement := _BEGIN.get(mode, "BEGIN")) is not None:
            conn.exec_driver_sql(statement)

    return engine


def _postgresql(url: str, timeout: float | None, patience: Patience, *, prepared: bool) -> Engine:
    # Only here, because on SQLite no process needs the driver.
    from psycopg.errors import IdleInTransactionSessionTimeout

    from syndication.store.db.prepared_statements import prepare_statements
    from syndication.store.db.timeouts import connect_with_patience, ping_when_needed, receive_binary

    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args=KEEPALIVE | {"options": _options(timeout)},
    )

    @event.listens_for(engine, "handle_error")
    def lost(context: ExceptionContext) -> None:
        # psycopg classifies it as an internal error, but it is a connection that was cut, like any other.
        if isinstance(context.original_exception, IdleInTransactionSessionTimeout):
            context.is_disconnect = True

    connect_with_patience(engine, patience)
    ping_when_needed(engine)
    receive_binary(engine, *BINARY)
    if prepared:
        prepare_statements(engine)
    return engine


def _options(timeout: float | None) -> str:
    from syndication.store.db.timeouts import server_timeouts

    settings = server_timeouts(timeout, BUSY_SECONDS) | {"idle_in_transaction_session_timeout": IDLE_SECONDS}
    return " ".join(["-c timezone=UTC", *(f"-c {name}={1000 * value:.0f}" for name, value in settings.items())])


KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    # No query checks a connection on which something was sent: TCP retransmits with doubling pauses for a quarter of an
    # hour. After this many milliseconds without an acknowledgement it is closed.
    "tcp_user_timeout": 4_000,
    # A transaction pooler gives each transaction another connection: nothing is prepared, but see ``prepared``.
    "prepare_threshold": None,
}
"""A silently cut connection is detected within about seven seconds, whether it is waiting or has just sent a query."""
