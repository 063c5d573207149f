"""Sequences: numbers that are never reused, so that the copy continues after the source's last number."""

from typing import Any

from sqlalchemy import Connection, Table, text

from syndication.store.copy.rows import TABLES

NUMBERED = [table for table in TABLES if table.autoincrement_column is not None]


def read_position(conn: Connection, table: Table) -> int:
    """Returns the last number assigned, even to a row that is gone; 0 if none ever was."""
    if conn.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(conn.scalar(query, {"name": table.name}) or 0)
    row: Any = conn.execute(text(f"SELECT last_value, is_called FROM {_sequence(conn, table)}")).one()
    return int(row.last_value) if row.is_called else 0


def advance_sequence(conn: Connection, table: Table, last: int) -> None:
    """Makes the next row's number greater than ``last``."""
    if conn.dialect.name == "sqlite":
        conn.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        values = {"name": table.name, "last": last}
        conn.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)
        return
    conn.execute(
        text("SELECT setval(:sequence, :last, :called)"),
        {"sequence": _sequence(conn, table), "last": max(last, 1), "called": last > 0},
    )


def _sequence(conn: Connection, table: Table) -> str:
    """Returns the name of PostgreSQL's sequence, as a statement takes it."""
    column = table.autoincrement_column
    name = conn.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), {
        "table": table.name, "column": column.name if column is not None else "",
    })  # fmt: skip
    return str(name)
