"""What the tables say of the terms of articles: the terms stored, and the names that they are to be derived from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
)

from syndication.model.field_limits import MAX_AUTHOR_ID, MAX_AUTHORS, MAX_LANGUAGE, MAX_NAME, MAX_TAG, MAX_TAGS
from syndication.model.selection import TERM_KINDS, Term, TermKind
from syndication.model.wanted_terms import AuthorTerms, author_terms, named_terms
from syndication.store.db.types import UtcTime
from syndication.store.tables.articles import ArticleRow, AuthorRow, TagRow
from syndication.store.tables.terms import ArticleTermRow

MOST: Mapping[TermKind, int] = {"tag": MAX_TAGS, "language": 1}
"""The names of an article that are looked at, by kind: an article with more is in no feed."""

IDS = bindparam("ids", expanding=True, type_=Text())
NOW = bindparam("now", type_=UtcTime())
"""The parameters of ``term_parts``: the articles, and the time at which they may be public."""

NO_TEXT = cast(null(), Text)
NO_TIME = cast(null(), UtcTime)
NO_NUMBER: ColumnElement[int] = literal_column("0")

_TERM, _TAG, _AUTHOR, _ARTICLE = "term", "tag", "author", "terms-of"
TERM_PARTS = frozenset({_TERM, _TAG, _AUTHOR, _ARTICLE})
"""What the rows of ``term_parts`` begin with."""


@dataclass
class StoredTerms:
    """What is stored of one article: its terms, whether they are outdated, its tags, authors and language.

    An author is a name and an id. Of ``tags`` and ``authors`` each has its position first. ``is_public``: the article
    is public at the time of the look.
    """

    terms: set[Term] = field(default_factory=set)
    outdated: bool = False
    is_public: bool = False
    language: str | None = None
    tags: list[tuple[int, str]] = field(default_factory=list)
    authors: list[tuple[int, str, str | None]] = field(default_factory=list)

    @cached_property
    def named(self) -> dict[Term, str]:
        """The terms that the names and ids make, each with its first name."""
        return self._others | self._by_authors.all

    @cached_property
    def addressed(self) -> dict[Term, str]:
        """Those of the terms that get an address."""
        return self._others | self._by_authors.addressed

    @cached_property
    def _others(self) -> dict[Term, str]:
        found = named_terms("tag", [tag for _, tag in sorted(self.tags)[: MOST["tag"]]]) if self.tags else {}
        return found if self.language is None else found | named_terms("language", [self.language])

    @cached_property
    def _by_authors(self) -> AuthorTerms:
        ordered = sorted(self.authors, key=lambda author: author[0])
        return author_terms([(name, id) for _, name, id in ordered[:MAX_AUTHORS]])


def part(
    what: str,
    id: Any = NO_TEXT,
    first: Any = NO_TEXT,
    second: Any = NO_TEXT,
    number: Any = NO_NUMBER,
    at: Any = NO_TIME,
) -> Select[Any]:
    """Returns a part of a statement that reads several things at once: what it is, id, two texts, a number, a time."""
    names = ("what", "id", "a", "b", "n", "at")
    columns: tuple[Any, ...] = (literal_column(f"'{what}'"), id, first, second, number, at)
    return select(*(column.label(name) for name, column in zip(names, columns, strict=True)))


def term_parts() -> list[Select[Any]]:
    """Returns the parts of a statement that ``StoredTerms`` are made of."""
    same = ArticleTermRow.article_id == ArticleRow.id
    is_known = func.length(AuthorRow.id) <= MAX_AUTHOR_ID  # A longer one is never read, and counts as none.
    return [
        part(_TERM, ArticleTermRow.article_id, ArticleTermRow.kind, ArticleTermRow.key, number=_is_outdated())
        .outerjoin_from(ArticleTermRow, ArticleRow, same)
        .where(ArticleTermRow.article_id.in_(IDS)),
        part(_TAG, TagRow.article_id, TagRow.tag, number=TagRow.position).where(
            TagRow.article_id.in_(IDS), func.length(TagRow.tag) <= MAX_TAG
        ),
        part(
            _AUTHOR,
            AuthorRow.article_id,
            AuthorRow.name,
            case((is_known, AuthorRow.id), else_=NO_TEXT),
            AuthorRow.position,
        ).where(AuthorRow.article_id.in_(IDS), func.length(AuthorRow.name) <= MAX_NAME),
        part(
            _ARTICLE,
            ArticleRow.id,
            case((func.length(ArticleRow.language) <= MAX_LANGUAGE, ArticleRow.language), else_=NO_TEXT),
            number=case((is_public(), 1), else_=0),
        ).where(ArticleRow.id.in_(IDS)),
    ]


def is_public() -> ColumnElement[bool]:
    """Returns the condition that the row of an article says that it is public at ``NOW``."""
    return and_(
        ArticleRow.status == "published",
        ArticleRow.published_at <= NOW,
        or_(ArticleRow.expires_at.is_(None), ArticleRow.expires_at > NOW),
    )


def collect(rows: Iterable[Any]) -> dict[str, StoredTerms]:
    """Returns what rows of ``term_parts`` say, by article: of each that exists or has terms."""
    found: dict[str, StoredTerms] = {}
    for what, id, first, second, number, _ in rows:
        one = found.get(id)
        if one is None:
            one = found[id] = StoredTerms()
        if what == _TAG:
            one.tags.append((number, first))
        elif what == _AUTHOR:
            one.authors.append((number, first, second))
        elif what == _ARTICLE:
            one.language, one.is_public = first, bool(number)
        elif first in TERM_KINDS:  # Another one is of a later program.
            one.terms.add(Term(first, second))
            one.outdated |= bool(number)
    return found


def _is_outdated() -> ColumnElement[int]:
    differs = or_(
        ArticleTermRow.status.is_distinct_from(ArticleRow.status),
        ArticleTermRow.published_at.is_distinct_from(ArticleRow.published_at),
        ArticleTermRow.expires_at.is_distinct_from(ArticleRow.expires_at),
    )
    return case((differs, 1), else_=0)
