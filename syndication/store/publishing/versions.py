"""The versions of a feed that are kept, and how two of them differ."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select

from syndication.store.db.batches import chunks
from syndication.store.tables.access import EditionChangeRow, EditionRow

Change = Literal["added", "changed", "gone"]


@dataclass(frozen=True, slots=True)
class EntryChange:
    """How an entry differs from the version before; ``reason`` says why it is gone."""

    article_id: str
    change: Change
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was published: when, with how many entries, and how large (all formats, uncoded)."""

    version: int
    at: datetime
    entries: int
    bytes: int
    changes: tuple[EntryChange, ...]


def write(
    conn: Connection,
    section: str,
    version: int,
    at: datetime,
    entries: int,
    size: int,
    changes: Collection[EntryChange],
    keep: int,
    noticed_at: datetime | None = None,
) -> None:
    """Remember a version, and let go of the one that is ``keep`` versions older.

    ``noticed_at`` is since when a change was waiting for it.
    """
    conn.execute(
        insert(EditionRow).values(
            section=section, version=version, at=at, entries=entries, bytes=size, noticed_at=noticed_at
        )
    )
    if changes:
        conn.execute(
            insert(EditionChangeRow),
            [{"section": section, "version": version, **asdict(change)} for change in changes],
        )
    for row in (EditionChangeRow, EditionRow):
        conn.execute(delete(row).where(row.section == section, row.version <= version - keep))


def read(conn: Connection, section: str, limit: int, before: int | None = None) -> list[Version]:
    """The newest kept versions first; ``before`` is the number of the last one that was read."""
    query = select(EditionRow.__table__).where(EditionRow.section == section)
    if before is not None:
        query = query.where(EditionRow.version < before)
    rows = conn.execute(query.order_by(EditionRow.version.desc()).limit(limit)).all()
    changes = _changes(conn, section, [row.version for row in rows])
    return [Version(row.version, row.at, row.entries, row.bytes, tuple(changes.get(row.version, ()))) for row in rows]


def kept(conn: Connection, section: str) -> range:
    """The numbers of the versions that are kept: without a gap."""
    first, last = conn.execute(
        select(func.min(EditionRow.version), func.max(EditionRow.version)).where(EditionRow.section == section)
    ).one()
    return range(first, last + 1) if first is not None else range(0)


def difference(conn: Connection, section: str, old: int, new: int) -> list[EntryChange] | None:
    """How ``new`` differs from the earlier ``old``; None if a version between them is not kept any more."""
    numbers = range(old + 1, new + 1)
    known = kept(conn, section)
    if numbers and not (numbers[0] in known and numbers[-1] in known):
        return None
    by_version = _changes(conn, section, numbers)
    first: dict[str, EntryChange] = {}
    last: dict[str, EntryChange] = {}
    for number in numbers:
        for change in by_version.get(number, ()):
            first.setdefault(change.article_id, change)
            last[change.article_id] = change
    return [found for id in first if (found := _together(first[id], last[id])) is not None]


def _together(first: EntryChange, last: EntryChange) -> EntryChange | None:
    """What several changes of one entry come to; None for one that came and went."""
    was, is_there = first.change != "added", last.change != "gone"
    if was and is_there:
        return EntryChange(first.article_id, "changed")
    if is_there:
        return EntryChange(first.article_id, "added")
    return last if was else None


def _changes(conn: Connection, section: str, versions: Collection[int]) -> dict[int, list[EntryChange]]:
    found: dict[int, list[EntryChange]] = {}
    for some in chunks(sorted(versions)):
        rows = conn.execute(
            select(EditionChangeRow.__table__)
            .where(EditionChangeRow.section == section, EditionChangeRow.version.in_(some))
            .order_by(EditionChangeRow.version, EditionChangeRow.article_id)
        )
        for row in rows:
            found.setdefault(row.version, []).append(EntryChange(row.article_id, row.change, row.reason))
    return found
