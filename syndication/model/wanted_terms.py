"""A selection with everything that the configuration adds to it: former slugs, and the site's language.

Pure: the store asks with it, and whatever already has an article's terms asks ``matches``.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from syndication.model.field_limits import MAX_AUTHORS, MAX_TAGS
from syndication.model.selection import Term, TermKind, author_id_key, author_name_key, term_key
from syndication.model.values import ALL, Article, Section

MAX_KEY = 200
"""Characters of the longest key that is a term: on PostgreSQL, an index row has at most 2,704 bytes."""


READERS_REACH = 20_000
"""How many of the newest stories of its sections the feed of a reader searches for its own: those of half a year in a
newsroom with a hundred a day. To go on to the end of an archive costs seconds if hardly any story fits."""

LEAST_REACH = 100
"""How many of them each section has at least, among many."""


@dataclass(frozen=True, slots=True)
class WantedTerms:
    """An article has a term of ``any`` (empty: every article), one of each group of ``all``, and no term of ``none``.

    ``language`` is the key of the site's language, which articles without one have. ``reach`` is how many of the
    newest articles of its terms are asked for the rest; None: all of them.
    """

    any: tuple[Term, ...] = ()
    all: tuple[tuple[Term, ...], ...] = ()
    none: tuple[Term, ...] = ()
    language: str = ""
    reach: int | None = None

    @property
    def entrances(self) -> tuple[Term, ...]:
        """Terms of which every article that it selects has one; empty: it may select any article."""
        return self.any or (self.all[0] if self.all else ())

    @property
    def has_names(self) -> bool:
        """Whether it has terms of names: the worker derives them, so the store knows them after the sections."""
        return any(term.kind != "section" for group in (self.any, self.none, *self.all) for term in group)

    def matches(self, terms: Set[Term]) -> bool:
        """Returns whether it selects an article with these terms."""
        if not any(term.kind == "language" for term in terms):
            terms = terms | {Term("language", self.language)}
        return (
            (not self.any or not terms.isdisjoint(self.any))
            and all(not terms.isdisjoint(group) for group in self.all)
            and terms.isdisjoint(self.none)
        )

    def may_match(self, certain: Set[Term], possible: Set[Term]) -> bool:
        """Returns whether it may select an article that has all ``certain`` terms, and no others but ``possible``."""
        return (
            (not self.any or not possible.isdisjoint(self.any))
            and all(not possible.isdisjoint(group) for group in self.all)
            and certain.isdisjoint(self.none)
        )


def wanted_terms(section: Section, sections: Mapping[str, Section], language: str) -> WantedTerms:
    """Returns what a feed selects; ``language`` is the site's.

    A section stands for all slugs under which its articles are filed; the section of all stories for every article.
    """
    found = section.selects

    def every(terms: Iterable[Term]) -> tuple[Term, ...]:
        return tuple(dict.fromkeys(one for term in terms for one in _names(term, sections)))

    everything = Term("section", ALL)
    return WantedTerms(
        any=() if everything in found.any else every(found.any),
        all=tuple(every([term]) for term in dict.fromkeys(found.all) if term != everything),
        none=every(found.none),
        language=term_key("language", language),
        reach=READERS_REACH if section.owner == "readers" else None,
    )


def _names(term: Term, sections: Mapping[str, Section]) -> tuple[Term, ...]:
    named = sections.get(term.key) if term.kind == "section" else None
    if named is None or named.selection is not None:
        return (term,)
    return tuple(Term("section", slug) for slug in named.filed_under)


def named_terms(kind: TermKind, names: Iterable[str]) -> dict[Term, str]:
    """Returns the terms that names make, each with its first name; a name without text or too long makes none.

    Not of authors, who may have ids: see ``author_terms``.
    """
    found: dict[Term, str] = {}
    for name in names:
        key = term_key(kind, name)
        if 0 < len(key) <= MAX_KEY:
            found.setdefault(Term(kind, key), name)
    return found


@dataclass(frozen=True, slots=True)
class AuthorTerms:
    """The terms of a byline, each with its first name.

    ``all`` has the names of all authors, and the ids of those who have one. ``addressed`` are those that get an
    address: of an author with an id only the id, so that two of the same name are two feeds and not three.
    """

    all: dict[Term, str]
    addressed: dict[Term, str]


def author_terms(authors: Iterable[tuple[str, str | None]]) -> AuthorTerms:
    """Returns the terms of authors, each a name and an id; an id without text or too long counts as none."""
    found = AuthorTerms({}, {})
    for name, id in authors:
        own = _author_term(author_id_key(id or ""))
        named = _author_term(author_name_key(name))
        for term in (named, own):
            if term is not None:
                found.all.setdefault(term, name)
        addressed = own or named
        if addressed is not None:
            found.addressed.setdefault(addressed, name)
    return found


def _author_term(key: str) -> Term | None:
    return Term("author", key) if 0 < len(key) <= MAX_KEY else None


def article_terms(article: Article) -> frozenset[Term]:
    """Returns all terms of an article as it was written, also those without a feed."""
    return frozenset(
        {
            **{Term("section", slug): slug for slug in article.sections},
            **named_terms("tag", article.tags[:MAX_TAGS]),
            **author_terms((author.name, author.id) for author in article.authors[:MAX_AUTHORS]).all,
            **named_terms("language", [article.language] if article.language else []),
        }
    )
