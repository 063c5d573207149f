"""What a database did for one of its users, counted by itself where it counts."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Protocol

import pymysql
from sqlalchemy import event
from sqlalchemy.engine import Engine


@dataclass(frozen=True, slots=True)
class Usage:
    """Statements, seconds that they took and of these the processor's, and bytes that were sent; None: not counted."""

    statements: float
    seconds: float
    processor: float | None
    sent: float | None


class Meter(Protocol):
    """Counts what an act costs the database."""

    def measure(self, act: Callable[[], object]) -> Usage:
        """Returns what the database did during the act."""


class MariaDbMeter:
    """MariaDB's own statistics for ``user``: every command counts, those that begin and end a transaction too."""

    def __init__(self, socket: Path, user: str) -> None:
        self._user = user
        with closing(_connected(socket, "root")) as conn, conn.cursor() as cursor:
            cursor.execute("SET GLOBAL userstat = 1")
            # A user of its own, so that reading the statistics is not counted.
            cursor.execute("CREATE USER IF NOT EXISTS counter@localhost")
            cursor.execute("GRANT PROCESS ON *.* TO counter@localhost")
        self._conn = _connected(socket, "counter")

    def measure(self, act: Callable[[], object]) -> Usage:
        """Returns what MariaDB did for the user during the act."""
        before = self._read()
        act()
        commands, busy, processor, sent = (b - a for a, b in zip(before, self._read(), strict=True))
        return Usage(commands, busy, processor, sent)

    def close(self) -> None:
        """Closes the connection."""
        self._conn.close()

    def _read(self) -> tuple[float, ...]:
        with self._conn.cursor() as cursor:
            cursor.execute(
                "SELECT SELECT_COMMANDS + UPDATE_COMMANDS + OTHER_COMMANDS, BUSY_TIME, CPU_TIME, BYTES_SENT"
                " FROM information_schema.USER_STATISTICS WHERE USER = %s",
                [self._user],
            )
            row = cursor.fetchone()
        return tuple(map(float, row)) if row else (0.0, 0.0, 0.0, 0.0)


class DriverMeter:
    """Statements as our driver sends them, and the time until all rows are here."""

    def measure(self, act: Callable[[], object]) -> Usage:
        """Returns what was asked of databases in this process during the act."""
        statements = 0

        def count(*_: Any) -> None:
            nonlocal statements
            statements += 1

        event.listen(Engine, "before_cursor_execute", count)
        began = time.perf_counter()
        try:
            act()
        finally:
            seconds = time.perf_counter() - began
            event.remove(Engine, "before_cursor_execute", count)
        return Usage(statements, seconds, None, None)


def average(found: Sequence[Usage]) -> Usage:
    """Returns the means."""

    def of(name: str) -> float | None:
        values = [getattr(usage, name) for usage in found]
        return None if None in values else mean(values)

    return Usage(mean(u.statements for u in found), mean(u.seconds for u in found), of("processor"), of("sent"))


@contextmanager
def polling(socket: Path, database: str, user: str, password: str = "") -> Iterator[Callable[[str], object]]:
    """Yields what sends a statement on one connection and reads all rows."""
    conn = pymysql.connect(unix_socket=str(socket), user=user, password=password, database=database, autocommit=True)

    def ask(statement: str) -> object:
        with conn.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    with closing(conn):
        yield ask


def _connected(socket: Path, user: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    return pymysql.connect(unix_socket=str(socket), user=user, autocommit=True)
