"""Stories that do not appear as their writers asked, without an error in any feed: found by the state of their rows."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from syndication.store.articles.selected_articles import PUBLISHED
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow

RECENT = timedelta(days=1)
"""How old a story may be that is reported as never shown: an older one concerns nobody any more."""

MAX_SECTIONS, MAX_FOUND = 5_000, 20
"""The most sections read, and the most sections or stories returned: writers choose both."""


def unfed_sections(conn: Connection, known: Collection[str], public_at: datetime | None) -> dict[str, str]:
    """Returns the ID of the newest story by each section that published stories name and that is not ``known``.

    With ``public_at``, only stories that are public then count.
    """
    unknown = [slug for slug in _sections(conn) if slug not in known]
    found: dict[str, str] = {}
    for slug in unknown:
        id = _newest(conn, slug, public_at)
        if id is not None:
            found[slug] = id
        if len(found) == MAX_FOUND:
            break
    return found


def _sections(conn: Connection) -> list[str]:
    """Returns the sections of published stories, with one look into the index for each instead of reading it all."""
    section, published = ArticleSectionRow.section, ArticleSectionRow.status == PUBLISHED
    slugs = select(func.min(section).label("section")).where(published).cte("slugs", recursive=True)
    following = select(func.min(section)).where(published, section > slugs.c.section).scalar_subquery()
    slugs = slugs.union_all(select(following).where(slugs.c.section.is_not(None)))
    query = select(slugs.c.section).where(slugs.c.section.is_not(None)).limit(MAX_SECTIONS)
    return list(conn.scalars(query))


def _newest(conn: Connection, slug: str, public_at: datetime | None) -> str | None:
    link = ArticleSectionRow
    query = (
        select(link.article_id)
        .join(ArticleRow, ArticleRow.id == link.article_id)
        .where(link.section == slug, link.status == PUBLISHED, ArticleRow.status == "published")
        .order_by(link.published_at.desc(), link.article_id.desc())
        .limit(1)
    )
    if public_at is not None:
        not_expired = or_(ArticleRow.expires_at.is_(None), ArticleRow.expires_at > public_at)
        query = query.where(link.published_at <= public_at, ArticleRow.published_at <= public_at, not_expired)
    return conn.scalar(query)


def never_shown(conn: Connection, now: datetime) -> list[str]:
    """Returns the IDs of recent and coming stories that expire before they are published."""
    query = select(ArticleRow.id).where(
        ArticleRow.status == PUBLISHED,
        ArticleRow.published_at > now - RECENT,
        ArticleRow.expires_at <= ArticleRow.published_at,
    )
    return list(conn.scalars(query.order_by(ArticleRow.published_at.desc(), ArticleRow.id.desc()).limit(MAX_FOUND)))
