"""Moves what is published of a feed to another slug: versions go on counting, and no entry looks new to readers."""

from sqlalchemy import Connection, Table, delete, insert, literal, select, update

from syndication.store.tables.access import FeedVersionChangeRow, FeedVersionRow
from syndication.store.tables.publishing import (
    DocumentRow,
    EntryRow,
    EntryStateRow,
    HoldRow,
    LeftOutRow,
    PollCountRow,
    SectionStateRow,
    TombstoneRow,
)

_PARTS = (
    HoldRow, DocumentRow, EntryRow, EntryStateRow, TombstoneRow, LeftOutRow, FeedVersionRow, FeedVersionChangeRow,
)  # fmt: skip


def move_feed(conn: Connection, slug: str, new_slug: str) -> None:
    """Moves state, documents, entries and versions; what an earlier feed left at ``new_slug`` is deleted.

    A regeneration that is under way writes nothing, because the row that it read is gone.
    """
    states: Table = SectionStateRow.__table__  # type: ignore[assignment]
    conn.execute(delete(SectionStateRow).where(SectionStateRow.section == new_slug))
    others = [column for column in states.c if column.name not in ("section", "lease_owner", "lease_until")]
    conn.execute(
        insert(states).from_select(
            ["section", *(column.name for column in others)],
            select(literal(new_slug), *others).where(states.c.section == slug),
        )
    )
    for part in _PARTS:
        conn.execute(update(part).where(part.section == slug).values(section=new_slug))
    conn.execute(delete(SectionStateRow).where(SectionStateRow.section == slug))
    # Polls of the old addresses are counted there still, so both may have the same minute.
    taken = select(PollCountRow.at).where(PollCountRow.section == new_slug)
    conn.execute(
        update(PollCountRow).where(PollCountRow.section == slug, PollCountRow.at.not_in(taken)).values(section=new_slug)
    )
