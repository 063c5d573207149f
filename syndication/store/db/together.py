"""Writes that are sent to PostgreSQL as one statement: each would be a round trip.

PostgreSQL runs them as parts of a WITH query, in any order, on one snapshot, and checks foreign keys at its end (its
documentation, section 7.8.4). Those that must come in order read a count of the rows of those before them, which is not
known before these are done. SQLite, which has no round trips, runs them one after the other.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Executable, make_url

MOST = 32
"""Rows that are written by one statement: more are rare, and would make a long one that is planned each time."""

TAKEN: Final = object()
"""Stands in a row for the number that ``take_number`` takes."""

Row = Mapping[str, Any]

_Writes = Sequence[tuple[Any, list[Row]]]
_Shape = tuple[tuple[Any, tuple[tuple[str, bool], ...]], ...]

_POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()
"""Writes the statements. That of a connection would stay in memory with its engine, after that is closed."""

_PARAMETER = re.compile(r"%\((\w+)\)s")
_VALUES = re.compile(r" VALUES \((.+)\)(?= ON CONFLICT )")


class Together:
    """Collects writes; ``run`` executes them. No two of them may write the same row."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._writes: list[tuple[Any, list[Row]]] = []
        self._ordered: list[tuple[Any, list[Row]]] = []
        self._numbered: list[tuple[Any, list[Row]]] = []
        self._number: Any = None

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database."""
        return self._conn.dialect

    def execute(self, statement: Executable, rows: Row | Sequence[Row] | None = None) -> None:
        """Collects a statement that was built once, with its parameters; one without parameters is executed at once.

        What has ``TAKEN`` in its rows may be executed after all others, and must write what nobody else writes.
        """
        if rows is None:
            self._conn.execute(statement)
            return
        found = [rows] if isinstance(rows, Mapping) else list(rows)
        has_number = any(value is TAKEN for row in found for value in row.values())
        (self._numbered if has_number else self._writes).append((statement, found))

    def execute_in_order(self, statement: Executable, rows: Sequence[Row]) -> None:
        """Collects an upsert of rows that other transactions write too, which take their locks in the same order.

        It is executed after those of ``execute``, one row after the other.
        """
        self._ordered.append((statement, list(rows)))

    def take_number(self, statement: Executable) -> None:
        """Collects, in the same order, an upsert without parameters that returns a ``number``, for ``TAKEN``."""
        self._number = statement
        self._ordered.append((statement, [{}]))

    def run(self) -> None:
        """Executes what was collected."""
        groups = (self._writes, self._ordered, self._numbered)
        number, self._number = self._number, None
        self._writes, self._ordered, self._numbered = [], [], []
        single = [[(statement, row) for statement, rows in group for row in rows] for group in groups]
        if self._conn.dialect.name == "sqlite" or sum(map(len, single)) > MOST:
            self._run_each(*groups, number)
        elif any(single):
            shapes = [tuple((one, tuple((k, v is TAKEN) for k, v in row.items())) for one, row in g) for g in single]
            rows = [row for group in single for _, row in group]
            values = {f"{_prefix(n)}{k}": v for n, row in enumerate(rows) for k, v in row.items() if v is not TAKEN}
            self._conn.exec_driver_sql(_joined(*shapes, number), values)

    def _run_each(self, writes: _Writes, ordered: _Writes, numbered: _Writes, number: Any) -> None:
        taken: int | None = None
        for statement, rows in (*writes, *ordered):
            if statement is number:
                taken = self._conn.execute(statement).scalar_one()
            elif rows:
                self._conn.execute(statement, rows)
        for statement, rows in numbered:
            known = [{name: taken if value is TAKEN else value for name, value in row.items()} for row in rows]
            self._conn.execute(statement, known)


def _prefix(number: int) -> str:
    return f"w{number}_"


@lru_cache(maxsize=256)
def _joined(writes: _Shape, ordered: _Shape, numbered: _Shape, number: Any) -> str:
    """Returns the statements as one; parameters are named after their place, since several write to one table."""
    parts: list[str] = []
    before: list[str] = []
    taken = ""
    for statement, names in (*writes, *ordered, *numbered):
        name = _prefix(len(parts))
        text = _text(statement, names, name, taken)
        is_ordered = len(writes) <= len(parts) < len(writes) + len(ordered)
        if is_ordered and before:
            text = _after(text, before)
            before.clear()
        if "RETURNING" not in text:
            text += " RETURNING 1"
        if statement is number:
            taken = f"(SELECT number FROM {name})"
        before.append(name)
        parts.append(f"{name} AS ({text})")
    return f"WITH {', '.join(parts)} SELECT 1"


def _text(statement: Any, names: tuple[tuple[str, bool], ...], name: str, taken: str) -> str:
    # The values need no conversion: psycopg writes times with their zone, bytes and numbers as they are.
    compiled = str(statement.compile(dialect=_POSTGRESQL, column_keys=[one for one, _ in names]))
    numbers = {one for one, is_number in names if is_number}
    return _PARAMETER.sub(lambda found: taken if found[1] in numbers else f"%({name}{found[1]})s", compiled)


def _after(upsert: str, before: Sequence[str]) -> str:
    """Returns an upsert that is executed when these are done: it needs to know how many rows they returned."""
    done = " + ".join(f"(SELECT count(*) FROM {name})" for name in before)
    text, changed = _VALUES.subn(rf" SELECT \1 WHERE {done} >= 0", upsert)
    if changed != 1:
        raise ValueError(f"it is not an upsert: {upsert}")
    return text
