"""Holds: a section keeps entries in its documents although their articles are gone. ``pipeline.hold`` decides.

A hold is a row, not a worker's memory: any worker continues it, and an editor ends it from another process.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndication.store.db.upsert import insert
from syndication.store.tables.publishing import HoldRow

VANISHED = "vanished"
"""The cause of these holds: more than half of the entries vanished at once."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold from ``since`` to ``until``: ``vanished`` of the ``entries`` that there were are still missing.

    ``released_at``: an editor said to publish without them.
    """

    section: str
    since: datetime
    until: datetime
    entries: int
    vanished: int
    released_at: datetime | None = None

    @property
    def words(self) -> str:
        """What happened: "48 of 50 entries vanished"."""
        return f"{self.vanished} of {self.entries} entries vanished"


def find(conn: Connection, section: str) -> Hold | None:
    """Returns the section's hold for vanished entries, if there is one."""
    return list_holds(conn, [section]).get(section)


def list_holds(conn: Connection, sections: Collection[str] | None = None) -> dict[str, Hold]:
    """Returns the holds for vanished entries by section (None: of every section)."""
    columns = [HoldRow.__table__.c[name] for name in Hold.__slots__]
    query = select(*columns).where(HoldRow.cause == VANISHED)
    if sections is not None:
        query = query.where(HoldRow.section.in_(sections))
    return {row.section: Hold(**row._mapping) for row in conn.execute(query)}


def write(conn: Connection, hold: Hold) -> None:
    """Records a hold that begins or goes on. A release recorded in the meantime stays."""
    values = {name: getattr(hold, name) for name in ("since", "until", "entries", "vanished")}
    conn.execute(
        insert(conn, HoldRow)
        .values(section=hold.section, cause=VANISHED, **values)
        .on_conflict_do_update(index_elements=["section", "cause"], set_=values)
    )


def end(conn: Connection, section: str) -> None:
    """Removes the section's hold."""
    conn.execute(delete(HoldRow).where(HoldRow.section == section, HoldRow.cause == VANISHED))
