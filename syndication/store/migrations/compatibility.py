"""Which programs can run on the current tables: each migration records them in the database.

An old program cannot know the effects of a newer program's migration. So each migration names the oldest program that
still works on its tables, and the compatible revisions are stored in the database, where the old program looks.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, inspect, select

from syndication.store.tables.publishing import CompatibleRow

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


def compatible_revisions(scripts: "ScriptDirectory") -> list[str]:
    """Returns the revisions whose programs can run on the newest tables: the newest first, then back in time.

    A migration's ``oldest_program`` is its own unless set. Once a migration excludes an old program, no later migration
    includes it again.
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
    """Records the revisions, in the transaction of the migration."""
    conn.execute(delete(CompatibleRow))
    conn.execute(insert(CompatibleRow), [{"revision": revision} for revision in revisions])


def read_compatible(conn: Connection) -> set[str]:
    """Returns the recorded revisions; none in a database from before they were recorded."""
    if not inspect(conn).has_table(CompatibleRow.__tablename__):
        return set()
    return set(conn.scalars(select(CompatibleRow.revision)))
