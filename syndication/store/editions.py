"""Writing a version of a feed: documents, entries and tombstones in the caller's one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from syndication.feeds import ENCODINGS, Document, LeftOut
from syndication.store.bookkeeping import DocumentRow, EntryRow, LeftOutRow, SectionRow, TombstoneRow


@dataclass(frozen=True, slots=True)
class Edition:
    """What is published of a section, as a regeneration read it. ``version`` 0 says: nothing yet."""

    section: str
    mark: int
    version: int
    updated_at: datetime | None
    digests: Mapping[str, str]
    entries: Mapping[str, "PublishedEntry"]


@dataclass(frozen=True, slots=True)
class PublishedEntry:
    """An article in a published feed; ``version`` is where it last changed, ``since_version`` where it came."""

    article_id: str
    entry_id: str
    position: int
    digest: str
    version: int
    since_version: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An article that left a feed, and why."""

    article_id: str
    entry_id: str
    reason: str


def read_edition(conn: Connection, section: str) -> Edition:
    """The section's mark and what is published of it; raises LookupError for one that was never registered."""
    edition = perhaps_edition(conn, section)
    if edition is None:
        raise LookupError(f"no worker has registered the section {section}")
    return edition


def perhaps_edition(conn: Connection, section: str) -> Edition | None:
    """The same, or None for a section that no worker has seen yet."""
    state = conn.execute(
        select(SectionRow.mark, SectionRow.version, SectionRow.updated_at).where(SectionRow.section == section)
    ).one_or_none()
    if state is None:
        return None
    digests = conn.execute(select(DocumentRow.format, DocumentRow.digest).where(DocumentRow.section == section))
    columns = [EntryRow.__table__.c[name] for name in PublishedEntry.__slots__]
    entries = conn.execute(select(*columns).where(EntryRow.section == section).order_by(EntryRow.position))
    return Edition(
        section=section,
        mark=state.mark,
        version=state.version,
        updated_at=state.updated_at,
        digests={row.format: row.digest for row in digests},
        entries={row.article_id: PublishedEntry(**row._mapping) for row in entries},
    )


def finish(
    conn: Connection, section: str, *, read_version: int, version: int, mark: int, **state: datetime | None
) -> bool:
    """Close a regeneration that read ``read_version`` and ``mark``; False if another one was faster.

    The work is done for ``mark`` only: what was marked meanwhile goes on waiting.
    """
    result = conn.execute(
        update(SectionRow)
        .where(SectionRow.section == section, SectionRow.version == read_version, SectionRow.done <= mark)
        .values(
            version=version,
            done=mark,
            tried=mark,
            failures=0,
            retry_at=None,
            error=None,
            lease_owner=None,
            lease_until=None,
            **state,
        )
    )
    return result.rowcount == 1


def write_documents(conn: Connection, documents: Sequence[Document]) -> None:
    """Replace the documents of a section."""
    conn.execute(delete(DocumentRow).where(DocumentRow.section == documents[0].section))
    conn.execute(
        insert(DocumentRow),
        [
            {
                "section": document.section,
                "format": document.format,
                "version": document.version,
                "digest": document.digest,
                "last_modified": document.last_modified,
                **{encoding: document.bodies[encoding] for encoding in ENCODINGS},
            }
            for document in documents
        ],
    )


def write_entries(conn: Connection, section: str, entries: Collection[PublishedEntry]) -> None:
    """Replace the list of the section's entries; an article that came back has no tombstone any more."""
    conn.execute(delete(EntryRow).where(EntryRow.section == section))
    if not entries:
        return
    rows = [{name: getattr(entry, name) for name in PublishedEntry.__slots__} for entry in entries]
    conn.execute(insert(EntryRow), [{"section": section, **row} for row in rows])
    ids = [entry.article_id for entry in entries]
    conn.execute(delete(TombstoneRow).where(TombstoneRow.section == section, TombstoneRow.article_id.in_(ids)))


def write_tombstones(
    conn: Connection, section: str, tombstones: Collection[Tombstone], version: int, now: datetime
) -> None:
    """Remember what left the section in this version, and why."""
    if not tombstones:
        return
    ids = [tombstone.article_id for tombstone in tombstones]
    conn.execute(delete(TombstoneRow).where(TombstoneRow.section == section, TombstoneRow.article_id.in_(ids)))
    conn.execute(
        insert(TombstoneRow),
        [
            {
                "section": section,
                "article_id": tombstone.article_id,
                "entry_id": tombstone.entry_id,
                "version": version,
                "reason": tombstone.reason,
                "at": now,
            }
            for tombstone in tombstones
        ],
    )


def write_left_out(conn: Connection, section: str, left_out: Collection[LeftOut], now: datetime) -> None:
    """Replace the section's list of what is left out; an entry that stays on it keeps its ``since``."""
    known = {
        (row.article_id, row.reason): row.since
        for row in conn.execute(select(LeftOutRow.__table__).where(LeftOutRow.section == section))
    }
    wanted = {(item.article_id, item.reason) for item in left_out}
    if wanted == known.keys():
        return
    conn.execute(delete(LeftOutRow).where(LeftOutRow.section == section))
    if wanted:
        conn.execute(
            insert(LeftOutRow),
            [
                {"section": section, "article_id": key[0], "reason": key[1], "since": known.get(key, now)}
                for key in sorted(wanted)
            ],
        )


def forget_tombstones(conn: Connection, before: datetime) -> None:
    """Delete the tombstones that are older than every reader needs."""
    conn.execute(delete(TombstoneRow).where(TombstoneRow.at < before))
