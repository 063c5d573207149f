"""The terms of articles: tags, authors and languages by their keys, rewritten when a change is gathered.

What the newsroom writes are names; what feeds select are keys (``model.selection.term_key``), which no database could
compute. See ``term_registry`` for the addresses of terms.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, bindparam, case, delete, select, union, union_all, update

from syndication.model.json_types import MAX_ID
from syndication.model.selection import Term
from syndication.store.articles.stored_terms import StoredTerms, collect, term_parts
from syndication.store.articles.term_registry import register, register_terms
from syndication.store.db.batches import batched
from syndication.store.db.upsert import for_each_dialect
from syndication.store.db.upsert import insert as upsert
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from syndication.store.tables.terms import ArticleTermRow, TermFillRow

FILLED_AT_ONCE = 500
"""Articles read in one step of ``fill_terms``: some tens of milliseconds, the longest that a change waits for it."""

_START = datetime(1, 1, 1, tzinfo=UTC)


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
    for some in batched(sorted(id for id in article_ids if len(id) <= MAX_ID)):
        found |= write_terms(conn, _read(conn, some, now), now)
    return found


def write_terms(conn: Connection, read: Mapping[str, StoredTerms], now: datetime) -> dict[str, TermChange]:
    """Does the same with what was read of these articles a moment ago."""
    read = {id: one for id, one in sorted(read.items()) if len(id) <= MAX_ID}
    rewritten = _write(conn, read)
    if rewritten.addressed:
        register(conn, rewritten.addressed, now, names_of)
    if rewritten.moved:

        def names(conn: Connection, ids: Sequence[str]) -> dict[str, dict[Term, str]]:
            unknown = [id for id in ids if id not in read]
            others = names_of(conn, unknown) if unknown else {}
            return others | {id: read[id].addressed for id in ids if id in read}

        register_terms(conn, now, names)
    return {
        id: TermChange(frozenset(one.terms), frozenset(one.named)) for id, one in read.items() if one.terms or one.named
    }


def names_of(conn: Connection, article_ids: Sequence[str]) -> dict[str, dict[Term, str]]:
    """Returns the terms of these articles that get addresses, with the article's names for them; at most one batch."""
    return {id: one.addressed for id, one in _read(conn, article_ids).items()}


def read_terms(conn: Connection, article_ids: Iterable[str]) -> dict[str, frozenset[Term]]:
    """Returns all terms of these articles as their own rows say, also those whose change was not gathered yet."""
    found: dict[str, set[Term]] = {}
    for some in batched(sorted(set(article_ids))):
        for id, one in _read(conn, some).items():
            if one.terms or one.named:
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


_READ = union_all(*term_parts())


def _read(conn: Connection, ids: Sequence[str], now: datetime = _START) -> dict[str, StoredTerms]:
    """Returns what the tables say of each article that exists or has terms stored; one statement."""
    return collect(conn.execute(_READ, {"ids": list(ids), "now": now}))


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """``addressed`` are the terms, each with a name, that articles public now have and did not have before.

    ``moved``: other terms than these may need an address.
    """

    addressed: Mapping[Term, str]
    moved: bool


_COPIED = ("published_at", "status", "expires_at")


def _insert_term(insert: Any) -> Any:
    """Returns the INSERT of one term.

    The database copies the times: another program may have written one that no program of ours can read. Another
    worker may have inserted the term from an older row.
    """
    names = ("article_id", "kind", "key", "registered", *_COPIED)
    values = [bindparam(name, type_=ArticleTermRow.__table__.c[name].type) for name in names[:4]]
    row = select(*values, *(getattr(ArticleRow, name) for name in _COPIED)).where(ArticleRow.id == values[0])
    statement = insert(ArticleTermRow).from_select(names, row)
    return statement.on_conflict_do_update(
        index_elements=["article_id", "kind", "key"], set_={name: statement.excluded[name] for name in _COPIED}
    )


_INSERT = for_each_dialect(_insert_term)

_DELETE = delete(ArticleTermRow).where(
    ArticleTermRow.article_id == bindparam("of", type_=Text()),
    ArticleTermRow.kind == bindparam("a", type_=Text()),
    ArticleTermRow.key == bindparam("b", type_=Text()),
)


def _write(conn: Connection, read: Mapping[str, StoredTerms]) -> _Rewritten:
    """Stores what differs."""
    gone, new, outdated, unaddressed = [], [], [], []
    addressed: dict[Term, str] = {}
    for id, one in read.items():
        named = one.named.keys()
        come, left = sorted(named - one.terms), sorted(one.terms - named)
        gone += [{"of": id, "a": term.kind, "b": term.key} for term in left]
        public = int(one.is_public)  # Then they get their addresses at once.
        new += [{"article_id": id, "kind": term.kind, "key": term.key, "registered": public} for term in come]
        for term in one.addressed.keys() & set(come) if public else ():
            addressed.setdefault(term, one.addressed[term])
        if one.outdated and one.terms & named:
            outdated.append(id)
        if any(term.kind == "author" for term in left) and one.terms & one.addressed.keys():
            unaddressed.append(id)
    if gone:
        conn.execute(_DELETE, gone)
    if new:
        conn.execute(_INSERT[conn.dialect.name], new)
    _update(conn, outdated, unaddressed)
    return _Rewritten(addressed, bool(outdated or unaddressed))


def _update(conn: Connection, outdated: Sequence[str], unaddressed: Sequence[str]) -> None:
    """Copies the times of articles into their terms again, and lets those of others have no address yet."""
    if outdated:
        copies = {name: getattr(ArticleRow, name) for name in _COPIED}
        same = ArticleTermRow.article_id == ArticleRow.id
        conn.execute(update(ArticleTermRow).values(copies).where(same, ArticleTermRow.article_id.in_(outdated)))
    if unaddressed:
        # A name that had an id until now may need its own address.
        of_authors = (ArticleTermRow.article_id.in_(unaddressed), ArticleTermRow.kind == "author")
        conn.execute(update(ArticleTermRow).where(*of_authors).values(registered=0))
