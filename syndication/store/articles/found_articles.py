"""What a search for articles may ask, what it finds, and the conditions that no index decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select

from syndication.model.field_limits import MAX_TITLE, MAX_URL
from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles.article_outlines import cut
from syndication.store.articles.selected_articles import PUBLISHED
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import ChangeRow, EntryRow, LeftOutRow, ShownArticleRow
from syndication.store.tables.search import ArticleSearchRow, SearchChangeRow

MOST_COUNTED = 1_000
"""Hits are counted up to here: more than anybody reads, and few enough to count in milliseconds among a million."""

MOST_LISTED = 10_000
"""Lines of a list that is downloaded, at most."""

FeedFilter = Literal["none", "left-out"]
"""``none``: public now, and in no feed. ``left-out``: left out of a feed for a fault of its own."""

COLUMNS: Sequence[Any] = (
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
    """What to find: articles with all words of ``text``, or with it as their id; a status; those of a feed.

    ``since`` and ``until`` limit the publication time: from the one, and before the other. ``hidden`` includes hidden
    articles; otherwise only what is public, or unchanged since readers saw it.
    """

    text: str = ""
    status: str | None = None
    feed: WantedTerms | None = None
    since: datetime | None = None
    until: datetime | None = None
    feeds: FeedFilter | None = None
    hidden: bool = False

    @property
    def by_index(self) -> bool:
        """Whether the search index is needed."""
        return bool(self.text) or (self.feed is not None and bool(self.feed.any or self.feed.all or self.feed.none))


@dataclass(frozen=True, slots=True)
class Hits:
    """How many articles were found, up to ``MOST_COUNTED``; ``more``: and others.

    ``complete`` is false while articles wait to be indexed that this search has not read.
    """

    count: int
    more: bool
    complete: bool


def found_article(row: Any) -> FoundArticle:
    """Returns a row with ``COLUMNS`` as a value."""
    return FoundArticle(**{name: getattr(row, name) for name in FoundArticle.__slots__})


def conditions_of(wanted: ArticleFilter, now: datetime) -> list[ColumnElement[bool]]:
    """Returns the conditions on an article that no index decides; none is about its words or its terms."""
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(ArticleRow.published_at >= wanted.since)
    if wanted.until is not None:
        found.append(ArticleRow.published_at < wanted.until)
    if wanted.feeds == "none":
        found += [public(now), not_(exists().where(EntryRow.article_id == ArticleRow.id))]
    if wanted.feeds == "left-out":
        found.append(ArticleRow.id.in_(select(LeftOutRow.article_id)))
    return found


def public(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that an article is public at ``now``."""
    not_expired = or_(ArticleRow.expires_at.is_(None), ArticleRow.expires_at > now)
    return and_(ArticleRow.status == PUBLISHED, ArticleRow.published_at <= now, not_expired)


def visible(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that everybody may see an article, as the index knows it: what was shown is unchanged."""
    shown = (
        exists()
        .where(
            ShownArticleRow.article_id == ArticleRow.id,
            ArticleSearchRow.article_id == ArticleRow.id,
            ShownArticleRow.digest == ArticleSearchRow.digest,
            # Not that of the article: inside of two EXISTS, it would be any article of the table.
            not_(is_changed(ShownArticleRow.article_id)),
        )
        .correlate(ArticleRow)
    )
    return or_(public(now), shown)


def is_changed(id: Any) -> ColumnElement[bool]:
    """Returns the condition that an article has changed since it was indexed."""
    waits = exists().where(SearchChangeRow.article_id == id)
    return or_(waits, id.in_(select(ChangeRow.article_id).where(ChangeRow.article_id.is_not(None))))
