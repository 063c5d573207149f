"""Takes, repeats and finishes work of any table with ``AttemptColumns``.

Any number of workers share it: a row that one has locked is skipped by the others, and one that it has taken is theirs
again when its lease ends.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from syndication.store.tables.attempts import AttemptColumns

Key = tuple[Any, ...]
"""The values of a row's primary key."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed. ``retry_at`` None: no attempt follows."""

    key: Key
    error: str
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Work:
    """A table of work. ``lease`` is how long a worker may have a row: longer than any attempt takes.

    Nothing waits for more than ``longest``: a later time was recorded by a clock that has been set back since.
    """

    row: type[AttemptColumns]
    lease: timedelta
    longest: timedelta

    @property
    def table(self) -> Table:
        """The table, without the class."""
        table = self.row.__table__  # type: ignore[attr-defined]
        assert isinstance(table, Table)
        return table

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        """Returns the condition that a row may be attempted now."""
        soon, row = now + timedelta(microseconds=1), self.row
        waits = row.retry_at.between(soon, now + max(self.longest, self.lease))
        taken = row.lease_until.between(soon, now + max(self.longest, self.lease))
        return and_(
            row.given_up_at.is_(None),
            or_(row.retry_at.is_(None), ~waits),
            or_(row.lease_until.is_(None), ~taken),
        )


def has_due(conn: Connection, work: Work, now: datetime, *where: ColumnElement[bool]) -> bool:
    """Returns whether a row that meets the conditions may be attempted now."""
    return bool(conn.scalar(select(exists().where(work.is_due(now), *where))))


def claim(
    conn: Connection,
    work: Work,
    owner: str,
    now: datetime,
    most: int,
    *where: ColumnElement[bool],
    order: Sequence[Any] = (),
) -> list[RowMapping]:
    """Takes at most ``most`` due rows that meet the conditions, and returns them as they were before.

    By ``order``, otherwise by their keys. What another worker is just taking is skipped.
    """
    table = work.table
    free = select(table).where(work.is_due(now), *where).order_by(*(order or table.primary_key.columns)).limit(most)
    found = list(conn.execute(free.with_for_update(skip_locked=True, of=table)).mappings())
    if found:
        taken = {
            "attempts": table.c.attempts + 1,
            "lost": table.c.lost + case((table.c.lease_until.is_not(None), 1), else_=0),
            "lease_owner": owner,
            "lease_until": now + work.lease,
        }
        conn.execute(update(table).where(any_of(work, [key_of(work, row) for row in found])).values(taken))
    return found


def key_of(work: Work, row: Mapping[Any, Any]) -> Key:
    """Returns the key of a row that was claimed."""
    return tuple(row[column.name] for column in work.table.primary_key.columns)


def release(conn: Connection, work: Work, keys: Collection[Key]) -> None:
    """Gives rows back that were taken, but not attempted to the end."""
    if keys:
        table = work.table
        free = _FREE | {"attempts": table.c.attempts - 1}
        conn.execute(update(table).where(any_of(work, keys), table.c.attempts > 0).values(free))


def finish(conn: Connection, work: Work, keys: Collection[Key], **values: Any) -> None:
    """Records a success that leaves the rows, with ``values``: nobody has them any more, and nothing is to be repeated.

    The error of an attempt before is forgotten, unless ``values`` have one.
    """
    if keys:
        fresh: dict[str, Any] = _FREE | {"retry_at": None, "error": None, "failed_at": None} | values
        conn.execute(update(work.table).where(any_of(work, keys)).values(fresh))


def forget(conn: Connection, work: Work, keys: Collection[Key]) -> None:
    """Deletes rows: they are done, or nobody wants them any more."""
    if keys:
        conn.execute(delete(work.table).where(any_of(work, keys)))


def fail(conn: Connection, work: Work, failures: Sequence[Failure], now: datetime) -> None:
    """Records failed attempts."""
    if not failures:
        return
    table = work.table
    columns = list(table.primary_key.columns)
    here = and_(*(column == bindparam(f"key_{column.name}") for column in columns))
    names = ("error", "failed_at", "retry_at", "given_up_at")
    statement = update(table).where(here).values(_FREE | {name: bindparam(f"new_{name}") for name in names})
    rows = []
    for failure in failures:
        row = {f"key_{column.name}": value for column, value in zip(columns, failure.key, strict=True)}
        given_up_at = now if failure.retry_at is None else None
        new = dict(zip(names, (failure.error, now, failure.retry_at, given_up_at), strict=True))
        rows.append(row | {f"new_{name}": value for name, value in new.items()})
    conn.execute(statement, rows)


def any_of(work: Work, keys: Collection[Key]) -> ColumnElement[bool]:
    """Returns the condition that a row has one of these keys."""
    columns = list(work.table.primary_key.columns)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(list(keys))


_FREE: dict[str, Any] = {"lease_owner": None, "lease_until": None}
