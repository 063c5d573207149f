"""What a database rejected, by the names of its schema: never a row's content, which the driver's message may quote."""

import re
import sqlite3
from typing import Any

from sqlalchemy import Connection, text

from syndication.store.db.errors import DatabaseError

_SCHEMA_NAMES = re.compile(r"(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(?:: [\w., ]+)?")
"""What SQLite says of its own constraints: names of tables, columns and constraints."""

_TABLE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)

_TABLES = re.compile(r'(?<!DO )(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')
"""The tables of all parts of a statement (``store.db.together``)."""

_FUNCTION = re.compile(r"^PL/pgSQL function (\w+)\([^\n]*\) line \d+ at ", re.MULTILINE)

_RAISED = re.compile(r"^PL/pgSQL function \w+\([^\n]*\) line \d+ at RAISE$", re.MULTILINE)
"""What a function raised itself: it can name any constraint and any table, and so quote a row as one."""


def rejected_by(error: DatabaseError) -> list[str]:
    """Returns what rejected a statement: the driver's exception, SQLSTATE, constraint, function, table; the known ones.

    An error that the database did not raise has none.
    """
    original: Any = getattr(error, "orig", None)
    if original is None:
        return []
    if isinstance(original, sqlite3.Error):
        rule = _SCHEMA_NAMES.match(str(original))
        found = [getattr(original, "sqlite_errorname", ""), rule[0] if rule else "", _of_table(error)]
    else:
        diagnosis = getattr(original, "diag", None)
        context: str = getattr(diagnosis, "context", None) or ""
        named = None if _RAISED.search(context) else diagnosis
        state, constraint = getattr(original, "sqlstate", None), getattr(named, "constraint_name", None)
        function = _FUNCTION.search(context)
        found = [
            type(original).__name__,
            f"SQLSTATE {state}" if state else "",
            f"constraint {constraint}" if constraint else "",
            f"function {function[1]}" if function else "",
            f"table {table}" if (table := getattr(named, "table_name", None)) else _of_table(error),
        ]
    return [words for words in found if words]


def raising_triggers(conn: Connection, error: DatabaseError) -> list[str]:
    """Returns the triggers that may have rejected a statement, of its table, which can raise; [] if none did."""
    original: Any = getattr(error, "orig", None)
    tables = _TABLES.findall(getattr(error, "statement", None) or "")
    if not tables:
        return []
    if conn.dialect.name == "sqlite":
        if getattr(original, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_TRIGGER":
            return []
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name AND sql LIKE '%RAISE%'"
        return [*conn.scalars(text(query), {"name": tables[0]})]
    function = _FUNCTION.search(getattr(getattr(original, "diag", None), "context", None) or "")
    if function is None:
        return []
    query = (
        "SELECT tgname, relname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_class ON"
        " pg_class.oid = tgrelid WHERE NOT tgisinternal AND proname = :function AND tgrelid = to_regclass(:name)"
    )
    found = [
        row
        for name in dict.fromkeys(tables)
        for row in conn.execute(text(query), {"name": name, "function": function[1]})
    ]
    # Of a statement with one part, the table is named already.
    return [row.tgname if len(tables) == 1 else f"{row.tgname} of table {row.relname}" for row in found]


def _of_table(error: DatabaseError) -> str:
    table = _TABLE.match(getattr(error, "statement", None) or "")
    return f"table {table[1]}" if table else ""
