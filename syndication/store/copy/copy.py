"""A copy from the first check to the comparison."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, Table, exists, insert, inspect, select, text

from syndication.errors import StoreError
from syndication.store.articles import articles
from syndication.store.copy.checks import check_table, place, readers
from syndication.store.copy.rows import TABLES, Row, TableDigest, batches, exact_values
from syndication.store.copy.sequences import NUMBERED, advance_sequence, read_position
from syndication.store.db.database import Database, DatabaseDown, DatabaseError
from syndication.store.db.errors import kind
from syndication.store.migrations import runner
from syndication.store.processes import web_processes, workers
from syndication.store.triggers import create_triggers, drop_triggers

MAX_REPORTED = 20
"""The most problems listed; further ones are only counted."""

OnTableProgress = Callable[[str, str, int], None]
"""Called with the step, the table, and the number of its rows that are done."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table: its rows and their digest, the same in both databases."""

    table: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class CopyResult:
    """The copied tables; ``missed`` counts later changes of articles in the source, which are not in the copy."""

    tables: tuple[CopiedTable, ...]
    missed: int


def copy_database(source: Database, target: Database, progress: OnTableProgress, *, live: bool = False) -> CopyResult:
    """Copies everything in the source at one moment into an empty target.

    Raises StoreError, with nothing in the target, if the source has another revision, if workers or web processes run
    on it (unless ``live``), if the target is not empty, if a row cannot be copied, or if the two differ.
    """
    if source.url == target.url:
        raise StoreError("source and target are the same database: name another one, which must be empty")
    _refuse_newer("source", runner.check(source))
    with _snapshot(source) as old, _empty(target) as new:
        if not live:
            _refuse_at_work(old, source)
        places = {table: read_position(old, table) for table in NUMBERED}
        tallies = _check_tables(old, new.dialect.name, progress)
        for table in TABLES:
            _fill(old, new, table, progress)
        _compare(new, tallies, progress)
        for table, last in places.items():  # The last step, because PostgreSQL cannot roll it back.
            advance_sequence(new, table, last)
    articles.analyze(target)
    done = tuple(CopiedTable(table.name, tally.rows, f"{tally.digest:032x}"[:12]) for table, tally in tallies.items())
    return CopyResult(done, _count_missed(source, places))


@contextmanager
def _snapshot(source: Database) -> Iterator[Connection]:
    with source.snapshot() as conn, exact_values(conn):
        _stay_open(conn)
        yield conn


@contextmanager
def _empty(target: Database) -> Iterator[Connection]:
    """Yields a transaction in which the tables exist without triggers; the triggers are created at its end."""
    with runner.exclusive(target) as conn, exact_values(conn):
        _stay_open(conn)
        _refuse_newer("target", runner.newer(conn, runner.revision(conn)))
        _refuse_filled(conn)
        runner.upgrade(conn)
        drop_triggers(conn)
        yield conn
        create_triggers(conn)


def _stay_open(conn: Connection) -> None:
    """Each connection waits for the other, for longer than PostgreSQL lets a transaction be idle."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _refuse_newer(which: str, revision: str | None) -> None:
    """Raises StoreError if the database may have columns that this program does not know."""
    if revision is not None:
        raise StoreError(f"the {which} is at revision {revision} of a newer program: copy with that program")


def _refuse_filled(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        encoding = conn.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise StoreError(f"the target's encoding is {encoding}: create it with ENCODING 'UTF8' TEMPLATE template0")
    there = set(inspect(conn).get_table_names())
    filled = [t.name for t in TABLES if t.name in there and conn.scalar(select(exists(select(1).select_from(t))))]
    if filled:
        raise StoreError(f"the target is not empty, there are rows in {', '.join(filled)}: name an empty database")


def _refuse_at_work(conn: Connection, source: Database) -> None:
    """Workers publish, and web processes write for editors."""
    now = source.now(conn)
    at_work = [("worker", one.pid, one.host) for one in workers.list_alive(conn, now)]
    at_work += [("web process", one.pid, one.host) for one in web_processes.list_alive(conn, now)]
    if at_work:
        kind, pid, host = at_work[0]
        raise StoreError(
            f"a {kind} is running on the source (process {pid} on {host}), and later writes would not be"
            " in the copy: stop the service and all other writers, or copy with --live to try it out"
        )


def _check_tables(old: Connection, target: str, progress: OnTableProgress) -> dict[Table, TableDigest]:
    """Returns the digest of each table of the source; raises StoreError naming each row that the target cannot hold."""
    tallies, problems, count = {}, [], 0
    for table in TABLES:
        tallies[table] = TableDigest()
        for problem in check_table(old, table, target, tallies[table], partial(progress, "examining", table.name)):
            count += 1
            if count <= MAX_REPORTED:
                problems.append(problem)
    if problems:
        more = [f"and {count - MAX_REPORTED:,} more"] if count > MAX_REPORTED else []
        raise StoreError(
            "nothing was copied, because the target cannot hold these rows: correct them first", problems + more
        )
    return tallies


def _fill(old: Connection, new: Connection, table: Table, progress: OnTableProgress) -> None:
    names = [column.name for column in table.columns]
    read = readers(table, new.dialect.name)
    for some in batches(old, table, partial(progress, "copying", table.name)):
        rows = [tuple(one(value) for one, value in zip(read, raw, strict=True)) for raw in some]
        _insert(new, table, names, rows)


def _insert(new: Connection, table: Table, names: list[str], rows: list[Row]) -> None:
    values = [dict(zip(names, row, strict=True)) for row in rows]
    try:
        with new.begin_nested():
            new.execute(insert(table), values)
    except DatabaseDown:
        raise
    except DatabaseError as error:
        if len(rows) == 1:
            raise StoreError(f"nothing was copied: the target {kind(error)}: {place(table, rows[0])}") from error
        for row in rows:  # Finds the row: the driver's message would quote it.
            _insert(new, table, names, [row])


def _compare(new: Connection, digests: Mapping[Table, TableDigest], progress: OnTableProgress) -> None:
    for table, wanted in digests.items():
        read, found = readers(table, new.dialect.name), TableDigest()
        for some in batches(new, table, partial(progress, "comparing", table.name)):
            for raw in some:
                found.add(tuple(one(value) for one, value in zip(read, raw, strict=True)))
        if found != wanted:
            raise StoreError(
                f"nothing was copied: {table.name} differs in the target (it has {found.rows:,} of"
                f" the {wanted.rows:,} rows). Does the target have its own triggers or rules?"
            )


def _count_missed(source: Database, places: Mapping[Table, int]) -> int:
    with source.read() as conn:
        return sum(read_position(conn, table) - last for table, last in places.items() if table.name == "change")
