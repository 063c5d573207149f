"""PostgreSQL as seen from its server: the processor time that it spends for a database, and the statements it gets."""

import contextlib
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

SETTINGS = ("log_statement", "log_line_prefix")
LOG_FILE = "log"
"""The name in the data folder, to which the wheel's server writes."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a session, which ``application`` opened."""

    session: int
    database: str
    application: str
    text: str

    @property
    def is_work(self) -> bool:
        """Whether it does more than begin or end a transaction, or check that the connection is there."""
        return self.text.partition(" ")[0].strip(";") not in ("", "BEGIN", "COMMIT", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Sent:
    """Numbers of statements: those that do work, and those that only frame them.

    A statement that is executed for many rows at once counts once.
    """

    work: float
    frame: float


def sent(found: Iterable[Statement], database: str, application: str) -> Sent:
    """Counts the statements that a program sent to a database."""
    last: dict[int, str] = {}
    work = frame = 0
    for one in found:
        if (one.database, one.application) != (database, application):
            continue
        if not one.is_work:
            frame += 1
        elif last.get(one.session) != one.text:
            work += 1
        last[one.session] = one.text
    return Sent(work, frame)


_CLAIM = re.compile(r"UPDATE section_state SET [^;]*\blease_owner ?=")
_VERSION = re.compile(r"(INSERT INTO|UPDATE) document\b")


def of_regenerations(found: Iterable[Statement], database: str, application: str) -> list[int]:
    """Returns the number of statements of each regeneration that published a version, from its claim to its commit.

    A claim takes the section's lease in its transaction; if that transaction also writes the version of the section
    before, the regeneration begins after it. Heartbeats in between count too, so the median is what to look at.
    """
    counts: list[int] = []
    count: int | None = None
    of_program = (one for one in found if (one.database, one.application) == (database, application))
    for transaction in _transactions(of_program):
        texts = [one.text for one in transaction]
        work = int(sent(transaction, database, application).work)
        if count is not None:
            count += work
            if any(map(_VERSION.search, texts)):
                counts.append(count)
                count = 0 if _claims(texts) else None
                continue
        if _claims(texts):
            count = work
    return counts


def _claims(texts: Iterable[str]) -> bool:
    """Whether one of the statements takes a lease; what ends a regeneration frees it."""
    return any(_CLAIM.search(text) and "completed_generation" not in text for text in texts)


def _transactions(found: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Yields transactions of all sessions in the order of their ends."""
    running: dict[int, list[Statement]] = {}
    for one in found:
        running.setdefault(one.session, []).append(one)
        if one.text.startswith(("COMMIT", "ROLLBACK")):
            yield running.pop(one.session)


class PostgreSQL:
    """A connection to the server."""

    def __init__(self, url: str) -> None:
        self._conn = psycopg.connect(url, autocommit=True)
        self._used: dict[str, dict[int, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._conn.close()

    def cpu_seconds(self, url: str) -> float:
        """Returns the CPU time of a database's sessions, with those that have ended as they were seen last."""
        name = database_name(url)
        found = self._conn.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)).fetchall()
        used = self._used.setdefault(name, {})
        for (pid,) in found:
            if pid != self._conn.info.backend_pid:
                with contextlib.suppress(OSError):
                    used[pid] = time.clock_gettime(~pid << 3 | 2)
        return sum(used.values())

    @contextlib.contextmanager
    def logged(self) -> Iterator["Log"]:
        """Has every statement logged until the end of the block."""
        (folder,) = self._conn.execute("SHOW data_directory").fetchone() or ("",)
        self._conn.execute("ALTER SYSTEM SET log_line_prefix = '|%p|%d|%a|'")
        self._conn.execute("ALTER SYSTEM SET log_statement = 'all'")
        self._reload()
        try:
            yield Log(Path(folder) / LOG_FILE)
        finally:
            for name in SETTINGS:
                self._conn.execute(f"ALTER SYSTEM RESET {name}")
            self._reload()

    def _reload(self) -> None:
        self._conn.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)  # Sessions follow before their next statement.


class Log:
    """What the server logs from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size

    def read(self) -> list[Statement]:
        """Returns the statements since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        self._offset += len(text)
        return list(read_statements(text.decode(errors="replace").splitlines()))


def read_statements(lines: Sequence[str]) -> Iterator[Statement]:
    """Yields the logged statements; each is logged once, when it is executed, not when it is parsed or bound."""
    found: list[str] = []
    for line in [*lines, "|"]:
        if found and line.startswith("\t"):
            found.append(line.strip())  # The rest of a statement of several lines.
            continue
        if found:
            yield _statement(" ".join(found))
            found = []
        if line.startswith("|") and _LOGGED.match(line):
            found = [line]


_LOGGED = re.compile(r"(?:\|[^|]*){3}\|LOG:  (?:statement|execute [^:]+): ")


def _statement(line: str) -> Statement:
    _, session, database, application, message = line.split("|", 4)
    return Statement(int(session), database, application, message.partition(": ")[2].partition(": ")[2].strip())


def database_name(url: str) -> str:
    """Returns the name of the database in a URL."""
    return str(conninfo_to_dict(url)["dbname"])
