"""What will happen by itself, in the order of time: embargoes end, articles expire, sections fall due.

It tells of articles under embargo: to whom, is the caller's matter. Drafts are not in it, nothing happens to them.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Select, null, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from syndication.errors import SyndicationError
from syndication.model.field_limits import MAX_TITLE
from syndication.model.values import ALL, Section
from syndication.store.articles.article_outlines import cut
from syndication.store.articles.feed_query import PUBLISHED
from syndication.store.db.batches import chunks
from syndication.store.db.cursors import WRONG, read_mark, write_mark
from syndication.store.tables.articles import ArticleRow, SectionLink
from syndication.store.tables.publishing import SectionRow

What = Literal["appears", "leaves", "section-due"]

KINDS: Sequence[What] = get_args(What)
"""In the order in which they stand at one moment."""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What happens at a moment: to an article, or to a section alone (``article_id`` and ``title`` are None).

    ``sections`` are the slugs of the feeds concerned.
    """

    at: datetime
    what: What
    article_id: str | None
    title: str | None
    sections: tuple[str, ...]


def coming_up(
    conn: Connection, sections: Mapping[str, Section], now: datetime, limit: int, after: str | None = None
) -> tuple[list[Upcoming], str | None]:
    """One page, the next first, and where the one after it begins; raises SyndicationError for a bad ``after``."""
    since = _since(after) if after is not None else None
    walks = (
        [(row.at, what, row.id, row.title) for row in conn.execute(walk(what, sections, now, since).limit(limit + 1))]
        for what in KINDS
    )
    # Each walk keeps the order of its database, which may sort ids in its own way.
    merged = list(heapq.merge(*walks, key=lambda item: (item[0], KINDS.index(item[1]))))[: limit + 1]
    page = merged[:limit]
    filed = _filed(conn, [id for _, what, id, _ in page if what != "section-due"])
    found = [
        Upcoming(at, what, None, None, (id,))
        if what == "section-due"
        else Upcoming(at, what, id, title, _feeds(filed.get(id, set()), sections))
        for at, what, id, title in page
    ]
    return found, write_mark(page[-1][0], f"{page[-1][1]} {page[-1][2]}") if len(merged) > limit else None


Walk = Select[Any, Any, Any]
"""Rows of ``at``, ``id`` and ``title``."""

Since = tuple[datetime, What, str]
"""The last item of the page before: its moment, what happened, and to what."""


def walk(what: What, sections: Iterable[str], now: datetime, since: Since | None = None) -> Walk:
    """What of one kind happens after ``now``, in the order of one index."""
    query: Walk
    if what == "section-due":
        query = select(SectionRow.next_due.label("at"), SectionRow.section.label("id"), null().label("title"))
        return _ordered(query.where(SectionRow.section.in_(list(sections))), SectionRow.next_due, what, now, since)
    moment = ArticleRow.published_at if what == "appears" else ArticleRow.expires_at
    query = select(moment.label("at"), ArticleRow.id, cut(ArticleRow.title, MAX_TITLE)).where(
        ArticleRow.status == PUBLISHED
    )
    # What expires before it is published never appears, and so does not leave.
    ever_public = ArticleRow.expires_at > ArticleRow.published_at
    if what == "appears":
        ever_public = or_(ArticleRow.expires_at.is_(None), ever_public)
    return _ordered(query.where(ever_public), moment, what, now, since)


def _ordered(query: Walk, moment: InstrumentedAttribute[Any], what: What, now: datetime, since: Since | None) -> Walk:
    id = SectionRow.section if what == "section-due" else ArticleRow.id
    query = query.where(moment > now).order_by(moment, id)
    if since is None:
        return query
    last, kind, last_id = since
    if KINDS.index(what) < KINDS.index(kind):
        return query.where(moment > last)
    query = query.where(moment >= last)
    return query.where(or_(moment > last, id > last_id)) if what == kind else query


def _since(after: str) -> Since:
    moment, rest = read_mark(after)
    what, _, id = rest.partition(" ")
    for kind in KINDS:
        if kind == what and moment is not None:
            return moment, kind, id
    raise SyndicationError(WRONG)


def _filed(conn: Connection, article_ids: Sequence[str]) -> dict[str, set[str]]:
    """The slugs under which articles are filed."""
    found: dict[str, set[str]] = {}
    for some in chunks(sorted(set(article_ids))):
        query = select(SectionLink.article_id, SectionLink.section).where(SectionLink.article_id.in_(some))
        for row in conn.execute(query):
            found.setdefault(row.article_id, set()).add(row.section)
    return found


def _feeds(filed: set[str], sections: Mapping[str, Section]) -> tuple[str, ...]:
    return tuple(slug for slug, section in sections.items() if slug == ALL or filed & set(section.filed_under))
