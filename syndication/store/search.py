"""Finding articles by title, id or address, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select

from syndication.store.marks import read_mark, write_mark
from syndication.store.models import ArticleRow, SectionLink
from syndication.store.newest import PUBLISHED


@dataclass(frozen=True, slots=True)
class Found:
    """An article in a list."""

    id: str
    title: str
    url: str
    status: str
    published_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: ``text`` in title, id or address, a status, sections; ``hidden`` articles too or not."""

    text: str = ""
    status: str | None = None
    sections: tuple[str, ...] | None = None
    hidden: bool = False


def search(
    conn: Connection, wanted: Wanted, now: datetime, limit: int, after: str | None
) -> tuple[list[Found], str | None]:
    """One page, the newest first, and where the next one begins; raises SyndicationError for a bad ``after``.

    Drafts stand last. What is under embargo or a draft is only in it if ``wanted.hidden``.
    """
    query = _filtered(wanted, now)
    if after is not None:
        query = query.where(_behind(*read_mark(after)))
    rows = conn.execute(query.order_by(*_order(wanted), ArticleRow.id.desc()).limit(limit + 1)).all()
    found = [Found(**row._mapping) for row in rows[:limit]]
    return found, write_mark(found[-1].published_at, found[-1].id) if len(rows) > limit else None


def _filtered(wanted: Wanted, now: datetime) -> Select[Any]:
    query = select(*(ArticleRow.__table__.c[name] for name in Found.__slots__))
    if not wanted.hidden:
        query = query.where(ArticleRow.status != "draft", ArticleRow.published_at <= now)
    if wanted.status == "published":
        query = query.where(ArticleRow.status == PUBLISHED)
    elif wanted.status is not None:
        query = query.where(ArticleRow.status == wanted.status)
    if wanted.sections is not None:
        filed = exists().where(SectionLink.article_id == ArticleRow.id, SectionLink.section.in_(wanted.sections))
        query = query.where(filed)
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


def _order(wanted: Wanted) -> Sequence[ColumnElement[Any]]:
    # Every published article has its time, so that the index serves as it is; of others the database must be told.
    if wanted.status == "published":
        return [ArticleRow.published_at.desc()]
    return [ArticleRow.published_at.desc().nulls_last()]


def _behind(published_at: datetime | None, id: str) -> ColumnElement[bool]:
    moment = ArticleRow.published_at
    if published_at is None:
        return and_(moment.is_(None), ArticleRow.id < id)
    return or_(moment < published_at, and_(moment == published_at, ArticleRow.id < id), moment.is_(None))
