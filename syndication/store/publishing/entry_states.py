"""What the entries of kept versions looked like, so that a feed can be rolled back to one of them.

Each state of an entry is stored once, with its bytes, and serves every version in which the entry looked so: a version
costs the entries that are new or changed in it, and the order of the others.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import zstandard
from sqlalchemy import Connection, Executable, bindparam, delete, insert, or_, select, update

from syndication.store.db.batches import batched
from syndication.store.db.id_lists import is_any_of
from syndication.store.db.together import Together
from syndication.store.publishing.published import PublishedEntry
from syndication.store.publishing.versions import is_pruned
from syndication.store.tables.access import FeedVersionRow
from syndication.store.tables.publishing import EntryStateRow

_COLUMNS = (
    "article_id", "entry_id", "digest", "published_at", "updated_at", "article_updated_at", "expires_at", "state",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryState:
    """An entry as it was in a version; ``body`` is its bytes in every format, packed (``model.fragments``)."""

    article_id: str
    entry_id: str
    digest: str
    published_at: datetime
    updated_at: datetime | None
    article_updated_at: datetime | None
    expires_at: datetime | None
    state: str | None
    body: bytes


def pack_order(entries: Sequence[PublishedEntry]) -> bytes:
    """Returns the articles of a version in order, to be stored with it."""
    text = json.dumps([entry.article_id for entry in entries], ensure_ascii=False, separators=(",", ":"))
    return zstandard.ZstdCompressor(level=3).compress(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class NewStates:
    """The ``entries`` of a new version. ``bodies`` are the packed bytes, by article, of those that are new or changed.

    None: a feed that cannot be rolled back. ``sources`` are digests of what these were rendered from, if known.
    """

    version: int
    entries: Collection[PublishedEntry]
    bodies: Mapping[str, bytes] | None
    sources: Mapping[str, str]


def record(conn: Together, section: str, before: Mapping[str, PublishedEntry], new: NewStates, keep: int) -> None:
    """Records the entries of a new version, and now and then deletes those that only much older versions had.

    ``before`` are the entries of the previous version, ``keep`` the number of versions that are kept.
    """
    version, bodies = new.version, new.bodies
    states = {(entry.article_id, entry.version) for entry in new.entries}
    ended = [entry for entry in before.values() if (entry.article_id, entry.version) not in states]
    if ended:
        last = {"of": section, "last": version - 1}
        conn.execute(_ENDED, [{"id": entry.article_id, "since": entry.version} | last for entry in ended])
    rows = [
        {
            "section": section,
            "version": version,
            "body": bodies[entry.article_id] if bodies is not None else None,
            "source": new.sources.get(entry.article_id),
        }
        | {name: getattr(entry, name) for name in _COLUMNS}
        for entry in new.entries
        if entry.version == version and (bodies is None or entry.article_id in bodies)
    ]
    if rows:
        conn.execute(_NEW, rows)
    if is_pruned(version, keep):
        row = EntryStateRow
        conn.execute(delete(row).where(row.section == section, row.last_version <= version - keep))


@dataclass(frozen=True, slots=True)
class StandingEntry:
    """The packed bytes of an entry that a feed shows, and a digest of what they were rendered from."""

    source: str
    body: bytes


def read_standing(conn: Connection, section: str, article_ids: Sequence[str]) -> dict[str, StandingEntry]:
    """Returns the bytes of those of a feed's entries of which it is known what they were rendered from."""
    found: dict[str, StandingEntry] = {}
    for some in batched(sorted(article_ids)):
        for row in conn.execute(_STANDING[conn.dialect.name], {"of": section, "ids": list(some)}):
            found[row.article_id] = StandingEntry(row.source, row.body)
    return found


def _standing(dialect: str) -> Executable:
    row = EntryStateRow
    return select(row.article_id, row.source, row.body).where(
        row.section == bindparam("of"),
        row.last_version.is_(None),
        is_any_of(dialect, row.article_id),
        row.source.is_not(None),
        row.body.is_not(None),
    )


_STANDING = {dialect: _standing(dialect) for dialect in ("sqlite", "postgresql")}
_ENDED = (
    update(EntryStateRow)
    .where(
        EntryStateRow.section == bindparam("of"),
        EntryStateRow.article_id == bindparam("id"),
        EntryStateRow.version == bindparam("since"),
    )
    .values(last_version=bindparam("last"))
    .execution_options(synchronize_session=False)
)
_NEW = insert(EntryStateRow)


def read(conn: Connection, section: str, version: int) -> list[EntryState] | None:
    """Returns the entries of a version in their order; None unless all of them are kept."""
    order = conn.scalar(
        select(FeedVersionRow.entry_order).where(FeedVersionRow.section == section, FeedVersionRow.version == version)
    )
    if order is None:
        return None
    columns = [EntryStateRow.__table__.c[name] for name in EntryState.__slots__]
    rows = conn.execute(
        select(*columns).where(
            EntryStateRow.section == section,
            EntryStateRow.version <= version,
            EntryStateRow.body.is_not(None),
            or_(EntryStateRow.last_version.is_(None), EntryStateRow.last_version >= version),
        )
    )
    found = {row.article_id: EntryState(**row._mapping) for row in rows}
    text = zstandard.ZstdDecompressor().decompress(order).decode("utf-8", "surrogatepass")
    ids: list[str] = json.loads(text)
    return [found[id] for id in ids] if found.keys() >= set(ids) else None


def forget(conn: Connection, article_id: str) -> None:
    """Deletes what an article looked like, for good: no feed can be rolled back to a version with it.

    What a feed shows now stays in its documents.
    """
    row, version = EntryStateRow, FeedVersionRow
    of_article = row.article_id == article_id
    for one in conn.execute(select(row.section, row.version, row.last_version).where(of_article)).all():
        within = [version.section == one.section, version.version >= one.version]
        if one.last_version is not None:
            within.append(version.version <= one.last_version)
        conn.execute(update(version).where(*within).values(entry_order=None))
    conn.execute(update(row).where(of_article).values(body=None))
