"""Holds of a section: automatic ones, and those of editors.

Automatic: it keeps entries in its documents although their articles are gone. ``pipeline.hold`` decides. An editor's:
the whole feed stays at one version. ``editor_holds`` writes these.

A hold is a row, not a worker's memory: any worker continues it, and an editor ends it from another process.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndication.store.db.upsert import insert
from syndication.store.tables.publishing import HoldRow

VANISHED = "vanished"
"""The cause of automatic holds: more than half of the entries vanished at once."""

EDITOR = "editor"
"""The cause of editors' holds."""


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


@dataclass(frozen=True, slots=True)
class EditorHold:
    """An editor holds the feed at ``version`` since ``since``, until ``until`` (None: until it is released).

    ``number`` is raised by each hold and release of the section. ``from_version`` was published when the feed was held.
    """

    section: str
    number: int
    version: int
    from_version: int
    since: datetime
    until: datetime | None
    by: str
    reason: str

    @property
    def is_rolled_back(self) -> bool:
        """Whether readers get an earlier version than the one that was published when it was held."""
        return self.version < self.from_version

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over: the next regeneration publishes the feed again, and removes it."""
        return self.until is not None and self.until <= now


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds of some sections, by section."""

    automatic: Mapping[str, Hold]
    by_editors: Mapping[str, EditorHold]


NONE = Holds({}, {})


def list_holds(conn: Connection, sections: Collection[str] | None = None) -> Holds:
    """Returns the holds of these sections (None: of every one), also those that are over and not removed yet."""
    query = select(HoldRow.__table__)
    if sections is not None:
        query = query.where(HoldRow.section.in_(sections))
    rows = conn.execute(query).all()
    return Holds(
        {
            row.section: Hold(**{name: getattr(row, name) for name in Hold.__slots__})
            for row in rows
            if row.cause == VANISHED
        },
        {
            row.section: EditorHold(**{name: getattr(row, name) for name in EditorHold.__slots__})
            for row in rows
            if row.cause == EDITOR
        },
    )


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
