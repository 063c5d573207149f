"""The addresses of terms: a slug once given stays, and two keys that suggest the same one are told apart.

Only the terms of articles that were public are registered: a draft or an embargo shows nowhere.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from syndication.model.selection import ID_MARK, TERM_KINDS, Term, TermKind, term_key, term_slug
from syndication.model.term_words import beginnings
from syndication.store.db.batches import batched
from syndication.store.db.upsert import insert
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.terms import ArticleTermRow, TermRow, TermWordRow

REGISTERED_AT_ONCE = 500
"""Articles whose terms are registered by one set of statements."""

MAX_SLUG = 100
"""Characters of the longest slug: an address stays short, also percent-encoded."""

FOUND: tuple[TermKind, ...] = ("tag", "author")
"""The kinds of terms that readers search for."""

PUBLISHED: ColumnElement[str] = literal_column("'published'")
UNREGISTERED: ColumnElement[int] = literal_column("0")
"""Literals, so that both databases recognize the partial indexes."""

Names = Callable[[Connection, Sequence[str]], dict[str, dict[Term, str]]]
"""Reads the terms of articles that get addresses, each with its name."""


@dataclass(frozen=True, slots=True)
class RegisteredTerm:
    """A term with its address; ``name`` is how an article writes it."""

    term: Term
    name: str
    slug: str


def find_term(conn: Connection, kind: TermKind, slug: str) -> RegisteredTerm | None:
    """Returns the term at an address; None if no public article ever had it."""
    row = conn.execute(select(TermRow.__table__).where(TermRow.kind == kind, TermRow.slug == slug)).one_or_none()
    return None if row is None else registered(row)


def find_public_term(conn: Connection, kind: TermKind, slug: str, now: datetime) -> RegisteredTerm | None:
    """Returns the term at an address; None if no article that is public at ``now`` has it."""
    one = (TermRow.kind == kind, TermRow.slug == slug)
    row = conn.execute(select(TermRow.__table__).where(*one, is_public(now))).one_or_none()
    return None if row is None else registered(row)


# Each kind by its own walk through the index: for pairs of values, SQLite reads the whole table.
_REGISTERED = union_all(
    *(
        select(TermRow.__table__).where(
            TermRow.kind == kind, TermRow.key.in_(bindparam(kind, expanding=True, type_=Text()))
        )
        for kind in TERM_KINDS
        if kind != "section"
    )
)


def get_terms(conn: Connection, terms: Iterable[Term]) -> dict[Term, RegisteredTerm]:
    """Returns the registered ones among these terms."""
    found: dict[Term, RegisteredTerm] = {}
    for some in batched(sorted(set(terms))):
        keys: dict[str, list[str]] = {kind: [] for kind in TERM_KINDS if kind != "section"}
        for term in some:
            keys.setdefault(term.kind, []).append(term.key)
        keys.pop("section", None)  # A section has its own address.
        for one in conn.execute(_REGISTERED, keys):
            found[Term(one.kind, one.key)] = registered(one)
    return found


def list_terms(
    conn: Connection, kind: TermKind, now: datetime, *, prefix: str = "", after: str = "", limit: int = 50
) -> list[RegisteredTerm]:
    """Returns the first terms that public articles have at ``now``, by key, after the key ``after``.

    ``prefix`` is the beginning of a name or of a slug, in any spelling.
    """
    query = select(TermRow.__table__).where(TermRow.kind == kind, TermRow.key > after, is_public(now))
    beginning = term_key(kind, prefix)
    if beginning:
        query = query.where(
            or_(
                TermRow.key.startswith(beginning, autoescape=True),
                TermRow.slug.startswith(term_slug(beginning) or beginning, autoescape=True),
                # The key of an id says nothing about the name.
                and_(TermRow.key.startswith(ID_MARK), TermRow.name.istartswith(prefix.strip(), autoescape=True)),
            )
        )
    return [registered(row) for row in conn.execute(query.order_by(TermRow.key).limit(limit))]


def register_terms(conn: Connection, now: datetime, names: Names) -> int:
    """Gives an address to each new term of the articles that are public at ``now``; returns how many articles.

    One indexed read if there is nothing to do: embargoes that ended since are found by the same index.
    """
    waiting = (
        select(ArticleTermRow.article_id)
        .join(ArticleRow, ArticleRow.id == ArticleTermRow.article_id)
        .where(
            ArticleTermRow.status == PUBLISHED,
            ArticleTermRow.registered == UNREGISTERED,
            ArticleTermRow.published_at <= now,
            ArticleRow.status == "published",
            ArticleRow.published_at <= now,
            or_(ArticleRow.expires_at.is_(None), ArticleRow.expires_at > now),
        )
        .distinct()
        .limit(REGISTERED_AT_ONCE)
    )
    done = 0
    while ids := sorted(conn.scalars(waiting)):
        wanted: dict[Term, str] = {}
        for named in names(conn, ids).values():
            for term, name in named.items():
                wanted.setdefault(term, name)
        register(conn, wanted, now, names)
        conn.execute(update(ArticleTermRow).where(ArticleTermRow.article_id.in_(ids)).values(registered=1))
        done += len(ids)
        if len(ids) < REGISTERED_AT_ONCE:
            break
    return done


def register(conn: Connection, wanted: Mapping[Term, str], now: datetime, names: Names) -> None:
    """Gives addresses to the new ones of these terms, and authors with an id the name that they have now.

    Their articles are public, and their ``article_term`` rows are stored already.
    """
    known = get_terms(conn, wanted)
    _register(conn, wanted, known)
    _rename(conn, wanted, known, now, names)


def _register(conn: Connection, wanted: Mapping[Term, str], known: Collection[Term]) -> None:
    """Registers what is new; another worker may do the same at the same time."""
    new = sorted(wanted.keys() - set(known))
    number = 1
    while new:
        rows = [{"kind": term.kind, "key": term.key, "name": wanted[term], "slug": _slug(term, number)} for term in new]
        conn.execute(insert(conn, TermRow).on_conflict_do_nothing(), rows)
        _index_words(conn, {term: wanted[term] for term in new})
        # Those whose slug was taken try the next one.
        new = sorted(set(new) - get_terms(conn, new).keys())
        number += 1


def _index_words(conn: Connection, names: dict[Term, str]) -> None:
    """Lets terms be found by the words of these names: the key of an author with an id has none of them."""
    words = [
        term._asdict() | {"word": word}
        for term, name in names.items()
        if term.kind in FOUND
        for word in beginnings(term_key(term.kind, name))
    ]
    if words:
        conn.execute(insert(conn, TermWordRow).on_conflict_do_nothing(), words)


def _rename(
    conn: Connection, wanted: Mapping[Term, str], known: Mapping[Term, RegisteredTerm], now: datetime, names: Names
) -> None:
    """Gives authors with an id the name that their newest public article has, if these articles name them otherwise."""
    for term, one in sorted(known.items()):
        if term.kind != "author" or not term.key.startswith(ID_MARK) or one.name == wanted[term]:
            continue
        newest = conn.scalar(
            select(ArticleTermRow.article_id)
            .where(ArticleTermRow.kind == term.kind, ArticleTermRow.key == term.key, *_public_article(now))
            .order_by(ArticleTermRow.published_at.desc(), ArticleTermRow.article_id.desc())
            .limit(1)
        )
        name = names(conn, [newest]).get(newest, {}).get(term) if newest is not None else None
        if name is not None and name != one.name:
            row = (TermRow.kind == term.kind, TermRow.key == term.key)
            conn.execute(update(TermRow).where(*row).values(name=name))
            _index_words(conn, {term: name})


def _slug(term: Term, number: int) -> str:
    slug = term_slug(term.key)[:MAX_SLUG].strip("-") or term.kind
    return slug if number == 1 else f"{slug}-{number}"


def is_public(now: datetime) -> ColumnElement[bool]:
    """Returns the condition that an article that is public at ``now`` has the term of the row."""
    return exists().where(ArticleTermRow.kind == TermRow.kind, ArticleTermRow.key == TermRow.key, *_public_article(now))


def _public_article(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Returns the conditions that the article of an ``article_term`` row is public."""
    return (
        ArticleTermRow.status == PUBLISHED,
        ArticleTermRow.published_at <= now,
        ArticleRow.id == ArticleTermRow.article_id,
        ArticleRow.status == "published",
        ArticleRow.published_at <= now,
        or_(ArticleRow.expires_at.is_(None), ArticleRow.expires_at > now),
    )


def registered(row: Row[Any]) -> RegisteredTerm:
    """Returns the term of a row of the register."""
    return RegisteredTerm(Term(row.kind, row.key), row.name, row.slug)
