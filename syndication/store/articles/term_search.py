"""Finds tags and authors by the words of a stranger: one statement, whose cost has a bound whatever the words are."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select, union

from syndication.model.selection import TermKind
from syndication.model.term_words import LONGEST, searched_slug
from syndication.store.articles.term_registry import RegisteredTerm, is_public, registered
from syndication.store.tables.terms import TermRow, TermWordRow

MAX_READ = 400
"""Beginnings that are read of the index for the longest word, and again for all words together."""

MAX_RANKED = 100
"""Public terms that are put in order."""

LAST = "\U0010ffff"
"""Sorts after every character that a slug may have, by bytes."""


def search_terms(
    conn: Connection, kinds: Collection[TermKind], query: str, now: datetime, limit: int = 20
) -> list[RegisteredTerm]:
    """Returns the terms that public articles have at ``now``, each word of the query beginning a word of the term.

    The best come first: the same words, then whole words, then beginnings. A word that begins thousands of terms does
    not find all of them.
    """
    asked = searched_slug(query)
    if not asked or not kinds:
        return []
    words = sorted(set(asked.split("-")), key=len, reverse=True)
    begins = union(*(_begins(kinds, text) for text in dict.fromkeys((asked[:LONGEST], words[0])))).subquery()
    others = [
        exists().where(TermWordRow.kind == TermRow.kind, TermWordRow.key == TermRow.key, *_range(word))
        for word in words[1:]
    ]
    first = func.min(begins.c.word).label("first")
    found = conn.execute(
        select(TermRow.kind, TermRow.key, TermRow.name, TermRow.slug, first)
        .join(begins, and_(begins.c.kind == TermRow.kind, begins.c.key == TermRow.key))
        .where(*others, is_public(now))
        .group_by(TermRow.kind, TermRow.key, TermRow.name, TermRow.slug)
        .order_by(first, TermRow.kind, TermRow.key)
        .limit(MAX_RANKED)
    ).all()
    ranked = sorted(found, key=lambda row: (_distance(row.slug, asked), len(row.slug), row.slug, row.kind))
    return [registered(row) for row in ranked[:limit]]


def _begins(kinds: Collection[TermKind], text: str) -> Select[Any]:
    one = select(TermWordRow.kind, TermWordRow.key, TermWordRow.word).where(*_range(text), TermWordRow.kind.in_(kinds))
    some = one.order_by(TermWordRow.word, TermWordRow.kind, TermWordRow.key).limit(MAX_READ).subquery()
    return select(some)


def _range(text: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return TermWordRow.word >= text, TermWordRow.word < text + LAST


def _distance(slug: str, asked: str) -> int:
    """Returns 0 for the same words, 1 if all words are whole ones, 2 if some are beginnings."""
    if slug == asked:
        return 0
    return 1 if set(asked.split("-")) <= set(slug.split("-")) else 2
