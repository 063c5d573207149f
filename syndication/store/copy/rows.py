"""The tables to copy, their rows in batches, and digests of them."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, select, type_coerce
from sqlalchemy.types import NULLTYPE, LargeBinary

from syndication.store.copy.values import exact_text
from syndication.store.tables.every_table import Base
from syndication.store.tables.publishing import CompatibleRow
from syndication.store.tables.search import ArticleSearchRow, SearchChangeRow, SearchFillRow

NOT_COPIED = {row.__table__ for row in (CompatibleRow, ArticleSearchRow, SearchChangeRow, SearchFillRow)}
"""The target's own migration records which programs are compatible, and its worker builds its search index."""

TABLES = [table for table in Base.metadata.sorted_tables if table not in NOT_COPIED]
"""Each after those that it refers to."""

TOGETHER, DOCUMENTS_TOGETHER = 200, 5
"""Rows in memory at the same time: an article has kilobytes, a document megabytes."""

Row = tuple[Any, ...]

OnProgress = Callable[[int], None]
"""Called with the number of rows done."""


@dataclass(slots=True)
class TableDigest:
    """The number of rows of a table, and a digest of them that does not depend on their order."""

    rows: int = 0
    digest: int = 0

    def add(self, row: Row) -> None:
        """Adds a row of values in the form that both databases share."""
        found = hashlib.blake2b(repr(row).encode(), digest_size=16).digest()
        self.rows += 1
        self.digest = (self.digest + int.from_bytes(found)) % 2**128


def as_stored(table: Table) -> Select[*tuple[Any, ...]]:
    """Selects every column as the driver returns it."""
    return select(*(type_coerce(column, NULLTYPE).label(column.name) for column in table.columns))


def batches(conn: Connection, table: Table, on_progress: OnProgress) -> Iterator[Sequence[Row]]:
    """Yields all rows as stored, in batches."""
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
    """Within this context, SQLite's texts are read exactly, without replacement characters."""
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
