"""What every feed selects, and which feeds select an article: looked up by its terms, however many feeds. Pure."""

from collections.abc import Iterable, Mapping, Set
from functools import cached_property

from syndication.model.selection import Term, term_key
from syndication.model.term_index import TermIndex
from syndication.model.values import Section
from syndication.model.wanted_terms import WantedTerms, wanted_terms


class FeedSelections:
    """The selections of all feeds of one configuration; ``language`` is the site's.

    What it derives is kept, so one object serves as long as the configuration.
    """

    def __init__(self, sections: Mapping[str, Section], language: str) -> None:
        self.sections = sections
        self.language = language

    def wanted(self, section: Section) -> WantedTerms:
        """Returns what a feed selects, whether or not it is one of these."""
        return wanted_terms(section, self._filed, self.language)

    def select(self, terms: Set[Term]) -> list[str]:
        """Returns the slugs of the feeds that select an article with these terms, in the order of the configuration."""
        # An article without a language has the site's.
        asked = {*terms, Term("language", term_key("language", self.language))}
        found = {slug for slug in self._index.slugs_of(asked) if self._wanted[slug].matches(terms)}
        return sorted(found, key=self._places.__getitem__)

    def wanting(self, slugs: Iterable[str]) -> dict[str, WantedTerms]:
        """Returns what each of these feeds selects."""
        return {slug: self._wanted[slug] for slug in slugs}

    def may_have_selected(self, certain: Set[Term], possible: Set[Term]) -> set[str]:
        """Returns the feeds that may have selected an article with all ``certain`` terms, and none but ``possible``.

        An article without a language among ``certain`` had the site's.
        """
        if not any(term.kind == "language" for term in certain):
            site = {Term("language", term_key("language", self.language))}
            certain, possible = certain | site, possible | site
        return {slug for slug in self._index.slugs_of(possible) if self._wanted[slug].may_match(certain, possible)}

    @cached_property
    def of_names(self) -> frozenset[str]:
        """The slugs of the feeds that select by more than sections: by what the worker derives from names."""
        return frozenset(
            slug
            for slug, section in self.sections.items()
            if any(term.kind != "section" for term in section.selects.terms)
        )

    def take_over(self, before: "FeedSelections", gone: Iterable[str], new: Iterable[str]) -> None:
        """Takes over what ``before`` has worked out of all feeds but ``gone`` and ``new``; a changed one is in both.

        Only if none of them is a section that other feeds may name.
        """
        left = {slug: before._wanted[slug] for slug in gone}
        come = {slug: self.wanted(self.sections[slug]) for slug in new}
        wanted = dict(before._wanted)
        for slug in left:
            del wanted[slug]
        self.__dict__["_wanted"] = wanted | come
        self.__dict__["_index"] = before._index.changed(_entrances(left), _entrances(come))

    @cached_property
    def _filed(self) -> dict[str, Section]:
        """The sections by every slug under which articles are filed: a feed may name one by its former slug."""
        plain = [section for section in self.sections.values() if section.selection is None]
        former = {slug: section for section in plain for slug in section.formerly}
        return former | {section.slug: section for section in plain}

    @cached_property
    def _wanted(self) -> dict[str, WantedTerms]:
        return {slug: self.wanted(section) for slug, section in self.sections.items()}

    @cached_property
    def _index(self) -> TermIndex:
        return TermIndex.of(_entrances(self._wanted))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {slug: place for place, slug in enumerate(self.sections)}


def _entrances(wanted: Mapping[str, WantedTerms]) -> dict[str, tuple[Term, ...]]:
    return {slug: one.entrances for slug, one in wanted.items()}


def section_slugs(sections: Iterable[Section]) -> frozenset[str]:
    """Returns the slugs under which an article can be filed to be in a feed besides that of all stories."""
    found: set[str] = set()
    for section in sections:
        if section.selection is None:
            found.update(section.filed_under)
        else:
            terms = (*section.selection.any, *section.selection.all)
            found.update(term.key for term in terms if term.kind == "section")
    return frozenset(found)
