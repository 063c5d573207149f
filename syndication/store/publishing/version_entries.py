"""Which state of each article stood in which versions of a feed, by the entries that ``entry_states`` records."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from syndication.store.db.batches import batched
from syndication.store.tables.publishing import EntryStateRow


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """An entry in the versions from ``since`` to ``until`` (None: it is there still); ``digest`` names its state."""

    section: str
    article_id: str
    since: int
    until: int | None
    digest: str
    published_at: datetime


_COLUMNS = (
    EntryStateRow.section,
    EntryStateRow.article_id,
    EntryStateRow.version.label("since"),
    EntryStateRow.last_version.label("until"),
    EntryStateRow.state.label("digest"),
    EntryStateRow.published_at,
)

_KNOWN = select(*_COLUMNS).where(EntryStateRow.state.is_not(None))


def entries_of_version(conn: Connection, section: str, version: int) -> list[VersionEntry]:
    """Returns the entries of a kept version in their order, newest first."""
    row = EntryStateRow
    query = _KNOWN.where(
        row.section == section, row.version <= version, or_(row.last_version.is_(None), row.last_version >= version)
    )
    query = query.order_by(row.published_at.desc(), row.article_id.desc())
    return [VersionEntry(**one._mapping) for one in conn.execute(query)]


def stretches(conn: Connection, article_id: str, sections: Collection[str]) -> dict[str, list[VersionEntry]]:
    """Returns, by digest, in which kept versions of these sections each state of an article stood."""
    row = EntryStateRow
    query = _KNOWN.where(row.article_id == article_id).order_by(row.section, row.version)
    found: dict[str, list[VersionEntry]] = defaultdict(list)
    for one in conn.execute(query):
        if one.section in sections:
            found[one.digest].append(VersionEntry(**one._mapping))
    return dict(found)


def stretches_of(conn: Connection, section: str, article_ids: Collection[str]) -> dict[str, list[VersionEntry]]:
    """Returns, by article, in which kept versions of one section its states stood, oldest first."""
    row = EntryStateRow
    found: dict[str, list[VersionEntry]] = defaultdict(list)
    for some in batched(sorted(article_ids)):
        query = _KNOWN.where(row.section == section, row.article_id.in_(some)).order_by(row.version)
        for one in conn.execute(query):
            found[one.article_id].append(VersionEntry(**one._mapping))
    return dict(found)
