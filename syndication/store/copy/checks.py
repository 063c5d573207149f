"""Checks that every row of the source can be copied: the target can hold its values, and no reference is broken."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, Table, exists, select

from syndication.store.copy.rows import OnProgress, Row, TableDigest, as_stored, batches
from syndication.store.copy.values import InvalidValue, Reader, reader


def readers(table: Table, target: str) -> list[Reader]:
    """Returns the reader of each column for a target of this kind."""
    return [reader(column, target) for column in table.columns]


def check_table(
    conn: Connection, table: Table, target: str, digest: TableDigest, on_progress: OnProgress
) -> Iterator[str]:
    """Adds every row of the source to the digest; yields the problem of each that cannot be copied."""
    read = readers(table, target)
    for some in batches(conn, table, on_progress):
        for raw in some:
            try:
                digest.add(tuple(one(value) for one, value in zip(read, raw, strict=True)))
            except InvalidValue:
                yield from _unreadable_value(table, read, raw)
    for constraint in table.foreign_key_constraints:
        yield from _find_orphans(conn, table, constraint)


def place(table: Table, row: Sequence[Any]) -> str:
    """Returns a row's table and key."""
    names = [column.name for column in table.columns]
    return f"{table.name} {', '.join(str(row[names.index(column.name)]) for column in table.primary_key)}"


def _unreadable_value(table: Table, read: Sequence[Reader], row: Row) -> Iterator[str]:
    for column, one, value in zip(table.columns, read, row, strict=True):
        try:
            one(value)
        except InvalidValue as unfit:
            yield f"{place(table, row)}: {column.name}: {unfit}"


def _find_orphans(conn: Connection, table: Table, constraint: ForeignKeyConstraint) -> Iterator[str]:
    """Yields rows that refer to a missing row: a shell of SQLite does not check."""
    parent = constraint.referred_table
    pairs = [(element.column, element.parent) for element in constraint.elements]
    there = exists(select(1).select_from(parent).where(*(theirs == ours for theirs, ours in pairs)))
    for row in conn.execute(as_stored(table).where(~there)):
        key = ", ".join(str(getattr(row, ours.name)) for _, ours in pairs)
        yield f"{place(table, row)}: it refers to {parent.name} {key}, which does not exist"
