"""Whose programs may run on the tables as they are: a newer program's migration leaves it for those that were there.

An old program cannot know what a newer one did to the tables. So each migration names the oldest program that goes
on working on what it leaves, and which those are stands in the database, where the old program looks.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, inspect, select

from syndication.store.tables.publishing import CompatibleRow

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


def compatible_revisions(scripts: "ScriptDirectory") -> list[str]:
    """The revisions whose programs may run on the tables of the newest one: that one first, and then back in time.

    A migration's ``oldest_program`` is that of its own tables, unless it says more. What one of them takes away from
    an old program, no later one gives back.
    """
    chain = list(scripts.walk_revisions())
    place = {script.revision: number for number, script in enumerate(chain)}
    found: list[str] = []
    last = len(chain)
    for number, script in enumerate(chain):
        if number > last:
            break
        found.append(script.revision)
        last = min(last, place[getattr(script.module, "oldest_program", script.revision)])
    return found


def record_compatible(conn: Connection, revisions: Sequence[str]) -> None:
    """Leave it in the database, in the transaction of the migration."""
    conn.execute(delete(CompatibleRow))
    conn.execute(insert(CompatibleRow), [{"revision": revision} for revision in revisions])


def read_compatible(conn: Connection) -> set[str]:
    """What the last migration left; nothing in a database of the time before."""
    if not inspect(conn).has_table(CompatibleRow.__tablename__):
        return set()
    return set(conn.scalars(select(CompatibleRow.revision)))
