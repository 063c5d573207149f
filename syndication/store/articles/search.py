"""Searches articles by title, id or address, with pagination."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, or_, select

from syndication.model.field_limits import MAX_TITLE, MAX_URL
from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles.article_outlines import cut
from syndication.store.articles.selected_articles import PUBLISHED, is_selected
from syndication.store.articles.shown_articles import digests, is_public
from syndication.store.articles.stored_digests import stored_digests
from syndication.store.db.cursors import decode_cursor, encode_cursor
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import ShownArticleRow

_COLUMNS: Sequence[Any] = (
    ArticleRow.id,
    cut(ArticleRow.title, MAX_TITLE),
    cut(ArticleRow.url, MAX_URL),
    ArticleRow.status,
    ArticleRow.published_at,
    ArticleRow.updated_at,
    ArticleRow.expires_at,
    ArticleRow.access,
)


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """An article in a list."""

    id: str
    title: str
    url: str
    status: str
    published_at: datetime | None
    updated_at: datetime | None
    access: str


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Search conditions: ``text`` in title, id or address, a status, a feed; ``hidden`` includes hidden articles."""

    text: str = ""
    status: str | None = None
    feed: WantedTerms | None = None
    hidden: bool = False


def search(
    conn: Connection, wanted: ArticleFilter, now: datetime, limit: int, after: str | None
) -> tuple[list[FoundArticle], str | None]:
    """Returns one page, newest first, and the next cursor; raises SyndicationError for a bad ``after``.

    Drafts come last. Without ``wanted.hidden``, a page has only articles that are public or unchanged since readers saw
    them.
    """
    place = decode_cursor(after) if after is not None else None
    rows: list[Row[Any]] = []
    while len(rows) <= limit:
        read = conn.execute(_page(wanted, now, limit, place)).all()
        rows += read if wanted.hidden else _readable(conn, read, now)
        if len(read) <= limit:
            break
        place = read[-1].published_at, read[-1].id
    found = [FoundArticle(**{name: getattr(row, name) for name in FoundArticle.__slots__}) for row in rows[:limit]]
    return found, encode_cursor(found[-1].published_at, found[-1].id) if len(rows) > limit else None


def _page(wanted: ArticleFilter, now: datetime, limit: int, place: tuple[datetime | None, str] | None) -> Select[Any]:
    query = _filtered(wanted, now)
    if place is not None:
        query = query.where(_behind(*place))
    return query.order_by(*_order(wanted), ArticleRow.id.desc()).limit(limit + 1)


def _readable(conn: Connection, rows: Sequence[Row[Any]], now: datetime) -> list[Row[Any]]:
    """Returns articles that are public or unchanged since readers saw them: a database cannot compare digests."""
    others = [row.id for row in rows if not is_public(row, now)]
    if not others:
        return list(rows)
    remembered = digests(conn, others)
    same = {id for id, digest in stored_digests(conn, others).items() if remembered.get(id) == digest}
    return [row for row in rows if row.id in same or is_public(row, now)]


def _public(now: datetime) -> ColumnElement[bool]:
    not_expired = or_(ArticleRow.expires_at.is_(None), ArticleRow.expires_at > now)
    return and_(ArticleRow.status == PUBLISHED, ArticleRow.published_at <= now, not_expired)


def _filtered(wanted: ArticleFilter, now: datetime) -> Select[Any]:
    query = select(*_COLUMNS)
    if not wanted.hidden:
        was_shown = exists().where(ShownArticleRow.article_id == ArticleRow.id, ShownArticleRow.digest.is_not(None))
        query = query.where(or_(_public(now), was_shown))
    if wanted.status == "published":
        query = query.where(ArticleRow.status == PUBLISHED)
    elif wanted.status is not None:
        query = query.where(ArticleRow.status == wanted.status)
    if wanted.feed is not None:
        query = query.where(is_selected(wanted.feed))
    if wanted.text:
        query = query.where(
            or_(
                *(
                    column.icontains(wanted.text, autoescape=True)
                    for column in (ArticleRow.title, ArticleRow.id, ArticleRow.url)
                )
            )
        )
    return query


def _order(wanted: ArticleFilter) -> Sequence[ColumnElement[Any]]:
    # Every published article has a time, so the index applies directly; for others the order must be explicit.
    if wanted.status == "published":
        return [ArticleRow.published_at.desc()]
    return [ArticleRow.published_at.desc().nulls_last()]


def _behind(published_at: datetime | None, id: str) -> ColumnElement[bool]:
    moment = ArticleRow.published_at
    if published_at is None:
        return and_(moment.is_(None), ArticleRow.id < id)
    return or_(moment < published_at, and_(moment == published_at, ArticleRow.id < id), moment.is_(None))
