"""Finding articles by title, id or address, page by page."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select

from syndication.errors import SyndicationError
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
        query = query.where(_behind(*_decode(after)))
    rows = conn.execute(query.order_by(*_order(wanted), ArticleRow.id.desc()).limit(limit + 1)).all()
    found = [Found(**row._mapping) for row in rows[:limit]]
    return found, _encode(found[-1]) if len(rows) > limit else None


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


def _encode(last: Found) -> str:
    moment = last.published_at.isoformat() if last.published_at else ""
    return base64.urlsafe_b64encode(f"{moment} {last.id}".encode()).decode().rstrip("=")


def _decode(after: str) -> tuple[datetime | None, str]:
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        moment, _, id = text.partition(" ")
        parsed = datetime.fromisoformat(moment) if moment else None
        if "\x00" in id or (parsed is not None and parsed.utcoffset() is None):
            raise ValueError(text)
        parsed = parsed.astimezone(UTC) if parsed is not None else None
    except (ValueError, OverflowError, binascii.Error) as error:
        raise SyndicationError("after is not the end of a page: follow the link that the page before gave") from error
    return parsed, id
