"""Writes that do not depend on each other, sent to PostgreSQL as one statement: each would be a round trip.

PostgreSQL runs them as parts of a WITH query, in any order, on one snapshot, and checks foreign keys at its end (its
documentation, section 7.8.4). SQLite, which has no round trips, runs them one after the other.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, make_url

MOST = 24
"""Rows that are written by one statement: more are rare, and would make a long one that is planned each time."""

Row = Mapping[str, Any]

_POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()
"""Writes the statements. That of a connection would stay in memory with its engine, after that is closed."""

_PARAMETER = re.compile(r"%\((\w+)\)s")


class Together:
    """Collects writes; ``run`` executes them. No two of them may write the same row."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._writes: list[tuple[Any, list[Row]]] = []

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database."""
        return self._conn.dialect

    def execute(self, statement: Executable, rows: Row | Sequence[Row] | None = None) -> None:
        """Collects a statement that was built once, with its parameters; one without parameters is executed at once."""
        if rows is None:
            self._conn.execute(statement)
        else:
            self._writes.append((statement, [rows] if isinstance(rows, Mapping) else list(rows)))

    def run(self) -> None:
        """Executes what was collected."""
        writes, self._writes = self._writes, []
        single = [(statement, row) for statement, rows in writes for row in rows]
        if self._conn.dialect.name == "sqlite" or len(single) > MOST:
            for statement, rows in writes:
                self._conn.execute(statement, rows)
        elif single:
            shape = tuple((statement, tuple(row)) for statement, row in single)
            values = {f"{_prefix(n)}{name}": value for n, (_, row) in enumerate(single) for name, value in row.items()}
            self._conn.exec_driver_sql(_joined(shape), values)


def _prefix(number: int) -> str:
    return f"w{number}_"


@lru_cache(maxsize=256)
def _joined(shape: tuple[tuple[Any, tuple[str, ...]], ...]) -> str:
    """Returns the statements as one; parameters are named after their place, since several write to one table."""
    parts = []
    for n, (statement, names) in enumerate(shape):
        text = _PARAMETER.sub(f"%({_prefix(n)}\\1)s", str(_compiled(statement, names)))
        parts.append(f"{_prefix(n)} AS ({text})")
    return f"WITH {', '.join(parts)} SELECT 1"


def _compiled(statement: Any, names: tuple[str, ...]) -> Any:
    # The values need no conversion: psycopg writes times with their zone, bytes and numbers as they are.
    return statement.compile(dialect=_POSTGRESQL, column_keys=list(names))
