"""The numbers of publications and registrations: one counter, so that processes read what changed since a number."""

from typing import Any

from sqlalchemy import Connection, select

from syndication.store.db.database import announce
from syndication.store.db.upsert import for_each_dialect
from syndication.store.tables.publishing import PublicationRow


def last_number(conn: Connection) -> int:
    """Returns the last number that was taken; 0: there is none. Reads one row."""
    return conn.scalar(select(PublicationRow.number)) or 0


def take_number(conn: Connection) -> int:
    """Takes the next number; call it after the last statement that may wait for another row.

    The counter's row stays locked until the commit: a higher number is never visible before a lower one. Whoever holds
    it waits for no other row, so it can be in no deadlock. The commit wakes web processes.
    """
    announce(conn)
    return int(conn.execute(_TAKEN[conn.dialect.name]).scalar_one())


def _taken(insert: Any) -> Any:
    raised = {"number": PublicationRow.number + 1}
    statement = insert(PublicationRow).values(id=1, number=1)
    return statement.on_conflict_do_update(index_elements=["id"], set_=raised).returning(PublicationRow.number)


_TAKEN = for_each_dialect(_taken)
