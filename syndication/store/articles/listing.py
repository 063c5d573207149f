"""Lists articles newest first by their own indexes: of published ones, and of the others; exact at any moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from syndication.store.articles.found_articles import (
    COLUMNS,
    MOST_COUNTED,
    ArticleFilter,
    FoundArticle,
    Hits,
    conditions_of,
    found_article,
    public,
    visible,
)
from syndication.store.articles.search_index import is_filled
from syndication.store.articles.selected_articles import PUBLISHED
from syndication.store.articles.shown_articles import digests, is_public
from syndication.store.articles.stored_digests import stored_digests
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import ShownArticleRow


def count_listed(conn: Connection, wanted: ArticleFilter, now: datetime) -> Hits:
    """Returns how many articles the list has."""
    found = 0
    for condition in _parts(wanted):
        query = select(ArticleRow.id).where(condition, *conditions_of(wanted, now)).limit(MOST_COUNTED + 1 - found)
        if wanted.feeds != "left-out":
            # In the order of the index, which has all that is asked: otherwise, rows are read, with their bodies.
            query = query.order_by(ArticleRow.published_at.desc(), ArticleRow.id.desc())
        if not wanted.hidden:
            query = query.where(visible(now))
        found += conn.scalar(select(func.count()).select_from(query.subquery())) or 0
    return Hits(min(found, MOST_COUNTED), found > MOST_COUNTED, wanted.hidden or is_filled(conn))


def in_order(
    conn: Connection, wanted: ArticleFilter, now: datetime, limit: int, place: tuple[datetime | None, str] | None
) -> Iterator[FoundArticle]:
    """Yields articles newest first, after ``place``: two walks, merged."""
    walks = [_walk(conn, wanted, now, limit, condition, place) for condition in _parts(wanted)]
    heads = [next(walk, None) for walk in walks]
    while any(head is not None for head in heads):
        n = max(
            (n for n, head in enumerate(heads) if head is not None),
            key=lambda n: _order_of(heads[n]),
        )
        head, heads[n] = heads[n], next(walks[n], None)
        if head is not None:
            yield found_article(head)


def _order_of(row: Any) -> tuple[bool, datetime | None, str]:
    return (row.published_at is not None, row.published_at, row.id)


def _walk(
    conn: Connection,
    wanted: ArticleFilter,
    now: datetime,
    limit: int,
    condition: ColumnElement[bool],
    place: tuple[datetime | None, str] | None,
) -> Iterator[Row[Any]]:
    query = select(*COLUMNS).where(condition, *conditions_of(wanted, now))
    if not wanted.hidden:
        was_shown = exists().where(ShownArticleRow.article_id == ArticleRow.id, ShownArticleRow.digest.is_not(None))
        query = query.where(or_(public(now), was_shown))
    # First those with a time, then those without: an index has its order only within one of them.
    for dated in (True, False):
        moment = ArticleRow.published_at
        some = query.where(moment.is_not(None) if dated else moment.is_(None))
        some = some.order_by(*([moment.desc()] if dated else []), ArticleRow.id.desc())
        here = place
        if not dated and here is not None and here[0] is not None:
            here = None  # Those without a time are all still to come.
        if dated and here is not None and here[0] is None:
            continue
        while True:
            page = (some.where(_behind(*here)) if here else some).limit(limit + 1)
            rows = conn.execute(_of_ids(page) if wanted.feeds == "none" else page).all()
            yield from rows if wanted.hidden else _readable(conn, rows, now)
            if len(rows) <= limit:
                break
            here = rows[-1].published_at, rows[-1].id


def _of_ids(page: Any) -> Any:
    """Returns the same rows, of which only those found are read: an index decides which of the newest are in feeds."""
    ids = page.with_only_columns(ArticleRow.id).subquery()
    rows = select(*COLUMNS).where(ArticleRow.id.in_(select(ids.c.id)))
    return rows.order_by(ArticleRow.published_at.desc(), ArticleRow.id.desc())


def _behind(published_at: datetime | None, id: str) -> ColumnElement[bool]:
    moment = ArticleRow.published_at
    if published_at is None:
        return ArticleRow.id < id
    return and_(moment <= published_at, or_(moment < published_at, ArticleRow.id < id))


def _readable(conn: Connection, rows: Sequence[Row[Any]], now: datetime) -> list[Row[Any]]:
    """Returns articles that are public or unchanged since readers saw them: a database cannot compare digests."""
    others = [row.id for row in rows if not is_public(row, now)]
    if not others:
        return list(rows)
    remembered = digests(conn, others)
    same = {id for id, digest in stored_digests(conn, others).items() if remembered.get(id) == digest}
    return [row for row in rows if row.id in same or is_public(row, now)]


def _parts(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Returns the conditions of the articles' two indexes: of published ones, and of the others."""
    published, others = ArticleRow.status == PUBLISHED, ArticleRow.status != PUBLISHED
    if wanted.status == "published" or wanted.feeds == "none":
        return [published]
    if wanted.status is not None:
        return [and_(others, ArticleRow.status == wanted.status)]
    return [published, others]
