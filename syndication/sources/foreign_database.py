"""Reads another system's database: in one snapshot, by statements that can change nothing and end in time.

This is the only file outside of ``store`` that knows SQLAlchemy: what kinds of sources see of it are plain rows.

    database = ForeignDatabase("mysql://reader:secret@db/daily")
    with database.snapshot() as snapshot:
        for post in snapshot.rows("SELECT ID, post_title FROM wp_posts WHERE ID > :after", {"after": 7}):
            post["post_title"]
"""

import hashlib
import sqlite3
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, bindparam, create_engine, event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from syndication.config.loading import mask
from syndication.errors import ConfigError
from syndication.sources.reader import SourceError
from syndication.store.db.database import KEEPALIVE
from syndication.store.db.patience import Patience
from syndication.store.db.timeouts import connect_with_patience

STATEMENT_SECONDS = 15.0
"""How long one statement may take there; a look at 200,000 stories takes a tenth of a second."""

IDLE_SECONDS = 300
"""The other server ends our session after this long without a statement: a frozen worker keeps no snapshot for days."""

CONNECT_SECONDS = 5
ROWS_AT_ONCE = 500

_SCHEMES = {
    "mysql": "mysql",
    "mariadb": "mysql",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
}

Parameters = Mapping[str, Any]


class Snapshot:
    """One moment of the other database. ``dialect`` is mysql (MariaDB too), postgresql or sqlite.

    Every method raises SourceError, also in the middle of the rows.
    """

    def __init__(self, dialect: str, conn: Connection) -> None:
        self.dialect = dialect
        self._conn = conn

    def rows(self, statement: str, parameters: Parameters | None = None) -> Iterator[Mapping[str, Any]]:
        """Yields rows by column name as they arrive; ``:name`` in the statement stands for a parameter.

        Without parameters the statement goes as it is: colons and per cent signs mean nothing then. A list as a
        parameter is written ``IN :ids``.
        """
        with _told():
            # Streamed: the driver holds few rows in memory. MySQL reads on when the cursor is closed early.
            result = self._execute(statement, parameters, stream_results=True, max_row_buffer=ROWS_AT_ONCE)
            with closing(result):
                yield from result.mappings()

    def column(self, statement: str, parameters: Parameters | None = None) -> Iterator[Any]:
        """Yields the first column of each row as they arrive, in half the time of ``rows``: for very many."""
        with _told():
            result = self._execute(statement, parameters, stream_results=True, max_row_buffer=10 * ROWS_AT_ONCE)
            with closing(result):
                for some in result.scalars().partitions(ROWS_AT_ONCE):
                    yield from some

    def all(self, statement: str, parameters: Parameters | None = None) -> list[Mapping[str, Any]]:
        """Returns all rows; for answers that are known to be small."""
        with _told():
            return [dict(row) for row in self._execute(statement, parameters).mappings()]

    def value(self, statement: str, parameters: Parameters | None = None) -> Any:
        """Returns the first column of the first row; None without a row."""
        with _told():
            row = self._execute(statement, parameters).first()
            return None if row is None else row[0]

    def columns(self, statement: str) -> list[str]:
        """Returns the names of a statement's columns; the statement should be limited to no row."""
        with _told(), closing(self._execute(statement, None)) as result:
            return list(result.keys())

    def _execute(self, statement: str, parameters: Parameters | None, **options: Any) -> Any:
        if not parameters:
            return self._conn.exec_driver_sql(statement, execution_options={"no_parameters": True, **options})
        query = text(statement)
        lists = [name for name, value in parameters.items() if isinstance(value, list | tuple)]
        if lists:
            query = query.bindparams(*(bindparam(name, expanding=True) for name in lists))
        return self._conn.execute(query, dict(parameters), execution_options=options)


class ForeignDatabase:
    """The database of another system, by its address. Opened lazily; for one thread at a time.

    ``?sslmode=require`` (encrypted) or ``verify-full`` (with the host's name checked), and ``sslrootcert=FILE``, work
    for MySQL as for PostgreSQL. ``?unix_socket=PATH`` is a socket of MySQL.
    """

    def __init__(self, url: str, *, statement_seconds: float = STATEMENT_SECONDS) -> None:
        self.dialect, self._engine = _engine(url, statement_seconds)
        self._seconds = statement_seconds

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Opens one read-only snapshot; ends it, and changes nothing, whatever happens."""
        with _told():
            conn = self._engine.connect()
        try:
            with _told():
                self._begin(conn)
            yield Snapshot(self.dialect, conn)
        finally:
            # Without an error of its own: a broken connection is thrown away by the pool.
            with suppress(SQLAlchemyError):
                if self.dialect != "postgresql":
                    conn.exec_driver_sql("ROLLBACK")
            with suppress(SQLAlchemyError):
                conn.close()

    def close(self) -> None:
        """Closes the connection."""
        self._engine.dispose()

    def _begin(self, conn: Connection) -> None:
        if self.dialect == "postgresql":
            conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        elif self.dialect == "mysql":
            conn.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            conn.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        else:
            conn.exec_driver_sql("BEGIN")


def sqlite_file(url: str) -> Path | None:
    """Returns the file of an address of SQLite; None for any other address, and for one that is none."""
    try:
        parsed = make_url(url) if url else None
    except (ArgumentError, ValueError):
        return None
    if parsed is None or parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database).absolute()


def _engine(url: str, seconds: float) -> tuple[str, Engine]:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Without the cause, whose message quotes the address and so the password.
        parsed = None
    dialect = _SCHEMES.get(parsed.get_backend_name()) if parsed is not None else None
    if parsed is None or dialect is None:
        raise ConfigError(
            f"the database of a source is {mask(url)!r}: it should be an address like mysql://reader:password@host/name,"
            " postgresql://… or sqlite:///file"
        )
    return dialect, {"mysql": _mysql, "postgresql": _postgresql, "sqlite": _sqlite}[dialect](parsed, seconds)


def _mysql(url: URL, seconds: float) -> Engine:
    query = dict(url.query)
    secure = _ssl_context(str(query.pop("sslmode", "")), str(query.pop("sslrootcert", "")))
    # The server ends a slow statement first; a frozen server, or a network that drops packets, ends nothing.
    options: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": seconds * 1.2,
        "write_timeout": seconds,
    }
    if secure is not None:
        options["ssl"] = secure
    engine = create_engine(
        url.set(drivername="mysql+pymysql", query={"charset": "utf8mb4", **query}),
        isolation_level="AUTOCOMMIT",  # The snapshot's BEGIN is explicit.
        connect_args=options,
        **_POOL,
    )

    @event.listens_for(engine, "connect")
    def opened(dbapi: Any, _record: Any) -> None:
        mariadb = "mariadb" in str(dbapi.get_server_info()).lower()
        limit = f"max_statement_time = {seconds}" if mariadb else f"max_execution_time = {seconds * 1000:.0f}"
        with dbapi.cursor() as cursor:
            # GROUP_CONCAT cuts its text at 1,024 bytes without an error; TIMESTAMP columns follow the session's zone.
            cursor.execute(
                f"SET SESSION {limit}, wait_timeout = {IDLE_SECONDS}, time_zone = '+00:00',"
                " group_concat_max_len = 16777216"
            )

    return engine


def _ssl_context(mode: str, root: str) -> ssl.SSLContext | None:
    if mode in ("", "disable") and not root:
        return None
    if mode not in ("require", "verify-ca", "verify-full", ""):
        raise ConfigError(f"sslmode of a source's database is {mode!r}: it should be require, verify-ca or verify-full")
    try:
        context = ssl.create_default_context(cafile=root or None)
    except OSError as error:
        raise ConfigError(f"sslrootcert of a source's database cannot be read: {root} ({error.strerror})") from error
    if mode == "require" and not root:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif mode == "verify-ca":
        context.check_hostname = False
    return context


def _postgresql(url: URL, seconds: float) -> Engine:
    limits = {
        "statement_timeout": seconds,
        "lock_timeout": seconds,
        "idle_in_transaction_session_timeout": IDLE_SECONDS,
    }
    settings = ["-c timezone=UTC -c default_transaction_read_only=on"]
    settings += [f"-c {name}={1000 * value:.0f}" for name, value in limits.items()]
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=KEEPALIVE | {"connect_timeout": CONNECT_SECONDS, "options": " ".join(settings)},
        **_POOL,
    )
    connect_with_patience(engine, Patience(seconds))
    return engine


def _sqlite(url: URL, seconds: float) -> Engine:
    path = Path(url.database or "").absolute()
    if not url.database or url.database == ":memory:":
        raise ConfigError("the database of a source names no file: it should be like sqlite:////srv/cms/news.db")

    def connect() -> sqlite3.Connection:
        dbapi = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=seconds, check_same_thread=False, isolation_level=None
        )
        dbapi.text_factory = lambda raw: raw.decode("utf-8", "replace")
        dbapi.execute("PRAGMA query_only = ON")
        dbapi.create_function("syndication_md5", -1, _md5, deterministic=True)
        return dbapi

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, **_POOL)

    @event.listens_for(engine, "connect")
    def opened(_dbapi: Any, record: Any) -> None:
        record.info["file"] = _file_identity(path)

    @event.listens_for(engine, "checkout")
    def still_there(_dbapi: Any, record: Any, _proxy: Any) -> None:
        # An open file outlives its name: after a restore, stories that were withdrawn there would stay for ever.
        if record.info["file"] != _file_identity(path):
            raise DisconnectionError

    @event.listens_for(engine, "before_cursor_execute")
    def limited(conn: Connection, *_: Any) -> None:
        # A file has no server that would end a slow statement: SQLite itself asks every so many instructions.
        ends = time.monotonic() + seconds
        dbapi: Any = conn.connection.dbapi_connection
        dbapi.set_progress_handler(lambda: time.monotonic() > ends, 10_000)

    return engine


def _file_identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _md5(*values: Any) -> str:
    """What MySQL and PostgreSQL have themselves: a digest of a row, as hexadecimal text."""
    return hashlib.md5(repr(values).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


_POOL: dict[str, Any] = {
    "hide_parameters": True,
    "pool_size": 1,
    "max_overflow": 1,
    "pool_timeout": CONNECT_SECONDS,
    "pool_pre_ping": True,
}


@contextmanager
def _told() -> Iterator[None]:
    """Turns an error of the driver into a SourceError that quotes no password, no parameter and no row."""
    try:
        yield
    except DBAPIError as error:
        raise SourceError(f"the source's database {_meaning(error.orig)}") from None
    except SQLAlchemyError as error:
        raise SourceError(f"the source's database does not answer ({type(error).__name__})") from None
    except (OSError, ssl.SSLError) as error:
        raise SourceError(f"the source's database does not answer ({type(error).__name__})") from None


_MYSQL_ERRORS = {
    1044: "refuses the user",
    1045: "refuses the user or its password",
    1049: "does not exist",
    1054: "lacks a column that the source reads",
    1064: "does not understand the statement",
    1142: "does not let the user read a table: GRANT SELECT",
    1143: "does not let the user read a column: GRANT SELECT",
    1146: "lacks a table that the source reads: is the prefix right?",
    1317: "ended a statement that took too long",
    1792: "can only be read",
    1698: "refuses the user or its password",
    1969: "ended a statement that took too long",
    3024: "ended a statement that took too long",
}
_POSTGRESQL_STATES = {
    "28000": "refuses the user",
    "28P01": "refuses the user or its password",
    "3D000": "does not exist",
    "42501": "does not let the user read a table: GRANT SELECT",
    "42601": "does not understand the statement",
    "42703": "lacks a column that the source reads",
    "42P01": "lacks a table that the source reads",
    "57014": "ended a statement that took too long",
}
_SQLITE_ERRORS = {
    sqlite3.SQLITE_INTERRUPT: "ended a statement that took too long",
    sqlite3.SQLITE_BUSY: "is locked by its writer",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_NOTADB: "is not a SQLite file",
    sqlite3.SQLITE_READONLY: "can only be read",
}
# Their messages name a table, a column or a place of the statement, which the operator wrote: never a row.
_MYSQL_NAMED = {1044, 1049, 1054, 1064, 1142, 1143, 1146}
_POSTGRESQL_NAMED = {"3D000", "42501", "42601", "42703", "42P01"}


def _meaning(error: Any) -> str:
    if isinstance(error, sqlite3.Error):
        code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
        if code == sqlite3.SQLITE_ERROR:
            return f"does not understand the statement ({error})"
        return f"{_SQLITE_ERRORS.get(code, 'refuses the statement')} ({getattr(error, 'sqlite_errorname', 'error')})"
    # PyMySQL has a sqlstate too, which says less than its number.
    number = error.args[0] if type(error).__module__.startswith("pymysql") and error.args else None
    if isinstance(number, int):
        named = f": {error.args[1]}" if number in _MYSQL_NAMED and len(error.args) > 1 else ""
        words = "does not answer" if 2000 <= number < 3000 else "refuses the statement"
        return f"{_MYSQL_ERRORS.get(number, words)} ({number}{named})"
    state = getattr(error, "sqlstate", None)
    if state is not None and hasattr(error, "diag"):  # PyMySQL's errors have a state too, and numbers that say more.
        named = f": {error.diag.message_primary}" if state in _POSTGRESQL_NAMED else ""
        return f"{_POSTGRESQL_STATES.get(state, 'refuses the statement')} ({state}{named})"
    return f"does not answer ({type(error).__name__})"
