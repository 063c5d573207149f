"""The files of the sitemaps, and the articles that they list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Text,
    cast,
    delete,
    exists,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy import insert as plain_insert

from syndication.model.sitemaps import NEWS
from syndication.model.values import ENCODINGS
from syndication.store.db.batches import batched
from syndication.store.db.upsert import insert
from syndication.store.publishing.sitemap_state import PUBLISHED
from syndication.store.tables.articles import ArticleCorrectionRow, ArticleRow, WithdrawalRow
from syndication.store.tables.sitemaps import SitemapEntryRow, SitemapFileRow


@dataclass(frozen=True, slots=True)
class ListedArticle:
    """A published article of one part that has not expired; ``published_at`` may be later than now.

    Times are as the database writes them. ``is_known``: it is among the entries of its part already.
    """

    id: str
    url: str
    title: str
    language: str | None
    published_at: str
    updated_at: str | None
    expires_at: str | None
    corrected_at: str | None
    is_known: bool


@dataclass(frozen=True, slots=True)
class SitemapFile:
    """A file without its bodies. ``digest`` is the start of the uncompressed bytes' SHA-256, in hexadecimal."""

    path: str
    part: str
    number: int
    version: int
    digest: str
    entries: int
    updated_at: datetime
    last_modified: datetime | None


Period = tuple[datetime, datetime | None]
"""The first publication time, and the one before which all are."""

CODINGS = tuple(encoding for encoding in ENCODINGS if encoding != "identity")
"""The content codings of the stored bodies: the uncompressed one is ten times as long, and read from one of them."""

_COLUMNS = ("path", "part", "number", "version", "digest", "entries", "updated_at", "last_modified")


def find_stale_entries(
    conn: Connection, part: str, period: Period, after: str, limit: int
) -> tuple[list[str], str | None]:
    """Looks at the part's entries after this article id, in the order of ids, at most ``limit``.

    Returns those whose article has left the part, and where the next page begins; None after the last one.
    """
    there = _still_there(period).label("is_there")
    query = select(SitemapEntryRow.article_id, there).where(SitemapEntryRow.part == part)
    query = query.where(SitemapEntryRow.article_id > after).order_by(SitemapEntryRow.article_id).limit(limit)
    rows = conn.execute(query).all()
    return [row.article_id for row in rows if not row.is_there], rows[-1].article_id if len(rows) == limit else None


def has_left(conn: Connection, part: str, period: Period, article_ids: Sequence[str]) -> bool:
    """Returns whether one of these articles, whose entries are committed, has left the part.

    A change before that found no entry, so it could not mark the part.
    """
    own = SitemapEntryRow.part == part
    for some in batched(article_ids):
        query = select(SitemapEntryRow.article_id).where(own, SitemapEntryRow.article_id.in_(some))
        if conn.scalar(query.where(~_still_there(period)).limit(1)) is not None:
            return True
    return False


def drop_entries(conn: Connection, part: str, period: Period, article_ids: Sequence[str]) -> None:
    """Deletes the entries of these articles unless they are back. The part's files are about to be written."""
    own = SitemapEntryRow.part == part
    for some in batched(article_ids):
        conn.execute(delete(SitemapEntryRow).where(own, SitemapEntryRow.article_id.in_(some), ~_still_there(period)))


def add_entries(conn: Connection, part: str, article_ids: Sequence[str]) -> None:
    """Records that files of this part may list these articles. Before they do, so that no change misses them."""
    for some in batched(article_ids):
        values = [{"part": part, "article_id": id} for id in some]
        conn.execute(insert(conn, SitemapEntryRow).on_conflict_do_nothing(), values)


def read_articles(
    conn: Connection, part: str, period: Period, after: ListedArticle | None, limit: int, now: datetime
) -> list[ListedArticle]:
    """Returns the part's next articles after the given one: the news newest first, a month oldest first.

    Walks one index, and reads only the rows that it returns.
    """
    corrected = ArticleCorrectionRow.article_id == ArticleRow.id
    withdrawn = exists().where(WithdrawalRow.article_id == ArticleRow.id)
    entry = (SitemapEntryRow.article_id == ArticleRow.id) & (SitemapEntryRow.part == part)
    query = (
        select(
            ArticleRow.id,
            ArticleRow.url,
            ArticleRow.title,
            ArticleRow.language,
            cast(ArticleRow.published_at, Text).label("published_at"),
            cast(ArticleRow.updated_at, Text).label("updated_at"),
            cast(ArticleRow.expires_at, Text).label("expires_at"),
            cast(ArticleCorrectionRow.corrected_at, Text).label("corrected_at"),
            SitemapEntryRow.article_id.is_not(None).label("is_known"),
        )
        .outerjoin(ArticleCorrectionRow, corrected)
        .outerjoin(SitemapEntryRow, entry)
        .where(ArticleRow.status == PUBLISHED, *_within(period), ~withdrawn)
        .where(or_(ArticleRow.expires_at.is_(None), ArticleRow.expires_at > now))
        .limit(limit)
    )
    moment = ArticleRow.published_at
    newest_first = part == NEWS
    if after is not None:
        column, last = _comparable(conn, after.published_at)
        position, start = tuple_(column, ArticleRow.id), tuple_(last, after.id)
        query = query.where(position < start if newest_first else position > start)
    order = (moment.desc(), ArticleRow.id.desc()) if newest_first else (moment, ArticleRow.id)
    return [ListedArticle(**row) for row in conn.execute(query.order_by(*order)).mappings()]


def list_files(conn: Connection, part: str | None = None) -> list[SitemapFile]:
    """Returns the files of a part, or all files; newest months first, each in the order of its numbers."""
    query = select(*(getattr(SitemapFileRow, name) for name in _COLUMNS))
    if part is not None:
        query = query.where(SitemapFileRow.part == part)
    rows = conn.execute(query.order_by(SitemapFileRow.part.desc(), SitemapFileRow.number)).mappings()
    return [SitemapFile(**row) for row in rows]


def save_file(conn: Connection, file: SitemapFile, bodies: Mapping[str, bytes]) -> None:
    """Writes a file in place of its last version; ``bodies`` by content coding, of ``CODINGS``."""
    values: dict[str, Any] = {name: getattr(file, name) for name in _COLUMNS}
    values |= {coding: bodies[coding] for coding in CODINGS}
    conn.execute(delete(SitemapFileRow).where(SitemapFileRow.path == file.path))
    conn.execute(plain_insert(SitemapFileRow).values(values))


def delete_file(conn: Connection, path: str) -> None:
    """Deletes a file."""
    conn.execute(delete(SitemapFileRow).where(SitemapFileRow.path == path))


def load_bodies(conn: Connection, paths: Collection[str]) -> dict[str, dict[str, bytes]]:
    """Returns the bodies of these files by path and content coding, of ``CODINGS``."""
    query = select(SitemapFileRow.path, *(getattr(SitemapFileRow, coding) for coding in CODINGS))
    rows = conn.execute(query.where(SitemapFileRow.path.in_(paths)))
    return {row.path: {coding: row._mapping[coding] for coding in CODINGS} for row in rows}


def _within(period: Period) -> list[ColumnElement[bool]]:
    since, until = period
    found: list[ColumnElement[bool]] = [ArticleRow.published_at >= since]
    return found if until is None else [*found, ArticleRow.published_at < until]


def _still_there(period: Period) -> ColumnElement[bool]:
    own = ArticleRow.id == SitemapEntryRow.article_id
    # A parameter for the status: each article is found by its key, not by a walk over the period.
    return exists().where(own, ArticleRow.status == "published", *_within(period))


def _comparable(conn: Connection, text: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Returns the publication time, and one that a query returned as text, in a form that can be compared."""
    if conn.dialect.name == "sqlite":
        return type_coerce(ArticleRow.published_at, Text), literal(text, Text)
    moment = cast(literal(text, Text), DateTime(timezone=True))
    return type_coerce(ArticleRow.published_at, DateTime(timezone=True)), moment
