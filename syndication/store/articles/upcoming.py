"""Scheduled changes in the order of time: embargoes end, articles expire, sections fall due.

Includes articles under embargo: the caller decides who may see them. Drafts have no scheduled change.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Select, null, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from syndication.errors import SyndicationError
from syndication.model.feed_selections import FeedSelections
from syndication.model.field_limits import MAX_TITLE
from syndication.store.articles.article_outlines import cut
from syndication.store.articles.selected_articles import PUBLISHED
from syndication.store.articles.terms import read_terms
from syndication.store.db.cursors import INVALID_CURSOR, decode_cursor, encode_cursor
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import SectionStateRow

UpcomingEvent = Literal["appears", "leaves", "section-due"]

EVENTS: Sequence[UpcomingEvent] = get_args(UpcomingEvent)
"""In their order at the same moment."""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A scheduled change of an article, or of a section alone (``article_id`` and ``title`` are None).

    ``sections`` are the slugs of the feeds affected.
    """

    at: datetime
    event: UpcomingEvent
    article_id: str | None
    title: str | None
    sections: tuple[str, ...]


def read_upcoming(
    conn: Connection, feeds: FeedSelections, now: datetime, limit: int, after: str | None = None
) -> tuple[list[Upcoming], str | None]:
    """Returns one page, the next change first, and the next cursor; raises SyndicationError for a bad ``after``."""
    since = _decode_position(after) if after is not None else None
    walks = (
        [
            (row.at, what, row.id, row.title)
            for row in conn.execute(query_events(what, feeds.sections, now, since).limit(limit + 1))
        ]
        for what in EVENTS
    )
    # Each walk keeps the order of its database, which may sort ids in its own way.
    merged = list(heapq.merge(*walks, key=lambda item: (item[0], EVENTS.index(item[1]))))[: limit + 1]
    page = merged[:limit]
    terms = read_terms(conn, [id for _, what, id, _ in page if what != "section-due"])
    found = [
        Upcoming(at, what, None, None, (id,))
        if what == "section-due"
        else Upcoming(at, what, id, title, tuple(feeds.select(terms.get(id, frozenset()))))
        for at, what, id, title in page
    ]
    return found, encode_cursor(page[-1][0], f"{page[-1][1]} {page[-1][2]}") if len(merged) > limit else None


MOST_COUNTED = 10_000
"""Changes of one kind that are counted at most."""


def read_moments(conn: Connection, event: UpcomingEvent, now: datetime, until: datetime) -> list[datetime]:
    """Returns when articles appear or leave before ``until``, the next first, at most ``MOST_COUNTED`` of them."""
    events = query_events(event, (), now).limit(MOST_COUNTED).subquery()
    return [row.at for row in conn.execute(select(events.c.at).where(events.c.at < until).order_by(events.c.at))]


EventQuery = Select[Any, Any, Any]
"""Rows of ``at``, ``id`` and ``title``."""

Position = tuple[datetime, UpcomingEvent, str]
"""The last item of the previous page: its time, its kind, and its target."""


def query_events(
    event: UpcomingEvent, sections: Iterable[str], now: datetime, since: Position | None = None
) -> EventQuery:
    """Selects changes of one kind after ``now``, in the order of one index."""
    query: EventQuery
    if event == "section-due":
        query = select(SectionStateRow.next_due.label("at"), SectionStateRow.section.label("id"), null().label("title"))
        return _ordered(
            query.where(SectionStateRow.section.in_(list(sections))), SectionStateRow.next_due, event, now, since
        )
    moment = ArticleRow.published_at if event == "appears" else ArticleRow.expires_at
    query = select(moment.label("at"), ArticleRow.id, cut(ArticleRow.title, MAX_TITLE)).where(
        ArticleRow.status == PUBLISHED
    )
    # An article that expires before it is published never appears, so it does not leave either.
    ever_public = ArticleRow.expires_at > ArticleRow.published_at
    if event == "appears":
        ever_public = or_(ArticleRow.expires_at.is_(None), ever_public)
    return _ordered(query.where(ever_public), moment, event, now, since)


def _ordered(
    query: EventQuery, moment: InstrumentedAttribute[Any], event: UpcomingEvent, now: datetime, since: Position | None
) -> EventQuery:
    id = SectionStateRow.section if event == "section-due" else ArticleRow.id
    query = query.where(moment > now).order_by(moment, id)
    if since is None:
        return query
    last, kind, last_id = since
    if EVENTS.index(event) < EVENTS.index(kind):
        return query.where(moment > last)
    query = query.where(moment >= last)
    return query.where(or_(moment > last, id > last_id)) if event == kind else query


def _decode_position(after: str) -> Position:
    moment, rest = decode_cursor(after)
    what, _, id = rest.partition(" ")
    for kind in EVENTS:
        if kind == what and moment is not None:
            return moment, kind, id
    raise SyndicationError(INVALID_CURSOR)
