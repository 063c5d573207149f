"""The kept versions of a feed, and the differences between two of them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select

from syndication.store.db.batches import batched
from syndication.store.db.together import Together
from syndication.store.tables.access import FeedVersionChangeRow, FeedVersionRow

Change = Literal["added", "changed", "gone"]

DATES = ("correction", "date", "same-date")
"""Why the date of a changed entry moved (its correction, or its writer), or that it did not; weightiest first."""


@dataclass(frozen=True, slots=True)
class EntryChange:
    """The difference of an entry from the previous version.

    ``reason`` is why an entry is gone, or what became of the date of a changed one: one of ``DATES``.
    """

    article_id: str
    change: Change
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FeedVersion:
    """A published version: its time, number of entries, and size (all formats, uncompressed).

    ``is_complete``: the feed can be rolled back to it.
    """

    version: int
    at: datetime
    entries: int
    bytes: int
    changes: tuple[EntryChange, ...]
    is_complete: bool = False


def record_version(
    conn: Together,
    section: str,
    version: int,
    at: datetime,
    entries: int,
    size: int,
    changes: Collection[EntryChange],
    keep: int,
    noticed_at: datetime | None = None,
    entry_order: bytes | None = None,
) -> None:
    """Records a version, and now and then deletes those that are ``keep`` versions older.

    ``noticed_at`` is the time of the oldest change in it, ``entry_order`` its articles in order, packed.
    """
    conn.execute(
        _NEW,
        {
            "section": section,
            "version": version,
            "at": at,
            "entries": entries,
            "bytes": size,
            "noticed_at": noticed_at,
            "entry_order": entry_order,
        },
    )
    if changes:
        conn.execute(_CHANGES, [{"section": section, "version": version, **asdict(change)} for change in changes])
    if is_pruned(version, keep):
        for row in (FeedVersionChangeRow, FeedVersionRow):
            conn.execute(delete(row).where(row.section == section, row.version <= version - keep))


_NEW, _CHANGES = insert(FeedVersionRow), insert(FeedVersionChangeRow)


def is_pruned(version: int, keep: int) -> bool:
    """Returns whether publishing this version deletes those that are ``keep`` versions older.

    Of many versions kept, a tenth are deleted together: three statements that each publication is spared.
    """
    return version > keep and version % max(1, keep // 10) == 0


def list_versions(conn: Connection, section: str, limit: int, before: int | None = None) -> list[FeedVersion]:
    """Returns the kept versions, newest first; ``before`` is the number of the last one already read."""
    query = select(FeedVersionRow.__table__).where(FeedVersionRow.section == section)
    if before is not None:
        query = query.where(FeedVersionRow.version < before)
    rows = conn.execute(query.order_by(FeedVersionRow.version.desc()).limit(limit)).all()
    changes = _changes(conn, section, [row.version for row in rows])
    return [
        FeedVersion(
            row.version,
            row.at,
            row.entries,
            row.bytes,
            tuple(changes.get(row.version, ())),
            row.entry_order is not None,
        )
        for row in rows
    ]


def list_kept(conn: Connection, section: str) -> range:
    """Returns the numbers of the kept versions, which have no gaps."""
    first, last = conn.execute(
        select(func.min(FeedVersionRow.version), func.max(FeedVersionRow.version)).where(
            FeedVersionRow.section == section
        )
    ).one()
    return range(first, last + 1) if first is not None else range(0)


def is_complete(conn: Connection, section: str, version: int) -> bool:
    """Returns whether a version is kept with its entries, so that the feed can be rolled back to it."""
    query = select(FeedVersionRow.entry_order.is_not(None))
    return bool(conn.scalar(query.where(FeedVersionRow.section == section, FeedVersionRow.version == version)))


def compare_versions(conn: Connection, section: str, old: int, new: int) -> list[EntryChange] | None:
    """Returns the changes from ``old`` to the later ``new``; None if a version between them is no longer kept."""
    numbers = range(old + 1, new + 1)
    known = list_kept(conn, section)
    if numbers and not (numbers[0] in known and numbers[-1] in known):
        return None
    by_version = _changes(conn, section, numbers)
    first: dict[str, EntryChange] = {}
    last: dict[str, EntryChange] = {}
    reasons: dict[str, set[str | None]] = {}
    for number in numbers:
        for change in by_version.get(number, ()):
            first.setdefault(change.article_id, change)
            last[change.article_id] = change
            reasons.setdefault(change.article_id, set()).add(change.reason)
    return [found for id in first if (found := _merge_changes(first[id], last[id], reasons[id])) is not None]


def _merge_changes(first: EntryChange, last: EntryChange, reasons: Collection[str | None]) -> EntryChange | None:
    """Merges several changes of one entry; returns None for one that came and went."""
    was, is_there = first.change != "added", last.change != "gone"
    if was and is_there:
        return EntryChange(first.article_id, "changed", next((date for date in DATES if date in reasons), None))
    if is_there:
        return EntryChange(first.article_id, "added")
    return last if was else None


def _changes(conn: Connection, section: str, versions: Collection[int]) -> dict[int, list[EntryChange]]:
    found: dict[int, list[EntryChange]] = {}
    for some in batched(sorted(versions)):
        rows = conn.execute(
            select(FeedVersionChangeRow.__table__)
            .where(FeedVersionChangeRow.section == section, FeedVersionChangeRow.version.in_(some))
            .order_by(FeedVersionChangeRow.version, FeedVersionChangeRow.article_id)
        )
        for row in rows:
            found.setdefault(row.version, []).append(EntryChange(row.article_id, row.change, row.reason))
    return found
