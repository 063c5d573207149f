"""The terms of articles: tags, authors and languages by their keys, rewritten when a change is gathered.

What the newsroom writes are names; what feeds select are keys (``model.selection.term_key``), which no database could
compute. See ``term_registry`` for the addresses of terms.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
    update,
)

from syndication.model.field_limits import MAX_AUTHOR_ID, MAX_AUTHORS, MAX_LANGUAGE, MAX_NAME, MAX_TAG, MAX_TAGS
from syndication.model.json_types import MAX_ID
from syndication.model.selection import TERM_KINDS, Term, TermKind
from syndication.model.wanted_terms import author_terms, named_terms
from syndication.store.articles.term_registry import register_terms
from syndication.store.db.batches import batched
from syndication.store.db.upsert import insert as upsert
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow, AuthorRow, TagRow
from syndication.store.tables.terms import ArticleTermRow, TermFillRow

FILLED_AT_ONCE = 500
"""Articles read in one step of ``fill_terms``: some tens of milliseconds, the longest that a change waits for it."""

MOST: Mapping[TermKind, int] = {"tag": MAX_TAGS, "language": 1}
"""The names of an article that are looked at, by kind: an article with more is in no feed."""


@dataclass(slots=True)
class _Stored:
    """What the tables say of one article: its stored terms, whether they are outdated, its names by kind, its authors.

    An author is a name and an id.
    """

    terms: set[Term] = field(default_factory=set)
    outdated: bool = False
    names: dict[TermKind, list[str]] = field(default_factory=dict)
    authors: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def named(self) -> dict[Term, str]:
        """The terms that the names and ids make, each with its first name."""
        return self._others() | author_terms(self.authors[:MAX_AUTHORS]).all

    @property
    def addressed(self) -> dict[Term, str]:
        """Those of the terms that get an address."""
        return self._others() | author_terms(self.authors[:MAX_AUTHORS]).addressed

    def _others(self) -> dict[Term, str]:
        found: dict[Term, str] = {}
        for kind, names in self.names.items():
            found |= named_terms(kind, names[: MOST[kind]])
        return found


class TermChange(NamedTuple):
    """The terms that an article had when it was last gathered, and has now; sections are not among them."""

    before: frozenset[Term]
    after: frozenset[Term]


NO_TERMS = TermChange(frozenset(), frozenset())


def rewrite_terms(conn: Connection, article_ids: Collection[str], now: datetime) -> dict[str, TermChange]:
    """Brings the terms of these articles up to date; returns what changed, by article, without those of no terms.

    Sections are left alone: the newsroom writes their links itself. Reads each batch with one statement, and writes
    nothing for articles whose terms, times and status are as stored. The new terms of public articles get addresses.
    """
    found: dict[str, TermChange] = {}
    written = False
    for some in batched(sorted(id for id in article_ids if len(id) <= MAX_ID)):
        read = _read(conn, some)
        written |= _write(conn, read)
        found |= {id: TermChange(frozenset(one.terms), frozenset(one.named)) for id, one in read.items()}
    if written:
        register_terms(conn, now, names_of)
    return found


def names_of(conn: Connection, article_ids: Sequence[str]) -> dict[str, dict[Term, str]]:
    """Returns the terms of these articles that get addresses, with the article's names for them; at most one batch."""
    return {id: one.addressed for id, one in _read(conn, article_ids).items()}


def read_terms(conn: Connection, article_ids: Iterable[str]) -> dict[str, frozenset[Term]]:
    """Returns all terms of these articles as their own rows say, also those whose change was not gathered yet."""
    found: dict[str, set[Term]] = {}
    for some in batched(sorted(set(article_ids))):
        for id, one in _read(conn, some).items():
            found.setdefault(id, set()).update(one.named)
        query = select(ArticleSectionRow.article_id, ArticleSectionRow.section)
        for row in conn.execute(query.where(ArticleSectionRow.article_id.in_(some))):
            found.setdefault(row.article_id, set()).add(Term("section", row.section))
    return {id: frozenset(terms) for id, terms in found.items()}


def begin_fill(conn: Connection, *, again: bool = False) -> None:
    """Lets ``fill_terms`` begin if it never did; ``again``: from the start, because any article may have changed."""
    statement = upsert(conn, TermFillRow).values(id=1, after="")
    if again:
        # One that has not ended yet is still the first.
        repeated = case((TermFillRow.after.is_(None), 1), else_=TermFillRow.again)
        statement = statement.on_conflict_do_update(index_elements=["id"], set_={"after": "", "again": repeated})
    conn.execute(statement if again else statement.on_conflict_do_nothing())


def is_filling(conn: Connection) -> bool:
    """Returns whether the terms of some articles have not been read yet."""
    return conn.scalar(select(TermFillRow.id).where(TermFillRow.after.is_not(None))) is not None


@dataclass(frozen=True, slots=True)
class FillStep:
    """One step of ``fill_terms``: the articles whose terms differed, and whether more are left to read.

    ``again``: they had all been read before, so each difference is a change that nobody noticed.
    """

    changed: Mapping[str, TermChange]
    more: bool
    again: bool


def fill_terms(conn: Connection, now: datetime) -> FillStep | None:
    """Reads the terms of the next articles, and forgets those of articles that are gone; None: nothing is left to do.

    In bounded memory, and in its own small transaction. Another worker that fills at the same time waits, and goes on
    after it.
    """
    position = conn.execute(
        select(TermFillRow.after, TermFillRow.again).where(TermFillRow.after.is_not(None)).with_for_update()
    ).one_or_none()
    if position is None:
        return None
    after = position.after
    articles = select(ArticleRow.id).where(ArticleRow.id > after).order_by(ArticleRow.id).limit(FILLED_AT_ONCE)
    known = (
        select(ArticleTermRow.article_id)
        .where(ArticleTermRow.article_id > after)
        .distinct()
        .order_by(ArticleTermRow.article_id)
        .limit(FILLED_AT_ONCE)
    )
    # Each in the order of its own index: a union of all ids would be sorted as a whole.
    both = union(select(articles.subquery().c.id), select(known.subquery().c.article_id)).subquery()
    ids = list(conn.scalars(select(both.c[0]).order_by(both.c[0]).limit(FILLED_AT_ONCE)))
    changed = {id: one for id, one in rewrite_terms(conn, ids, now).items() if one.before != one.after}
    more = len(ids) == FILLED_AT_ONCE
    conn.execute(update(TermFillRow).values(after=ids[-1] if more else None))
    return FillStep(changed, more, bool(position.again))


def _read(conn: Connection, ids: Sequence[str]) -> dict[str, _Stored]:
    """Returns what is stored and what the newsroom says, of each article that has any of it; one statement."""
    same = ArticleTermRow.article_id == ArticleRow.id
    rows = union_all(
        select(
            ArticleTermRow.article_id.label("id"),
            ArticleTermRow.kind.label("kind"),
            ArticleTermRow.key.label("name"),
            literal(None, Text).label("author_id"),
            literal(-1).label("place"),
            _is_outdated().label("outdated"),
        )
        .outerjoin(ArticleRow, same)
        .where(ArticleTermRow.article_id.in_(ids)),
        _names("tag", TagRow.article_id, TagRow.tag, TagRow.position, MAX_TAG, ids),
        _names("author", AuthorRow.article_id, AuthorRow.name, AuthorRow.position, MAX_NAME, ids, _author_id()),
        _names("language", ArticleRow.id, ArticleRow.language, literal(0), MAX_LANGUAGE, ids),
    ).subquery()
    found: dict[str, _Stored] = {}
    for row in conn.execute(select(rows).order_by(rows.c.id, rows.c.kind, rows.c.place)):
        one = found.setdefault(row.id, _Stored())
        kind = next((known for known in TERM_KINDS if known == row.kind), None)
        if kind is None:  # Of a later program.
            continue
        if row.place == -1:
            one.terms.add(Term(kind, row.name))
            one.outdated |= bool(row.outdated)
        elif kind == "author":
            one.authors.append((row.name, row.author_id))
        else:
            one.names.setdefault(kind, []).append(row.name)
    return found


def _names(
    kind: TermKind, id: Any, name: Any, position: Any, most: int, ids: Sequence[str], author_id: Any = None
) -> Any:
    author_id = literal(None, Text) if author_id is None else author_id
    # Positions are the newsroom's own, and may be below zero.
    place = func.row_number().over(partition_by=id, order_by=position)
    return select(id, literal(kind), name, author_id, place, literal(0)).where(id.in_(ids), func.length(name) <= most)


def _author_id() -> ColumnElement[str | None]:
    """Selects an author's id; one that is too long is never read, and counts as none."""
    return case((func.length(AuthorRow.id) <= MAX_AUTHOR_ID, AuthorRow.id), else_=None)


def _is_outdated() -> ColumnElement[int]:
    differs = or_(
        ArticleTermRow.status.is_distinct_from(ArticleRow.status),
        ArticleTermRow.published_at.is_distinct_from(ArticleRow.published_at),
        ArticleTermRow.expires_at.is_distinct_from(ArticleRow.expires_at),
    )
    return case((differs, 1), else_=0)


def _write(conn: Connection, read: Mapping[str, _Stored]) -> bool:
    """Stores what differs; returns whether any term may need its address."""
    gone, new, outdated, unaddressed = [], [], [], []
    for id, one in read.items():
        named = one.named.keys()
        gone += [{"of": id, "a": term.kind, "b": term.key} for term in sorted(one.terms - named)]
        new += [{"article_id": id, "kind": term.kind, "key": term.key} for term in sorted(named - one.terms)]
        if one.outdated and one.terms & named:
            outdated.append(id)
        if any(term.kind == "author" for term in one.terms - named) and one.terms & one.addressed.keys():
            unaddressed.append(id)
    if gone:
        row = (
            ArticleTermRow.article_id == bindparam("of"),
            ArticleTermRow.kind == bindparam("a"),
            ArticleTermRow.key == bindparam("b"),
        )
        conn.execute(delete(ArticleTermRow).where(*row), gone)
    if new:
        conn.execute(upsert(conn, ArticleTermRow).on_conflict_do_nothing(), new)
    changed = sorted({*outdated, *(row["article_id"] for row in new)})
    if changed:
        # Copied by the database: another program may have written a time that no program of ours can read.
        copies = {name: getattr(ArticleRow, name) for name in ("status", "published_at", "expires_at")}
        same = ArticleTermRow.article_id == ArticleRow.id
        conn.execute(update(ArticleTermRow).values(copies).where(same, ArticleTermRow.article_id.in_(changed)))
    if unaddressed:
        # A name that had an id until now may need its own address.
        of_authors = (ArticleTermRow.article_id.in_(unaddressed), ArticleTermRow.kind == "author")
        conn.execute(update(ArticleTermRow).where(*of_authors).values(registered=0))
    return bool(changed or unaddressed)
