"""The addresses of feeds that readers ask for: combinations of sections, tags and authors.

``world+sports`` has the articles of any of the two, ``all~sports`` everything without one, ``asia+world~sports`` both.
``tag/ferries`` and ``author/lin-mei-hua`` have the articles of one term. ``+`` is a plus here (RFC 3986 section 2.2: a
sub-delimiter; only forms read it as a space). Every address has one canonical form, and all others redirect to it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from syndication.model.selection import Selection, TermKind, term_key, term_slug
from syndication.model.values import ALL, Section

AskedKind = Literal["combination", "tag", "author"]

ASKED_KINDS: tuple[AskedKind, ...] = ("combination", "tag", "author")

MAX_LENGTH = 400
"""The longest slug that is looked at, in characters: of a few sections, or of one long name."""

MAX_FOLDS = 4
"""How often a slug is folded until it stays as it is."""

MAX_READ = 64
"""The most parts of a combination that are read before duplicates are removed."""


@dataclass(frozen=True, slots=True)
class AskedAddress:
    """What an address asks for. ``slug`` is canonical; ``any`` and ``none`` are the sections of a combination.

    ``term`` is the slug of a tag or an author, as the register of terms knows it.
    """

    slug: str
    kind: AskedKind
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    term: str = ""


ASKED_MARKS = ("+", "~", "/")
"""The characters of which an asked address has one, and no section's slug."""


def is_asked(slug: str) -> bool:
    """Returns whether a slug has the form of an asked address; a section's own slug never has."""
    return any(mark in slug for mark in ASKED_MARKS)


@dataclass(frozen=True, slots=True)
class AskedAddresses:
    """What may be asked for: the position of each section that may be combined, former slugs, kinds, and a limit."""

    positions: Mapping[str, int]
    renamed: Mapping[str, str]
    kinds: frozenset[AskedKind]
    max_parts: int

    @classmethod
    def of(
        cls, sections: Mapping[str, Section], renamed: Mapping[str, str], kinds: Iterable[AskedKind], max_parts: int
    ) -> Self:
        """Returns what may be asked for in a newsroom: its sections are combined in their order.

        Feeds that are more than a list of terms are not combined, nor are feeds that readers asked for.
        """
        own = [section for section in sections.values() if section.owner != "readers"]
        combinable = [s.slug for s in own if s.slug == ALL or (s.selects.any and not s.selects.is_filtered)]
        return cls({slug: n for n, slug in enumerate(combinable)}, renamed, frozenset(kinds), max_parts)

    def resolve(self, slug: str) -> AskedAddress | str | None:
        """Returns what ``slug`` asks for.

        The slug of a section where the question is the same as a section's (``world+all``, ``world+world``), and None
        for nonsense: unknown or empty parts, nothing left (``world~world``), too many sections, a kind that is off.
        """
        if not slug or len(slug) > MAX_LENGTH or not is_asked(slug):
            return None
        head, slash, name = slug.partition("/")
        found = _resolve_term(head, name) if slash else self._combination(slug)
        return None if isinstance(found, AskedAddress) and found.kind not in self.kinds else found

    def _combination(self, slug: str) -> AskedAddress | str | None:
        wanted, *unwanted = slug.split("~")
        parts = wanted.split("+")
        if len(parts) + len(unwanted) > MAX_READ:
            return None
        named = {self.renamed.get(part, part) for part in parts}
        none = {self.renamed.get(part, part) for part in unwanted}
        if not (named | none) <= self.positions.keys() or ALL in none:
            return None
        # What is in any section and left out at the same time is left out; beside all stories, no other part matters.
        any = {ALL} if ALL in named else named - none
        if not any or len(any) + len(none) > self.max_parts:
            return None
        first = tuple(sorted(any, key=self.positions.__getitem__))
        without = tuple(sorted(none, key=self.positions.__getitem__))
        if len(first) == 1 and not without:
            return first[0]
        return AskedAddress("~".join(("+".join(first), *without)), "combination", first, without)


def parts_of(slug: str) -> list[str]:
    """Returns the slugs that a combination names, in its own spelling; none for any other slug."""
    return re.split("[+~]", slug) if ("+" in slug or "~" in slug) and len(slug) <= MAX_LENGTH else []


NOTHING_ASKED = AskedAddresses({}, {}, frozenset(), 0)
"""Nothing may be asked for."""


def _resolve_term(kind: str, name: str) -> AskedAddress | None:
    if kind == "tag":
        term = folded("tag", name)
        return AskedAddress(f"tag/{term}", "tag", term=term) if term else None
    if kind == "author":
        term = folded("author", name)
        return AskedAddress(f"author/{term}", "author", term=term) if term else None
    return None


def folded(kind: TermKind, name: str) -> str:
    """Returns the slug that a name in an address means: case and accents folded, until nothing changes any more.

    "" if nothing of it is text, or if it has characters that no slug has: a slash is no hyphen.
    """
    if any(mark in name for mark in "/+~?#"):
        return ""
    slug = name
    for _ in range(MAX_FOLDS):
        before, slug = slug, term_slug(term_key(kind, slug))
        if slug == before:
            return slug
    return ""


def selection_of(asked: AskedAddress, sections: Mapping[str, Section]) -> Selection:
    """Returns what goes into a combination: the terms of its sections. Raises KeyError for an unknown section."""
    any = tuple(dict.fromkeys(term for slug in asked.any if slug != ALL for term in sections[slug].selects.any))
    none = tuple(dict.fromkeys(term for slug in asked.none for term in sections[slug].selects.any))
    return Selection(any=any, none=none)
