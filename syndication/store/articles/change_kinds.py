"""What kind of change was made to articles, by what is stored of them now."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import BindParameter, ColumnElement, Connection, ScalarSelect, and_, exists, func, select

from syndication.store.articles.selected_articles import PUBLISHED
from syndication.store.db.batches import batched
from syndication.store.publishing.deliveries import ChangeKind
from syndication.store.tables.access import FeedVersionChangeRow, FeedVersionRow
from syndication.store.tables.articles import ArticleRow, WithdrawalRow
from syndication.store.tables.publishing import EntryRow, ShownArticleRow, TombstoneRow

Fact = Literal["withdrawn", "embargoed", "was_out", "shown"]
"""What the kind of a change depends on: the article has a withdrawal, appears later, was out, or was shown."""


def change_kinds(conn: Connection, written: Mapping[str, datetime], now: datetime) -> dict[str, ChangeKind]:
    """Returns the kind of each article's last change, as far as readers are concerned; ``written`` is its time.

    A regeneration may have been faster than this look: what a feed has added since is new, and was not edited.
    """
    kinds: dict[str, ChangeKind] = dict.fromkeys(written, "deleted")
    conditions = fact_conditions(now)
    query = select(
        ArticleRow.id,
        and_(ArticleRow.status == "published", ArticleRow.published_at.is_not(None)).label("is_published"),
        added_at().label("added_at"),
        *(condition.label(fact) for fact, condition in conditions.items()),
    )
    for some in batched(sorted(written)):
        for row in conn.execute(query.where(ArticleRow.id.in_(some))):
            facts = {fact for fact in conditions if row._mapping[fact]}
            kinds[row.id] = kind_of(facts, row.added_at, written[row.id], is_published=row.is_published)
    return kinds


def fact_conditions(now: datetime | BindParameter[datetime]) -> Mapping[Fact, ColumnElement[bool]]:
    """Returns the conditions of an article's row under which each fact holds at ``now``."""
    return {
        "withdrawn": exists().where(WithdrawalRow.article_id == ArticleRow.id),
        "embargoed": ArticleRow.published_at > now,
        "shown": exists().where(ShownArticleRow.article_id == ArticleRow.id),
        "was_out": exists().where(TombstoneRow.article_id == ArticleRow.id, TombstoneRow.reason == "withdrawn"),
    }


def added_at() -> ScalarSelect[datetime]:
    """Selects when a feed last added the article of the row; NULL: none did."""
    entry, version = FeedVersionChangeRow, FeedVersionRow
    return (
        select(func.max(version.at))
        .join(entry, (version.section == entry.section) & (version.version == entry.version))
        .where(entry.change == "added", entry.article_id == ArticleRow.id)
        .correlate(ArticleRow)
        .scalar_subquery()
    )


def kind_of(
    facts: Collection[Fact], added_at: datetime | None, written_at: datetime, *, is_published: bool
) -> ChangeKind:
    """Returns the kind of a change that was written at a time, of an article that a feed last added at ``added_at``."""
    if "withdrawn" in facts:
        return "withdrawn"
    if not is_published:
        return "draft"
    if "embargoed" in facts:
        return "scheduled"
    if "was_out" in facts:
        return "restored"
    is_new = added_at is not None and added_at > written_at
    return "edited" if "shown" in facts and not is_new else "published"


def list_shown(conn: Connection, ids: Collection[str]) -> set[str]:
    """Returns those of these articles that a feed shows."""
    found: set[str] = set()
    for some in batched(sorted(ids)):
        found.update(conn.scalars(select(EntryRow.article_id).where(EntryRow.article_id.in_(some)).distinct()))
    return found


def list_appeared(conn: Connection, since: datetime, now: datetime, most: int) -> dict[str, datetime]:
    """Returns the articles whose embargo ended from ``since`` on and that no feed shows yet, each with its time."""
    shown = exists().where(EntryRow.article_id == ArticleRow.id)
    query = (
        select(ArticleRow.id, ArticleRow.published_at)
        .where(ArticleRow.status == PUBLISHED, ArticleRow.published_at >= since, ArticleRow.published_at <= now, ~shown)
        .order_by(ArticleRow.published_at, ArticleRow.id)
        .limit(most)
    )
    return {row.id: row.published_at for row in conn.execute(query)}


def list_expired(conn: Connection, sections: Collection[str], now: datetime) -> dict[str, datetime]:
    """Returns the articles of these feeds' entries that have expired, each with its time."""
    found: dict[str, datetime] = {}
    query = select(EntryRow.article_id, EntryRow.expires_at).where(EntryRow.expires_at <= now)
    for some in batched(sorted(sections)):
        found |= {row.article_id: row.expires_at for row in conn.execute(query.where(EntryRow.section.in_(some)))}
    return found
