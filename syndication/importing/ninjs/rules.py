"""What a newsroom decides about the stories that it receives as ninjs: their addresses, sections and notes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from urllib.parse import quote

from syndication.config.loading import Settings
from syndication.importing.ninjs.shapes import Concept
from syndication.model.article_json import slugify, slugs_by_title
from syndication.model.values import ALL, Article

PLACEHOLDERS = ("id", "slug", "section", "year", "month", "day")
"""What an address may be made from."""

_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")

_CODE_IN_URI = re.compile(r".*[/#]([^/#]+)/?", re.DOTALL)

MEDIA_TOPIC = "cv.iptc.org/newscodes/mediatopic/"
"""IPTC's list of subjects, whose codes are also written as ``medtop:04000000``."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of ninjs, with the sections that there are.

    ``url`` is a template, or empty: the uri is the address. ``sections`` maps terms to slugs; ``known`` are slugs by
    slug and title, all in lower case. ``section`` is for stories without one. Dates in addresses are in ``zone``.
    """

    url: str
    section: str
    sections: Mapping[str, str]
    known: Mapping[str, str]
    publish_ednote: bool
    zone: tzinfo

    def section_of(self, concept: Concept) -> str | None:
        """Returns the section that a term stands for: by the map, or because a section has its code or name."""
        terms = [term.strip().lower() for term in _terms(concept)]
        mapped = (self.sections.get(term) for term in terms)
        named = (self.known.get(term) for term in terms)
        return next((slug for slug in (*mapped, *named) if slug), None)

    def address(self, article: Article) -> str:
        """Returns the address of a story, made from the template."""
        local = article.published_at.astimezone(self.zone) if article.published_at else None
        values = {
            "id": quote(article.id, safe=""),
            "slug": article.slug,
            "section": next(iter(article.sections), "news"),
            "year": f"{local:%Y}" if local else "",
            "month": f"{local:%m}" if local else "",
            "day": f"{local:%d}" if local else "",
        }
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.url)


def rules_of(settings: Settings) -> Rules:
    """Returns what the settings say."""
    chosen = settings.ninjs
    slugs = {slug: slug for slug in settings.sections if slug != ALL}
    titles = {title: slug for title, slug in slugs_by_title(settings.sections).items() if slug != ALL}
    return Rules(
        url=chosen.url,
        section=chosen.section,
        sections={term.strip().lower(): slug for term, slug in chosen.sections.items()},
        known=titles | slugs,
        publish_ednote=chosen.publish_ednote,
        zone=settings.timezone,
    )


def _terms(concept: Concept) -> Iterator[str]:
    """Yields everything by which a map may name a term, the most precise first."""
    code = concept.literal or concept.code or concept.qcode
    if concept.uri:
        yield concept.uri
        if (found := _CODE_IN_URI.fullmatch(concept.uri)) is not None:
            if MEDIA_TOPIC in concept.uri:
                yield f"medtop:{found[1]}"
            yield found[1]
    if code and concept.scheme:
        yield f"{concept.scheme}:{code}"
    if code:
        yield code
    if concept.name:
        yield concept.name


SLUG_LENGTH = 80
"""Characters of a slug made from a headline."""


def slug_of(headline: str, uri: str) -> str:
    """Returns the slug of a new story: from its headline, or from its uri if that has no Latin letters."""
    words = slugify(headline) or slugify(uri)
    return words if len(words) <= SLUG_LENGTH else words[: SLUG_LENGTH + 1].rpartition("-")[0] or words[:SLUG_LENGTH]
