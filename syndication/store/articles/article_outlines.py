"""Reads articles without their bodies, for lists, traces and pages that show none: the column is never read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, func, select
from sqlalchemy.orm import InstrumentedAttribute

from syndication.model.field_limits import MAX_CAPTION, MAX_SECTIONS, MAX_TITLE, MAX_URL
from syndication.store.db.batches import batched
from syndication.store.tables.articles import ArticleCorrectionRow, ArticleRow, ArticleSectionRow


@dataclass(frozen=True, slots=True)
class ArticleOutline:
    """An article's main fields; texts that another program wrote too long are cut."""

    id: str
    title: str
    url: str
    status: str
    published_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    correction: str | None = None
    access: str = "public"
    corrected_at: datetime | None = None
    sections: tuple[str, ...] = ()


def cut(column: InstrumentedAttribute[Any] | ColumnElement[Any], most: int) -> ColumnElement[str]:
    """Selects the first characters of a text, under its own name: the database sends no more."""
    return func.substr(column, 1, most, type_=String).label(column.key)


_COLUMNS = (
    ArticleRow.id,
    cut(ArticleRow.title, MAX_TITLE),
    cut(ArticleRow.url, MAX_URL),
    ArticleRow.status,
    ArticleRow.published_at,
    ArticleRow.updated_at,
    ArticleRow.expires_at,
    cut(ArticleRow.correction, MAX_CAPTION),
    ArticleRow.access,
    ArticleCorrectionRow.corrected_at,
)

_OUTLINES = select(*_COLUMNS).outerjoin(ArticleCorrectionRow, ArticleCorrectionRow.article_id == ArticleRow.id)


def read_outlines(conn: Connection, ids: Sequence[str]) -> dict[str, ArticleOutline]:
    """Returns the outlines of the existing articles among ``ids``, whatever their status."""
    found: dict[str, ArticleOutline] = {}
    for some in batched(ids):
        sections = _sections(conn, some)
        for row in conn.execute(_OUTLINES.where(ArticleRow.id.in_(some))):
            found[row.id] = ArticleOutline(**row._mapping, sections=tuple(sections.get(row.id, ())))
    return found


def read_outline(conn: Connection, article_id: str) -> ArticleOutline | None:
    """Returns the outline of one article, whatever its status."""
    return read_outlines(conn, [article_id]).get(article_id)


def _sections(conn: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    """Returns the sections of each article in its order, up to the limit."""
    place = (
        func.row_number()
        .over(partition_by=ArticleSectionRow.article_id, order_by=ArticleSectionRow.position)
        .label("place")
    )
    links = (
        select(ArticleSectionRow.article_id, ArticleSectionRow.section, place)
        .where(ArticleSectionRow.article_id.in_(ids))
        .subquery()
    )
    found: dict[str, list[str]] = {}
    for row in conn.execute(select(links).where(links.c.place <= MAX_SECTIONS).order_by(links.c.place)):
        found.setdefault(row.article_id, []).append(row.section)
    return found
