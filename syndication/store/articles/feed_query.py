"""A feed's articles, newest first, at the same cost for any number of articles; the query is ``selected_articles``."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from syndication.model.selection import Term, TermKind
from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles.selected_articles import (
    PUBLISHED,
    Walk,
    first_upcoming,
    is_selected,
    plain_term,
    select_upcoming,
    walk_newest,
    walks,
)
from syndication.store.db.batches import batched
from syndication.store.db.types import UtcTime
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow, WithdrawalRow
from syndication.store.tables.publishing import ArticleStampRow, ShownArticleRow


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that can be in a feed.

    ``updated_at`` and ``expires_at`` are as the database writes them, and only if asked for: another program may have
    written a time that no program of ours can read. ``stamp`` is that of the article's stored state
    (``article_stamps``), and comes with them, as does ``shown``, the digest of what readers saw of it
    (``shown_articles``).
    """

    article_id: str
    published_at: datetime
    updated_at: str | None = None
    expires_at: str | None = None
    stamp: int | None = None
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class FeedRows:
    """The newest selected articles that are public, newest first, with their times, stamps and what readers saw.

    ``upcoming`` is when the next selected article under embargo becomes public.
    """

    candidates: list[Candidate]
    upcoming: datetime | None


def read_feed(conn: Connection, wanted: WantedTerms, now: datetime, limit: int) -> FeedRows:
    """Returns the newest ``limit`` of the selected articles that are public at ``now``, and what comes next.

    Of one term it is one statement, built once.
    """
    plain = plain_term(wanted)
    if plain is None:
        found = list_newest(conn, wanted, now, limit, times=True)
        return FeedRows(found, first_upcoming(conn, wanted, now))
    kind, key = plain
    rows = conn.execute(_plain(kind), {"now": now, "most": limit, "term": key}).all()
    if not rows:
        return FeedRows([], first_upcoming(conn, wanted, now))
    return FeedRows([Candidate(*row[:-1]) for row in rows], rows[0][-1])


@lru_cache(maxsize=8)
def _plain(kind: TermKind | None) -> Any:
    """Selects the rows of a walk of one term of this kind (None: of all articles), each with the next embargo's end."""
    now: Any = bindparam("now", type_=UtcTime())
    walk = Walk(None if kind is None else Term(kind, bindparam("term", type_=ArticleRow.id.type)))  # type: ignore[arg-type]  # not its key, but where it will be
    upcoming = select_upcoming(walk, now).scalar_subquery().label("upcoming")
    return _with_times(walk_newest(walk, now)).add_columns(upcoming).limit(bindparam("most", type_=Integer()))


def _with_times(query: Any) -> Any:
    """Adds the columns of a ``Candidate`` that come if they are asked for."""
    query = query.add_columns(
        cast(ArticleRow.updated_at, Text).label("updated_at"),
        cast(ArticleRow.expires_at, Text).label("expires_at"),
        ArticleStampRow.stamp,
        ShownArticleRow.digest,
    )
    query = query.outerjoin(ArticleStampRow, ArticleStampRow.article_id == ArticleRow.id)
    return query.outerjoin(ShownArticleRow, ShownArticleRow.article_id == ArticleRow.id)


def list_newest(
    conn: Connection, wanted: WantedTerms, now: datetime, limit: int, *, times: bool = False
) -> list[Candidate]:
    """Returns the newest ``limit`` of the selected articles that are public at ``now``, newest first.

    ``times``: with their other times and their stamps.
    """
    found: dict[str, Candidate] = {}
    for walk in walks(conn, wanted):
        query = walk_newest(walk, now).limit(limit)
        rows: Iterable[Any] = conn.execute(_with_times(query) if times else query)
        found.update((row[0], Candidate(*row)) for row in rows)
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


def find_departure_reasons(
    conn: Connection, wanted: WantedTerms, article_ids: Collection[str], now: datetime
) -> dict[str, str]:
    """Returns why articles left a feed: withdrawn, deleted, unpublished, expired or moved.

    An article missing from the result was pushed out by newer ones.
    """
    reasons = dict.fromkeys(article_ids, "deleted")
    for some in batched(sorted(article_ids)):
        for one in conn.execute(_departed(wanted), {"ids": list(some)}):
            if one.out or one.status == "withdrawn":
                reasons[one.id] = "withdrawn"
            elif one.status == "draft" or one.published_at > now:
                reasons[one.id] = "unpublished"
            elif one.expires_at is not None and one.expires_at <= now:
                reasons[one.id] = "expired"
            elif not one.here:
                reasons[one.id] = "moved"
            else:
                del reasons[one.id]
    for some in batched(sorted(id for id, reason in reasons.items() if reason == "deleted")):
        # A withdrawal outlives the article's row.
        gone = select(WithdrawalRow.article_id).where(WithdrawalRow.article_id.in_(some))
        reasons |= dict.fromkeys(conn.scalars(gone), "withdrawn")
    return reasons


@lru_cache(maxsize=1024)
def _departed(wanted: WantedTerms) -> Any:
    """Selects of some articles what says why they left a feed; built once for each feed."""
    row, out = ArticleRow, exists().where(WithdrawalRow.article_id == ArticleRow.id)
    columns = (row.id, row.status, row.published_at, row.expires_at)
    found = select(*columns, out.label("out"), is_selected(wanted).label("here"))
    return found.where(row.id.in_(bindparam("ids", expanding=True)))


def find_embargoed(conn: Connection, article_ids: Collection[str], now: datetime) -> set[str]:
    """Returns those of the articles that are published, but not before a time after ``now``."""
    found: set[str] = set()
    for some in batched(sorted(article_ids)):
        query = select(ArticleRow.id).where(ArticleRow.id.in_(some), ArticleRow.status == "published")
        found.update(conn.scalars(query.where(ArticleRow.published_at > now)))
    return found


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided about articles, whatever a feed keeps.

    ``reasons`` are why an article must not be shown: withdrawn, expired, or unpublished (an embargo). ``known`` have a
    row. ``moments`` are when, within a year, one of them expires or its embargo ends.
    """

    reasons: Mapping[str, str]
    known: Collection[str]
    moments: Collection[datetime]


FORESEEN = timedelta(days=366)
"""How far ahead decisions are read: later times may be none that a program of ours can read, like infinity."""


def find_decisions(conn: Connection, article_ids: Collection[str], now: datetime) -> Decisions:
    """Returns which of the articles must not be shown at ``now``. A time that nobody can read is in no comparison."""
    reasons: dict[str, str] = {}
    known: set[str] = set()
    moments: list[datetime] = []
    for some in batched(sorted(article_ids)):
        these = ArticleRow.id.in_(some)
        known.update(conn.scalars(select(ArticleRow.id).where(these)))
        # The strongest reason comes last. A withdrawal outlives the article's row, and a row that says otherwise.
        for reason, column, condition in (
            ("unpublished", ArticleRow.id, and_(these, ArticleRow.status == PUBLISHED, ArticleRow.published_at > now)),
            ("expired", ArticleRow.id, and_(these, ArticleRow.expires_at <= now)),
            ("withdrawn", ArticleRow.id, and_(these, ArticleRow.status == "withdrawn")),
            ("withdrawn", WithdrawalRow.article_id, WithdrawalRow.article_id.in_(some)),
        ):
            reasons |= dict.fromkeys(conn.scalars(select(column).where(condition)), reason)
        for moment in (ArticleRow.expires_at, ArticleRow.published_at):
            found = conn.scalar(select(func.min(moment)).where(these, moment > now, moment < now + FORESEEN))
            moments += [found] if found is not None else []
    return Decisions(reasons, known, moments)


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
