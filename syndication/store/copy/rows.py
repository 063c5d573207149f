"""The tables that are copied, their rows a batch at a time, and what is counted of them."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, select, type_coerce
from sqlalchemy.types import NULLTYPE, LargeBinary

from syndication.store.copy.values import exact_text
from syndication.store.tables import access, publishing  # noqa: F401  # their tables belong to the metadata
from syndication.store.tables.articles import Base
from syndication.store.tables.publishing import CompatibleRow

TABLES = [table for table in Base.metadata.sorted_tables if table is not CompatibleRow.__table__]
"""Each after those that it refers to. Whose programs may run is for the target's own migration to say."""

TOGETHER, DOCUMENTS_TOGETHER = 200, 5
"""Rows that are in memory at once: an article has kilobytes, a document megabytes."""

Row = tuple[Any, ...]

OnProgress = Callable[[int], None]
"""Is told how many rows are done."""


@dataclass(slots=True)
class TableDigest:
    """How many rows a table has, and a digest of them all that does not depend on their order."""

    rows: int = 0
    digest: int = 0

    def add(self, row: Row) -> None:
        """Count a row of values that both databases have in common."""
        found = hashlib.blake2b(repr(row).encode(), digest_size=16).digest()
        self.rows += 1
        self.digest = (self.digest + int.from_bytes(found)) % 2**128


def as_stored(table: Table) -> Select[*tuple[Any, ...]]:
    """Every column as the driver gives it."""
    return select(*(type_coerce(column, NULLTYPE).label(column.name) for column in table.columns))


def batches(conn: Connection, table: Table, on_progress: OnProgress) -> Iterator[Sequence[Row]]:
    """All rows, as they are stored, so many at a time."""
    together = DOCUMENTS_TOGETHER if any(isinstance(c.type, LargeBinary) for c in table.columns) else TOGETHER
    result = conn.execute(as_stored(table), execution_options={"stream_results": True, "yield_per": together})
    done = 0
    on_progress(done)
    for some in result.partitions():
        yield [tuple(row) for row in some]
        done += len(some)
        on_progress(done)


@contextmanager
def exact_values(conn: Connection) -> Iterator[None]:
    """Within, SQLite's texts are read as they are, and not made readable."""
    if conn.dialect.name != "sqlite":
        yield
        return
    driver: Any = conn.connection.driver_connection
    readable = driver.text_factory
    driver.text_factory = exact_text
    try:
        yield
    finally:
        driver.text_factory = readable
