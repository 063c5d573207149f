"""The definition of an editors' feed as editors write it, in the API, in files and in forms."""

import re
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from syndication.model.feed_definition import FeedDefinition
from syndication.model.field_limits import MAX_TAG, MAX_URL
from syndication.model.formats import language_tag
from syndication.model.json_types import NonEmptyText, StrictModel, Text
from syndication.model.selection import Selection, Term, TermKind, term_key

MAX_TERMS = 50
"""Terms of one group: each is a walk of an index."""

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

GROUPS = ("any", "all", "none")

RESERVED = ("all", "tag", "author")
"""Slugs with another meaning than a feed of editors."""


def _slug(value: str) -> str:
    if value in RESERVED:
        raise ValueError(f"must not be {value!r}, which has another meaning: choose another address")
    if not SLUG.fullmatch(value):
        raise ValueError("must be lower-case letters and digits separated by single hyphens, like election-night")
    return value


def _language(value: str) -> str:
    if value and language_tag(value) != value:
        raise ValueError("must be a language tag like en, zh-Hant or zh-TW (BCP 47), or empty")
    return value


FeedSlug = Annotated[Text, Field(min_length=1, max_length=100), AfterValidator(_slug)]


class TermJson(StrictModel):
    """A section (by its slug), a tag, an author or a language (by its name)."""

    kind: TermKind
    name: Annotated[NonEmptyText, Field(max_length=MAX_TAG)]

    @property
    def term(self) -> Term:
        """The term; its key is empty if nothing of the name is text."""
        return Term(self.kind, term_key(self.kind, self.name))


Terms = Annotated[list[TermJson], Field(max_length=MAX_TERMS)]


class FeedJson(StrictModel):
    """What goes in: articles with a term of ``any``, each of ``all`` and none of ``none``; all empty: every article.

    A feed that names itself in ``any`` is a section: articles filed under its slug, or a former one, are in it.

    The other fields say how it looks; null and empty ones have the defaults of the configuration. ``hours`` and
    ``summary_length`` as in sections.toml, ``cache`` is the name of a table [cache.NAME], ``image`` the
    address of its artwork in podcast players. ``listed``: it is in the public lists of feeds.
    """

    title: Annotated[NonEmptyText, Field(max_length=200)]
    description: Annotated[Text, Field(max_length=2_000)] = ""
    language: Annotated[Text, Field(max_length=35), AfterValidator(_language)] = ""
    any: Terms = Field(default_factory=list)
    all: Terms = Field(default_factory=list)
    none: Terms = Field(default_factory=list)
    content: Literal["full", "summary"] | None = None
    entries: Annotated[int, Field(ge=1, le=1000)] | None = None
    hours: Annotated[int, Field(ge=0, le=8760)] | None = None
    max_entries: Annotated[int, Field(ge=1, le=1000)] | None = None
    summary_length: Annotated[int, Field(ge=20, le=100_000)] | None = None
    cache: Annotated[Text, Field(max_length=100)] | None = None
    image: Annotated[Text, Field(max_length=MAX_URL)] | None = None
    listed: bool = True

    def definition(self, slug: str, stored: FeedDefinition | None = None) -> FeedDefinition:
        """Returns the definition; its old addresses, which are not in this JSON, are those of the stored one."""
        groups = (self.any, self.all, self.none)
        selection = Selection(*(tuple(dict.fromkeys(one.term for one in group)) for group in groups))
        values: dict[str, Any] = self.model_dump(exclude=set(GROUPS))
        base = replace(stored or FeedDefinition(slug=slug, title=self.title), slug=slug)
        own = {Term("section", one) for one in base.slugs}
        is_section = Term("section", slug) in selection.any and selection.terms <= own and not selection.is_filtered
        return replace(base, **values, selection=None if is_section else selection)


def feed_json(definition: FeedDefinition) -> FeedJson:
    """Returns what an editor would write to get this definition."""
    selection = definition.selection or Selection(any=(Term("section", definition.slug),))
    values: dict[str, Any] = {
        name: [TermJson.model_construct(kind=term.kind, name=term.key) for term in getattr(selection, name)]
        for name in GROUPS
    }
    values |= {name: getattr(definition, name) for name in FeedJson.model_fields if name not in GROUPS}
    return FeedJson.model_construct(**values)
