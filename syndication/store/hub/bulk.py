"""Many rows in one statement: on PostgreSQL, which plans each statement, as arrays; on SQLite, one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Connection, Executable, TableValuedAlias, bindparam, column, func
from sqlalchemy.types import TypeEngine


def given(columns: Mapping[str, TypeEngine[Any]]) -> TableValuedAlias:
    """Returns a table of parameters: each column is an array that is named like it."""
    arrays = (bindparam(f"given_{name}", type_=ARRAY(type)) for name, type in columns.items())
    return (
        func.unnest(*arrays)
        .table_valued(*(column(name, type) for name, type in columns.items()), name="given")
        .render_derived()
    )


def execute(conn: Connection, for_all: Executable, for_each: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Executes the statement ``for_all`` rows, whose table is ``given``, or the one ``for_each`` of them."""
    if not rows:
        return
    if conn.dialect.name == "postgresql":
        conn.execute(for_all, {f"given_{name}": [row[name] for row in rows] for name in rows[0]})
    else:
        conn.execute(for_each, list(rows))
