"""The one query of what a feed selects: walks one index, newest first, and asks each article for the rest.

The walk is that of the terms of which one suffices, or of the rarest group of which one is needed, whichever has fewer
articles. Everything else is an EXISTS or a NOT EXISTS by primary key, which needs no article's own row. A feed of one
section is a plain walk. The article's own row decides what is public.

If hardly any article of a term is selected, a walk goes on to the end. Editors may ask for that; what readers ask for
has a reach.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal_column, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from syndication.model.selection import Term, TermKind
from syndication.model.wanted_terms import LEAST_REACH, WantedTerms
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from syndication.store.tables.terms import ArticleTermRow

# A literal, not a parameter: only then do both databases recognize that the partial indexes apply.
PUBLISHED: ColumnElement[str] = literal_column("'published'")

MOST_COUNTED = 2_000
"""The most articles of a term that are counted to find the rarest one: some hundred microseconds."""


_Id = InstrumentedAttribute[str]


class Walk(NamedTuple):
    """A term to walk (None: every article), and what else must be true of an article (None: nothing).

    It ends at articles published before ``since`` (None: at the oldest).
    """

    term: Term | None
    rest: ColumnElement[bool] | None = None
    since: datetime | None = None


def is_selected(wanted: WantedTerms) -> ColumnElement[bool]:
    """Returns the condition that an ``article`` row is selected."""
    groups = [group for group in (wanted.any, *wanted.all) if group]
    return and_(true(), *_conditions(groups, wanted, ArticleRow.id))


def walks(conn: Connection, wanted: WantedTerms) -> list[Walk]:
    """Returns the walks that together meet every selected article, and each no other one."""
    groups = [group for group in (wanted.any, *wanted.all) if group]
    walkable = [group for group in groups if all(_is_indexed(term, wanted) for term in group)]
    if not walkable:
        rest = is_selected(wanted) if groups or wanted.none else None
        return [Walk(None, rest, _since(conn, None, rest, wanted.reach))]
    chosen = walkable[0]
    if len(walkable) > 1:
        chosen = min(walkable, key=lambda group: sum(_count(conn, term) for term in group))
    others = [group for group in groups if group is not chosen]
    reach = None if wanted.reach is None else max(LEAST_REACH, wanted.reach // len(chosen))
    found = []
    for term in chosen:
        _, id = moment_of(Walk(term))
        rest = and_(*conditions) if (conditions := _conditions(others, wanted, id)) else None
        found.append(Walk(term, rest, _since(conn, term, rest, reach)))
    return found


def walk_newest(walk: Walk, now: datetime) -> Select[str, datetime | None]:
    """Selects the ids and times of the articles of a walk that are public at ``now``, newest first."""
    query = select(ArticleRow.id, ArticleRow.published_at)
    if walk.rest is not None:
        query = query.where(walk.rest)
    if walk.since is not None:
        query = query.where(moment_of(walk)[0] >= walk.since)
    if walk.term is None:
        return query.where(
            ArticleRow.status == PUBLISHED, ArticleRow.published_at <= now, _lasts(ArticleRow.expires_at, now)
        ).order_by(ArticleRow.published_at.desc(), ArticleRow.id.desc())
    link, own = _link(walk.term)
    return (
        query.select_from(link)
        .join(ArticleRow, ArticleRow.id == link.article_id)
        .where(
            own,
            link.status == PUBLISHED,
            link.published_at <= now,
            _lasts(link.expires_at, now),
            # The copies in the link lead the walk, and the article itself decides: see ``feed_query.repair_links``.
            # A parameter, not PUBLISHED: the articles' own index is the wrong one to walk here.
            ArticleRow.status == "published",
            ArticleRow.published_at <= now,
            _lasts(ArticleRow.expires_at, now),
        )
        .order_by(link.published_at.desc(), link.article_id.desc())
    )


def moment_of(walk: Walk) -> tuple[InstrumentedAttribute[datetime | None], InstrumentedAttribute[str]]:
    """Returns the columns that order a walk: the time, and the id."""
    if walk.term is None:
        return ArticleRow.published_at, ArticleRow.id
    link, _ = _link(walk.term)
    return link.published_at, link.article_id


def first_upcoming(conn: Connection, wanted: WantedTerms, now: datetime) -> datetime | None:
    """Returns when the next selected article under embargo becomes public."""
    moments = [conn.scalar(select_upcoming(walk, now)) for walk in walks(conn, wanted)]
    return min((moment for moment in moments if moment is not None), default=None)


def select_upcoming(walk: Walk, now: datetime) -> Select[datetime | None]:
    """Selects when the next article of a walk that is under embargo becomes public."""
    table: Any = ArticleRow if walk.term is None else _table(walk.term)
    # A plain walk may be the query around this one, so the table has another name here.
    other = aliased(table) if walk.rest is None else table
    query = select(other.published_at).where(other.published_at > now, other.status == PUBLISHED)
    if walk.term is not None:
        query = query.where(_own(other, walk.term))
    if walk.rest is not None:
        query = query.where(walk.rest)
    return query.order_by(other.published_at).limit(1)


def plain_term(wanted: WantedTerms) -> tuple[TermKind | None, str] | None:
    """Returns kind and key of the one term that is all a feed wants, (None, "") if it wants every article; or None.

    Then its walk is a plain one, the same for every term of the kind.
    """
    if wanted.all or wanted.none:
        return None
    if not wanted.any:
        return None, ""
    (term, *others) = wanted.any
    return (term.kind, term.key) if not others and _is_indexed(term, wanted) else None


def _conditions(groups: Iterable[Sequence[Term]], wanted: WantedTerms, id: _Id) -> list[ColumnElement[bool]]:
    """Returns what must be true of the article with the id in a column of the outer query."""
    some = [or_(*(_has(term, wanted, id) for term in group)) for group in groups]
    return [*some, *(not_(_has(term, wanted, id)) for term in wanted.none)]


def _has(term: Term, wanted: WantedTerms, id: _Id) -> ColumnElement[bool]:
    # An alias: the outer query may walk the same table.
    if not _is_indexed(term, wanted):
        other = aliased(ArticleTermRow)
        others = exists().where(other.article_id == id, other.kind == "language", other.key != term.key)
        return not_(others.correlate(id.class_))
    link = aliased(_table(term))
    return exists().where(link.article_id == id, _own(link, term)).correlate(id.class_)


def _since(conn: Connection, term: Term | None, rest: object, reach: int | None) -> datetime | None:
    """Returns when the last article within reach was published; None: everything is, or the walk is a plain one."""
    if reach is None or rest is None:
        return None
    moment, id = moment_of(Walk(term))
    newest = select(moment).order_by(moment.desc(), id.desc()).offset(reach - 1).limit(1)
    if term is None:
        return conn.scalar(newest.where(ArticleRow.status == PUBLISHED))
    link, own = _link(term)
    return conn.scalar(newest.where(own, link.status == PUBLISHED))


def _is_indexed(term: Term, wanted: WantedTerms) -> bool:
    """Returns whether every article with the term has a row that says so; those in the site's language have none."""
    return term != ("language", wanted.language)


def _link(term: Term) -> tuple[Any, ColumnElement[bool]]:
    """Returns the table that has the articles of a term, and the condition for its rows."""
    table = _table(term)
    return table, _own(table, term)


def _table(term: Term) -> type[ArticleSectionRow] | type[ArticleTermRow]:
    return ArticleSectionRow if term.kind == "section" else ArticleTermRow


def _own(link: Any, term: Term) -> ColumnElement[bool]:
    if term.kind == "section":
        return and_(true(), link.section == term.key)
    return and_(link.kind == term.kind, link.key == term.key)


def _count(conn: Connection, term: Term) -> int:
    """Returns the number of published articles with a term, counted up to a limit."""
    link, own = _link(term)
    some = select(link.article_id).where(own, link.status == PUBLISHED).limit(MOST_COUNTED).subquery()
    return conn.scalar(select(func.count()).select_from(some)) or 0


def _lasts(expires_at: Any, now: datetime) -> ColumnElement[bool]:
    return or_(expires_at.is_(None), expires_at > now)
