"""Reads, in one snapshot, the facts that explain why an article is or is not in a feed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from syndication.model.feed_selections import FeedSelections
from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles.article_outlines import ArticleOutline, read_outline
from syndication.store.articles.deletions import get_deletion
from syndication.store.articles.selected_articles import moment_of, walk_newest, walks
from syndication.store.articles.terms import read_terms
from syndication.store.articles.withdrawals import Withdrawal, get_withdrawal
from syndication.store.processes import workers
from syndication.store.publishing import documents
from syndication.store.publishing.section_state import SectionState, list_states
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_rows import KnownRow
from syndication.store.sources.source_states import SourceState
from syndication.store.tables.access import FeedVersionChangeRow
from syndication.store.tables.publishing import ChangeRow, EntryRow, LeftOutRow, TombstoneRow
from syndication.store.tables.sitemaps import SitemapEntryRow

MAX_COUNTED = 10_000
"""The most newer articles counted: after this many, an article is far outside of every feed."""


@dataclass(frozen=True, slots=True)
class EntryPosition:
    """An article's entry in a published feed; ``position`` 0 is the newest.

    ``date`` is what its last change did to its date, one of ``versions.DATES``; None if that is no longer known.
    """

    position: int
    version: int
    since_version: int
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """An article left a feed: in which version, when, and why."""

    version: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ArticleOrigin:
    """The story of a source that an article is, or that was refused under its id; ``state`` is the source's."""

    source: str
    row: KnownRow
    state: SourceState | None


@dataclass(frozen=True, slots=True)
class TraceFacts:
    """The facts about an article (None: it has no row) at ``now``; the mappings are by section.

    ``deleted_at`` is when it lost its row, if it had one. ``selected`` are the feeds that select it.

    ``newer`` counts the articles before it in these, without those left out, which take no position. ``concealed``: the
    caller may only know that the article was shown once. ``noticed``: a change of it, or of all articles, is still in
    the queue, the oldest since ``noticed_at``. ``in_sitemaps``: a sitemap lists it.
    """

    article_id: str
    article: ArticleOutline | None
    withdrawal: Withdrawal | None
    deleted_at: datetime | None
    now: datetime
    noticed: bool
    workers: int
    states: Mapping[str, SectionState]
    positions: Mapping[str, EntryPosition]
    departures: Mapping[str, Departure]
    left_out: Mapping[str, str]
    newer: Mapping[str, int]
    selected: Collection[str]
    concealed: bool = False
    origin: ArticleOrigin | None = None
    noticed_at: datetime | None = None
    in_sitemaps: bool = False


def read_trace_facts(conn: Connection, article_id: str, feeds: FeedSelections, now: datetime) -> TraceFacts:
    """Returns everything that a trace needs about these feeds. What it costs follows those that select the article."""
    article = read_outline(conn, article_id)
    selected = feeds.select(read_terms(conn, [article_id]).get(article_id, frozenset())) if article else []
    by_article = {row.section: row for row in conn.execute(_standing(article_id))}
    changes = select(FeedVersionChangeRow.section, FeedVersionChangeRow.version, FeedVersionChangeRow.reason).where(
        FeedVersionChangeRow.article_id == article_id
    )
    dates = {(row.section, row.version): row.reason for row in conn.execute(changes)}
    tombstones = conn.execute(_of(TombstoneRow, article_id))
    left_out: dict[str, set[str]] = {}
    for item in documents.list_left_out(conn):
        left_out.setdefault(item.section, set()).add(item.article_id)
    queued = select(func.count().label("n"), func.min(ChangeRow.noticed_at).label("since")).where(
        (ChangeRow.article_id == article_id) | ChangeRow.article_id.is_(None)
    )
    waiting = conn.execute(queued).one()
    listed = select(SitemapEntryRow.part).where(SitemapEntryRow.article_id == article_id)
    return TraceFacts(
        article_id=article_id,
        article=article,
        withdrawal=get_withdrawal(conn, article_id),
        deleted_at=get_deletion(conn, article_id),
        now=now,
        noticed=bool(waiting.n),
        noticed_at=waiting.since,
        workers=len(workers.list_alive(conn, now)),
        states={state.section: state for state in list_states(conn)},
        positions={
            slug: EntryPosition(row.before, row.version, row.since_version, dates.get((slug, row.version)))
            for slug, row in by_article.items()
        },
        departures={row.section: Departure(row.version, row.reason, row.at) for row in tombstones},
        left_out={row.section: row.reason for row in conn.execute(_of(LeftOutRow, article_id))},
        newer={
            slug: len(_newer(conn, wanted, article, now) - left_out.get(slug, set()))
            for slug, wanted in feeds.wanting(selected).items()
        }
        if article
        else {},
        selected=frozenset(selected),
        origin=read_origin(conn, article_id),
        in_sitemaps=conn.scalar(listed.limit(1)) is not None,
    )


def read_origin(conn: Connection, article_id: str) -> ArticleOrigin | None:
    """Returns where an article comes from; None if it comes from no source."""
    found = source_rows.origin(conn, article_id)
    if found is None:
        return None
    return ArticleOrigin(found.source, found.row, source_states.get(conn, found.source))


def _standing(article_id: str):  # type: ignore[no-untyped-def]
    """Selects an article's entries, with the number of those before each: what is stored only orders them."""
    row, other = EntryRow, aliased(EntryRow)
    before = select(func.count()).where(other.section == row.section, other.position < row.position)
    columns = (row.section, row.version, row.since_version, before.scalar_subquery().label("before"))
    return select(*columns).where(row.article_id == article_id)


def _of(table: type[TombstoneRow | LeftOutRow], article_id: str):  # type: ignore[no-untyped-def]
    return select(table.__table__).where(table.__table__.c.article_id == article_id)


def _newer(conn: Connection, wanted: WantedTerms, article: ArticleOutline, now: datetime) -> set[str]:
    """Returns the public articles before it in a feed, up to a limit."""
    if article.published_at is None:
        return set()
    found: set[str] = set()
    for walk in walks(conn, wanted):
        moment, id = moment_of(walk)
        before = (moment > article.published_at) | ((moment == article.published_at) & (id > article.id))
        found.update(conn.scalars(walk_newest(walk, now).where(before).limit(MAX_COUNTED)))
    return found
