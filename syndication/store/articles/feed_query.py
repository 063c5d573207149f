"""Selects a feed's articles by walking one index, newest first, at the same cost for any number of articles.

What is filed under sections has statements of its own here; ``selected_articles`` has those for all other terms.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, literal_column, or_, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute

from syndication.model.values import ALL
from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles import selected_articles
from syndication.store.db.batches import batched
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow, WithdrawalRow

# A literal, not a parameter: only then do both databases recognize that the partial indexes apply.
PUBLISHED: ColumnElement[str] = literal_column("'published'")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that can be in a feed.

    ``updated_at`` and ``expires_at`` are as the database writes them, and only if asked for: another program may have
    written a time that no program of ours can read.
    """

    article_id: str
    published_at: datetime
    updated_at: str | None = None
    expires_at: str | None = None


def list_newest(
    conn: Connection, wanted: WantedTerms, now: datetime, limit: int, *, times: bool = False
) -> list[Candidate]:
    """Returns the newest ``limit`` of the selected articles that are public at ``now``, newest first.

    ``times``: with their other times.
    """
    found: dict[str, Candidate] = {}
    for walk in walks_of(conn, wanted, now):
        query = walk.limit(limit)
        if times:
            query = query.add_columns(
                cast(ArticleRow.updated_at, Text).label("updated_at"),
                cast(ArticleRow.expires_at, Text).label("expires_at"),
            )
        for row in conn.execute(query):
            other = row._mapping
            found[row.id] = Candidate(row.id, row.published_at, other.get("updated_at"), other.get("expires_at"))
    ordered = sorted(found.values(), key=lambda c: (c.published_at, c.article_id), reverse=True)
    return ordered[:limit]


def list_stale_links(conn: Connection, after: tuple[str, str], limit: int) -> tuple[tuple[str, str] | None, set[str]]:
    """Looks at ``limit`` links that are not published: returns the published articles among them, and the last link.

    Links are in the order of article and section, and begin after the given one; the last one is None at the end.
    """
    link = tuple_(ArticleSectionRow.article_id, ArticleSectionRow.section)
    unpublished = ArticleSectionRow.status != PUBLISHED
    rows = conn.execute(
        select(ArticleSectionRow.article_id, ArticleSectionRow.section, ArticleRow.status)
        .join(ArticleRow, ArticleRow.id == ArticleSectionRow.article_id)
        .where(unpublished, link > tuple_(*after))
        .order_by(ArticleSectionRow.article_id, ArticleSectionRow.section)
        .limit(limit)
    ).all()
    last = (rows[-1].article_id, rows[-1].section) if len(rows) == limit else None
    return last, {row.article_id for row in rows if row.status == "published"}


def walks_of(conn: Connection, wanted: WantedTerms, now: datetime) -> list[Select[str, datetime | None]]:
    """Selects what a feed may show at ``now``: the ids and times of one or more walks, each newest first."""
    slugs = wanted.filed_under
    if slugs is None:
        return [selected_articles.walk_newest(walk, now) for walk in selected_articles.walks(conn, wanted)]
    return [public_articles(slug, now) for slug in slugs]


def first_upcoming(conn: Connection, wanted: WantedTerms, now: datetime) -> datetime | None:
    """Returns when the next selected article under embargo becomes public."""
    slugs = wanted.filed_under
    if slugs is None:
        return selected_articles.first_upcoming(conn, wanted, now)
    moments = []
    for slug in slugs:
        if slug == ALL:
            query = select(ArticleRow.published_at).where(ArticleRow.status == PUBLISHED)
            moment = ArticleRow.published_at
        else:
            query = select(ArticleSectionRow.published_at).where(
                ArticleSectionRow.section == slug, ArticleSectionRow.status == PUBLISHED
            )
            moment = ArticleSectionRow.published_at
        moments.append(conn.scalar(query.where(moment > now).order_by(moment).limit(1)))
    return min((moment for moment in moments if moment is not None), default=None)


def find_departure_reasons(
    conn: Connection, wanted: WantedTerms, article_ids: Collection[str], now: datetime
) -> dict[str, str]:
    """Returns why articles left a feed: withdrawn, deleted, unpublished, expired or moved.

    An article missing from the result was pushed out by newer ones.
    """
    reasons = dict.fromkeys(article_ids, "deleted")
    for some in batched(sorted(article_ids)):
        # A withdrawal outlives the article's row.
        out = select(WithdrawalRow.article_id).where(WithdrawalRow.article_id.in_(some))
        reasons |= dict.fromkeys(conn.scalars(out), "withdrawn")
        here = _selected(conn, wanted, some)
        columns = (ArticleRow.id, ArticleRow.status, ArticleRow.published_at, ArticleRow.expires_at)
        for row in conn.execute(select(*columns).where(ArticleRow.id.in_(some))):
            if row.status == "withdrawn":
                reasons[row.id] = "withdrawn"
            elif row.status == "draft" or row.published_at > now:
                reasons[row.id] = "unpublished"
            elif row.expires_at is not None and row.expires_at <= now:
                reasons[row.id] = "expired"
            elif row.id not in here:
                reasons[row.id] = "moved"
            else:
                del reasons[row.id]
    return reasons


def _selected(conn: Connection, wanted: WantedTerms, article_ids: Sequence[str]) -> set[str]:
    slugs = wanted.filed_under
    if slugs is None:
        return selected_articles.select_ids(conn, wanted, article_ids)
    filed = select(ArticleSectionRow.article_id).where(
        ArticleSectionRow.article_id.in_(article_ids), ArticleSectionRow.section.in_(slugs)
    )
    return set(article_ids) if ALL in slugs else set(conn.scalars(filed))


def find_embargoed(conn: Connection, article_ids: Collection[str], now: datetime) -> set[str]:
    """Returns those of the articles that are published, but not before a time after ``now``."""
    found: set[str] = set()
    for some in batched(sorted(article_ids)):
        query = select(ArticleRow.id).where(ArticleRow.id.in_(some), ArticleRow.status == "published")
        found.update(conn.scalars(query.where(ArticleRow.published_at > now)))
    return found


def repair_links(conn: Connection, article_ids: Collection[str] | None) -> int:
    """Copies the articles' columns into their links again (None: all articles); returns how many links differed.

    On PostgreSQL, a writer with an old snapshot (REPEATABLE READ) does not see a link committed since, and leaves it
    unchanged. Both writers queue the article, so the reader of the queue repairs the link and nothing is lost.
    """
    return sum(_repair(conn, some) for some in (batched(sorted(article_ids)) if article_ids is not None else [None]))


def _repair(conn: Connection, article_ids: Sequence[str] | None) -> int:
    same_article = ArticleSectionRow.article_id == ArticleRow.id
    differs = or_(
        ArticleSectionRow.status != ArticleRow.status,
        ArticleSectionRow.published_at.is_distinct_from(ArticleRow.published_at),
        ArticleSectionRow.expires_at.is_distinct_from(ArticleRow.expires_at),
    )
    query = select(ArticleRow.id).where(same_article, differs).distinct()
    if article_ids is not None:
        query = query.where(ArticleRow.id.in_(article_ids))
    mended = 0
    for some in batched(sorted(conn.scalars(query))):
        # The article first and then its links, as every writer locks them.
        conn.execute(select(ArticleRow.id).where(ArticleRow.id.in_(some)).order_by(ArticleRow.id).with_for_update())
        values = {name: getattr(ArticleRow, name) for name in ("status", "published_at", "expires_at")}
        statement = update(ArticleSectionRow).values(values).where(same_article, differs, ArticleRow.id.in_(some))
        mended += conn.execute(statement).rowcount
    return mended


def public_articles(slug: str, now: datetime) -> Select[str, datetime | None]:
    """Selects the ids and times of the articles that a section may show at ``now``, newest first."""
    not_expired = _not_expired(ArticleRow.expires_at, now)
    if slug == ALL:
        return (
            select(ArticleRow.id, ArticleRow.published_at)
            .where(ArticleRow.status == PUBLISHED, ArticleRow.published_at <= now, not_expired)
            .order_by(ArticleRow.published_at.desc(), ArticleRow.id.desc())
        )
    return (
        select(ArticleRow.id, ArticleRow.published_at)
        .select_from(ArticleSectionRow)
        .join(ArticleRow, ArticleRow.id == ArticleSectionRow.article_id)
        .where(
            ArticleSectionRow.section == slug,
            ArticleSectionRow.status == PUBLISHED,
            ArticleSectionRow.published_at <= now,
            _not_expired(ArticleSectionRow.expires_at, now),
            # The copies in the link lead the walk, and the article itself decides: see ``repair_links``.
            # A parameter, not PUBLISHED: the articles' own index is the wrong one to walk here.
            ArticleRow.status == "published",
            ArticleRow.published_at <= now,
            not_expired,
        )
        .order_by(ArticleSectionRow.published_at.desc(), ArticleSectionRow.article_id.desc())
    )


def _not_expired(expires_at: InstrumentedAttribute[datetime | None], now: datetime) -> ColumnElement[bool]:
    return or_(expires_at.is_(None), expires_at > now)
