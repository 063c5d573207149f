"""Reads a few articles and their sizes with one statement of PostgreSQL: three would be two more round trips."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from syndication.model.values import Article
from syndication.store.articles.article_sizes import OWN, select_sizes
from syndication.store.articles.articles import assemble, part_selects
from syndication.store.db.id_lists import is_any_of
from syndication.store.tables.articles import ArticleCorrectionRow, ArticleRow

MOST = 20
"""The articles that are read so. More are read when a worker starts, and are no news."""

PART_COLUMNS = 9


def load_small(conn: Connection, ids: Sequence[str], room: int) -> dict[str, Article] | None:
    """Returns the articles with these ids if their bodies have at most ``room`` bytes together and all else is small.

    Returns None, with no body read, if they have more, or one of them is over another limit; and on SQLite, which has
    no round trips. Then they have to be measured.
    """
    if conn.dialect.name != "postgresql" or not ids or len(ids) > MOST:
        return None
    rows = conn.execute(_SELECT, {"ids": list(ids), "room": room}).all()
    found = assemble((row for row in rows if row.part == OWN), (row[:PART_COLUMNS] for row in rows if row.part != OWN))
    return found if len(found) == len(ids) else None


def _select() -> Select[Any]:
    """Selects the rows of parts, and each article with one more: none of them unless all are within their limits."""
    sizes = select_sizes("postgresql").subquery()
    room = cast(bindparam("room"), BigInteger)
    within = and_(sizes.c.part == OWN, sizes.c.long.is_(None))
    needed = select(func.sum(case((within, sizes.c.number), else_=room + 1))).scalar_subquery()
    nothing = [cast(null(), Text)] * 4 + [cast(null(), BigInteger)] * 2
    own = select(literal(OWN), ArticleRow.id, literal(0), *nothing).where(is_any_of("postgresql", ArticleRow.id))
    parts = union_all(*part_selects("postgresql"), own).subquery()
    article, corrected = ArticleRow.__table__, ArticleCorrectionRow
    return (
        select(parts, article, corrected.corrected_at)
        .select_from(parts)
        .outerjoin(article, and_(parts.c.part == OWN, article.c.id == parts.c.article_id))
        .outerjoin(corrected, corrected.article_id == article.c.id)
        .where(needed <= room)
        .order_by(parts.c.part, parts.c.article_id, parts.c.position)
    )


_SELECT = _select()
