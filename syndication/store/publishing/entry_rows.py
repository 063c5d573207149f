"""Writes the entries of a feed: those that are new or changed, and no others.

A new story moves every other one, so places are not stored as they are counted: the numbers stored order the entries
and have gaps, and a story on top gets one below that of the story after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import bindparam, delete

from syndication.store.db.together import Together
from syndication.store.db.upsert import for_each_dialect
from syndication.store.publishing.published import PublishedEntry, PublishedState
from syndication.store.tables.publishing import EntryRow, TombstoneRow

FARTHEST = 2**31 - 1_000_000
"""Beyond this number, before or after 0, all entries are numbered anew: a column holds four bytes."""

COLUMNS = tuple(PublishedEntry.__slots__)


def write_entries(conn: Together, current: PublishedState, entries: Sequence[PublishedEntry]) -> None:
    """Replaces the section's entries by these, in this order; an entry that came back loses its tombstone.

    Readers know an entry by its id, whichever article it belongs to.
    """
    before, section = current.entries, current.section
    numbers = order_numbers(entries, current.order)
    gone = before.keys() - {entry.article_id for entry in entries}
    if gone:
        conn.execute(_GONE, [{"of": section, "article": id} for id in sorted(gone)])
    new = [
        {name: getattr(entry, name) for name in COLUMNS} | {"section": section, "position": number}
        for entry, number in zip(entries, numbers, strict=True)
        if entry != before.get(entry.article_id) or number != current.order.get(entry.article_id)
    ]
    if new:
        conn.execute(_WRITTEN[conn.dialect.name], new)
    if current.tombstones:
        ids = [entry.entry_id for entry in entries]
        conn.execute(delete(TombstoneRow).where(TombstoneRow.section == section, TombstoneRow.entry_id.in_(ids)))


def order_numbers(entries: Sequence[PublishedEntry], order: Mapping[str, int]) -> list[int]:
    """Returns a number for each entry, rising; those in ``order`` keep theirs unless that leaves no room."""
    found = [order.get(entry.article_id) for entry in entries]
    known = [number for number in found if number is not None]
    if not known or any(one >= other for one, other in pairwise(known)):
        return list(range(len(entries)))
    numbers = list(_fill(found, known[0]))
    rises = all(one < other for one, other in pairwise(numbers))
    if not rises or numbers[0] < -FARTHEST or numbers[-1] > FARTHEST:
        return list(range(len(entries)))
    return numbers


def _fill(found: Sequence[int | None], first: int) -> Iterator[int]:
    """Yields the numbers: what comes before the first known one counts down to it, everything else goes on by one."""
    last = first - 1 - next(place for place, number in enumerate(found) if number is not None)
    for number in found:
        last = last + 1 if number is None else number
        yield last


_GONE = delete(EntryRow).where(
    EntryRow.section == bindparam("of", type_=EntryRow.section.type),
    EntryRow.article_id == bindparam("article", type_=EntryRow.article_id.type),
)


def _written(insert: Any) -> Any:
    statement = insert(EntryRow)
    changed = [name for name in (*COLUMNS, "position") if name != "article_id"]
    return statement.on_conflict_do_update(
        index_elements=["section", "article_id"], set_={column: statement.excluded[column] for column in changed}
    )


_WRITTEN = for_each_dialect(_written)
