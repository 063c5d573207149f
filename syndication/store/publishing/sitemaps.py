"""The files of the sitemaps, and the articles that they list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Executable,
    Integer,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    or_,
    select,
    tuple_,
    type_coerce,
)

from syndication.model.sitemaps import NEWS
from syndication.model.values import ENCODINGS
from syndication.store.db.batches import batched
from syndication.store.db.types import UtcTime
from syndication.store.db.upsert import for_each_dialect
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
    values = {"of": part, "after": after, "most": limit} | _times(period)
    rows = conn.execute(_ENTRIES[period[1] is None], values).all()
    return [row.article_id for row in rows if not row.is_there], rows[-1].article_id if len(rows) == limit else None


def has_left(conn: Connection, part: str, period: Period, article_ids: Sequence[str]) -> bool:
    """Returns whether one of these articles, whose entries are committed, has left the part.

    A change before that found no entry, so it could not mark the part.
    """
    values = {"of": part} | _times(period)
    statement = _LEFT[period[1] is None]
    return any(conn.scalar(statement, values | {"ids": some}) is not None for some in batched(article_ids))


def drop_entries(conn: Connection, part: str, period: Period, article_ids: Sequence[str]) -> None:
    """Deletes the entries of these articles unless they are back. The part's files are about to be written."""
    values = {"of": part} | _times(period)
    for some in batched(article_ids):
        conn.execute(_DROP[period[1] is None], values | {"ids": some})


def add_entries(conn: Connection, part: str, article_ids: Sequence[str]) -> None:
    """Records that files of this part may list these articles. Before they do, so that no change misses them."""
    for some in batched(article_ids):
        conn.execute(_ADD[conn.dialect.name], [{"part": part, "article_id": id} for id in some])


def read_articles(
    conn: Connection, part: str, period: Period, after: ListedArticle | None, limit: int, now: datetime
) -> list[ListedArticle]:
    """Returns the part's next articles after the given one: the news newest first, a month oldest first.

    Walks one index, and reads only the rows that it returns.
    """
    values = {"of": part, "now": now, "most": limit} | _times(period)
    if after is not None:
        values |= {"last": after.published_at, "last_id": after.id}
    query = _articles(conn.dialect.name, newest_first=part == NEWS, open=period[1] is None, more=after is not None)
    return [ListedArticle(**row) for row in conn.execute(query, values).mappings()]


@cache
def _articles(dialect: str, *, newest_first: bool, open: bool, more: bool) -> Executable:
    part = bindparam("of", type_=Text())
    corrected = ArticleCorrectionRow.article_id == ArticleRow.id
    withdrawn = exists().where(WithdrawalRow.article_id == ArticleRow.id)
    entry = (SitemapEntryRow.article_id == ArticleRow.id) & (SitemapEntryRow.part == part)
    expires = ArticleRow.expires_at
    query = (
        select(
            ArticleRow.id,
            ArticleRow.url,
            ArticleRow.title,
            ArticleRow.language,
            cast(ArticleRow.published_at, Text).label("published_at"),
            cast(ArticleRow.updated_at, Text).label("updated_at"),
            cast(expires, Text).label("expires_at"),
            cast(ArticleCorrectionRow.corrected_at, Text).label("corrected_at"),
            SitemapEntryRow.article_id.is_not(None).label("is_known"),
        )
        .outerjoin(ArticleCorrectionRow, corrected)
        .outerjoin(SitemapEntryRow, entry)
        .where(ArticleRow.status == PUBLISHED, *_within(open=open), ~withdrawn)
        .where(or_(expires.is_(None), expires > bindparam("now", type_=UtcTime())))
        .limit(bindparam("most", type_=Integer()))
    )
    moment = ArticleRow.published_at
    if more:
        column, last = _comparable(dialect)
        position, start = tuple_(column, ArticleRow.id), tuple_(last, bindparam("last_id", type_=Text()))
        query = query.where(position < start if newest_first else position > start)
    return query.order_by(*((moment.desc(), ArticleRow.id.desc()) if newest_first else (moment, ArticleRow.id)))


def list_files(conn: Connection, part: str | None = None) -> list[SitemapFile]:
    """Returns the files of a part, or all files; newest months first, each in the order of its numbers."""
    rows = conn.execute(_FILES) if part is None else conn.execute(_FILES_OF_PART, {"of": part})
    return [SitemapFile(**row) for row in rows.mappings()]


def save_file(conn: Connection, file: SitemapFile, bodies: Mapping[str, bytes]) -> None:
    """Writes a file in place of its last version; ``bodies`` by content coding, of ``CODINGS``."""
    values: dict[str, Any] = {name: getattr(file, name) for name in _COLUMNS}
    conn.execute(_SAVE[conn.dialect.name], values | {coding: bodies[coding] for coding in CODINGS})


def delete_file(conn: Connection, path: str) -> None:
    """Deletes a file."""
    conn.execute(delete(SitemapFileRow).where(SitemapFileRow.path == path))


def load_bodies(conn: Connection, paths: Collection[str]) -> dict[str, dict[str, bytes]]:
    """Returns the bodies of these files by path and content coding, of ``CODINGS``."""
    query = select(SitemapFileRow.path, *(getattr(SitemapFileRow, coding) for coding in CODINGS))
    rows = conn.execute(query.where(SitemapFileRow.path.in_(paths)))
    return {row.path: {coding: row._mapping[coding] for coding in CODINGS} for row in rows}


def _times(period: Period) -> dict[str, Any]:
    since, until = period
    return {"since": since} if until is None else {"since": since, "until": until}


def _within(*, open: bool) -> list[ColumnElement[bool]]:
    """Within a period; an ``open`` one has no end."""
    found: list[ColumnElement[bool]] = [ArticleRow.published_at >= bindparam("since", type_=UtcTime())]
    return found if open else [*found, ArticleRow.published_at < bindparam("until", type_=UtcTime())]


def _still_there(*, open: bool) -> ColumnElement[bool]:
    own = ArticleRow.id == SitemapEntryRow.article_id
    # A parameter for the status: each article is found by its key, not by a walk over the period.
    return exists().where(own, ArticleRow.status == "published", *_within(open=open))


def _comparable(dialect: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Returns the publication time, and one that a query returned as text, in a form that can be compared."""
    text = bindparam("last", type_=Text())
    if dialect == "sqlite":
        return type_coerce(ArticleRow.published_at, Text), text
    return type_coerce(ArticleRow.published_at, DateTime(timezone=True)), cast(text, DateTime(timezone=True))


def _entries(*, open: bool) -> Executable:
    """The entries of a part, and whether their articles are still in it."""
    entry = SitemapEntryRow
    query = select(entry.article_id, _still_there(open=open).label("is_there")).where(_OWN)
    query = query.where(entry.article_id > bindparam("after", type_=Text()))
    return query.order_by(entry.article_id).limit(bindparam("most", type_=Integer()))


def _save(insert: Any) -> Any:
    names = (*_COLUMNS[1:], *CODINGS)
    statement = insert(SitemapFileRow)
    return statement.on_conflict_do_update(
        index_elements=["path"], set_={name: statement.excluded[name] for name in names}
    )


_OWN = SitemapEntryRow.part == bindparam("of", type_=Text())
_ONE_OF = SitemapEntryRow.article_id.in_(bindparam("ids", expanding=True, type_=Text()))
_ENTRIES = {open: _entries(open=open) for open in (True, False)}
_LEFT = {
    open: select(SitemapEntryRow.article_id).where(_OWN, _ONE_OF, ~_still_there(open=open)).limit(1)
    for open in (True, False)
}
_DROP = {
    open: delete(SitemapEntryRow)
    .where(_OWN, _ONE_OF, ~_still_there(open=open))
    .execution_options(synchronize_session=False)
    for open in (True, False)
}
_ADD = for_each_dialect(lambda insert: insert(SitemapEntryRow).on_conflict_do_nothing())
_FILES = select(*(getattr(SitemapFileRow, name) for name in _COLUMNS)).order_by(
    SitemapFileRow.part.desc(), SitemapFileRow.number
)
_FILES_OF_PART = _FILES.where(SitemapFileRow.part == bindparam("of", type_=Text()))
_SAVE = for_each_dialect(_save)
