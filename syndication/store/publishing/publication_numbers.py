"""The numbers of publications and registrations: one counter, so that processes read what changed since a number."""

from typing import Any

from sqlalchemy import Connection, literal_column, select

from syndication.store.db.database import announce
from syndication.store.db.together import Together
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


def take_number_with(conn: Connection, writes: Together) -> None:
    """Takes the next number in the same way, with other writes, in whose rows it is ``TAKEN``."""
    announce(conn)
    writes.take_number(_TAKEN[conn.dialect.name])


def _taken(insert: Any) -> Any:
    one: Any = literal_column("1")  # Not a parameter: ``Together`` has none besides those of rows.
    raised = {"number": PublicationRow.number + one}
    statement = insert(PublicationRow).values(id=one, number=one)
    return statement.on_conflict_do_update(index_elements=["id"], set_=raised).returning(PublicationRow.number)


_TAKEN = for_each_dialect(_taken)
