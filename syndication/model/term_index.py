"""Which feeds an article with certain terms may enter, however many feeds there are. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from syndication.model.selection import Term

Entrances = Mapping[str, tuple[Term, ...]]
"""By slug, the terms of which every article of the feed has one; none: any article may be in it."""


@dataclass(frozen=True, slots=True)
class TermIndex:
    """The slugs of feeds by the terms that lead to them, and of those that an article with any terms may enter."""

    by_term: Mapping[Term, tuple[str, ...]]
    without_terms: frozenset[str]

    @classmethod
    def of(cls, entrances: Entrances) -> Self:
        """Returns the index of these feeds."""
        found: dict[Term, list[str]] = {}
        for slug, terms in entrances.items():
            for term in terms:
                found.setdefault(term, []).append(slug)
        by_term = {term: tuple(slugs) for term, slugs in found.items()}
        return cls(by_term, frozenset(slug for slug, terms in entrances.items() if not terms))

    def changed(self, gone: Entrances, new: Entrances) -> Self:
        """Returns the index without ``gone`` and with ``new``; a changed feed is in both."""
        by_term = dict(self.by_term)
        for slug, terms in gone.items():
            for term in terms:
                left = tuple(other for other in by_term.pop(term, ()) if other != slug)
                if left:
                    by_term[term] = left
        for slug, terms in new.items():
            for term in terms:
                by_term[term] = (*by_term.get(term, ()), slug)
        without = self.without_terms.difference(gone) | {slug for slug, terms in new.items() if not terms}
        return type(self)(by_term, without)

    def slugs_of(self, terms: Collection[Term]) -> Iterable[str]:
        """Yields the slugs of the feeds that an article with some of these terms may be in."""
        yield from self.without_terms
        for term in terms:
            yield from self.by_term.get(term, ())
