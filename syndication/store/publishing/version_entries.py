"""Which state of each article stood in which versions of a feed: a row for each stretch of versions.

So a version costs a row for each entry that changed in it, and all its entries can be read as long as it is kept.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from syndication.store.db.batches import batched
from syndication.store.publishing.published import PublishedEntry
from syndication.store.tables.revisions import FeedVersionEntryRow


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """An entry in the versions from ``since`` to ``until`` (None: it is there still); ``digest`` names its state."""

    section: str
    article_id: str
    since: int
    until: int | None
    digest: str
    published_at: datetime


def record_entries(
    conn: Connection,
    section: str,
    version: int,
    before: Mapping[str, PublishedEntry],
    entries: Collection[PublishedEntry],
    keep: int,
) -> None:
    """Records the entries of a new ``version`` that came, changed and went, and deletes those of versions not kept.

    ``before`` are the entries of the previous version by article.
    """
    new = [entry for entry in entries if entry.state is not None and not _is_same(before.get(entry.article_id), entry)]
    stay = {entry.article_id for entry in entries} - {entry.article_id for entry in new}
    ended = sorted(before.keys() - stay)
    row = FeedVersionEntryRow
    if ended:
        # A row of this very version would end before it begins: there is none, since a version is written once.
        conn.execute(
            update(row)
            .where(row.section == section, row.article_id == bindparam("id"), row.until.is_(None))
            .values(until=version - 1)
            .execution_options(synchronize_session=False),
            [{"id": id} for id in ended],
        )
    if new:
        conn.execute(
            insert(row),
            [
                {
                    "section": section,
                    "article_id": entry.article_id,
                    "since": version,
                    "digest": entry.state,
                    "published_at": entry.published_at,
                }
                for entry in new
            ],
        )
    conn.execute(delete(row).where(row.section == section, row.until <= version - keep))


def _is_same(before: PublishedEntry | None, entry: PublishedEntry) -> bool:
    return before is not None and (before.state, before.published_at) == (entry.state, entry.published_at)


def entries_of_version(conn: Connection, section: str, version: int) -> list[VersionEntry]:
    """Returns the entries of a kept version in their order, newest first."""
    row = FeedVersionEntryRow
    query = select(row.__table__).where(
        row.section == section, row.since <= version, or_(row.until.is_(None), row.until >= version)
    )
    query = query.order_by(row.published_at.desc(), row.article_id.desc())
    return [VersionEntry(**one._mapping) for one in conn.execute(query)]


def stretches(conn: Connection, article_id: str, sections: Collection[str]) -> dict[str, list[VersionEntry]]:
    """Returns, by digest, in which kept versions of these sections each state of an article stood."""
    row = FeedVersionEntryRow
    query = select(row.__table__).where(row.article_id == article_id).order_by(row.section, row.since)
    found: dict[str, list[VersionEntry]] = defaultdict(list)
    for one in conn.execute(query):
        if one.section in sections:
            found[one.digest].append(VersionEntry(**one._mapping))
    return dict(found)


def sections_of(conn: Connection, article_id: str) -> list[str]:
    """Returns the sections with a kept version that had an article."""
    row = FeedVersionEntryRow
    return list(conn.scalars(select(row.section).where(row.article_id == article_id).distinct().order_by(row.section)))


def stretches_of(conn: Connection, section: str, article_ids: Collection[str]) -> dict[str, list[VersionEntry]]:
    """Returns, by article, in which kept versions of one section its states stood, oldest first."""
    row = FeedVersionEntryRow
    found: dict[str, list[VersionEntry]] = defaultdict(list)
    for some in batched(sorted(article_ids)):
        query = select(row.__table__).where(row.section == section, row.article_id.in_(some)).order_by(row.since)
        for one in conn.execute(query):
            found[one.article_id].append(VersionEntry(**one._mapping))
    return dict(found)
