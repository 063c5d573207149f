"""Moves what is published of a feed to another slug: versions go on counting, and no entry looks new to readers."""

from sqlalchemy import Connection, Table, and_, delete, exists, insert, literal, select, update

from syndication.store.tables.access import FeedVersionChangeRow, FeedVersionRow
from syndication.store.tables.hub import HubDeliveryRow, HubIntentRow, HubSubscriptionRow
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
    HoldRow, DocumentRow, EntryRow, EntryStateRow, TombstoneRow, LeftOutRow, FeedVersionRow,
    FeedVersionChangeRow, HubDeliveryRow,
)  # fmt: skip


def move_feed(conn: Connection, slug: str, new_slug: str) -> None:
    """Moves state, documents, entries, versions, subscriptions; what an earlier feed left at ``new_slug`` is deleted.

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
    for subscribed in (HubSubscriptionRow, HubIntentRow):
        _move_callbacks(conn, subscribed.__table__, slug, new_slug)  # type: ignore[arg-type]
    # Polls of the old addresses are counted there still, so both may have the same minute.
    taken = select(PollCountRow.at).where(PollCountRow.section == new_slug)
    conn.execute(
        update(PollCountRow).where(PollCountRow.section == slug, PollCountRow.at.not_in(taken)).values(section=new_slug)
    )


def _move_callbacks(conn: Connection, table: Table, slug: str, new_slug: str) -> None:
    """Moves subscriptions, or requests for them; one that the callback has at the new slug already stays instead."""
    there = table.alias()
    again = and_(there.c.section == new_slug, there.c.format == table.c.format, there.c.callback == table.c.callback)
    conn.execute(delete(table).where(table.c.section == slug, exists(select(there.c.id).where(again))))
    conn.execute(update(table).where(table.c.section == slug).values(section=new_slug))
