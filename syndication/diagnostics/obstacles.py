"""What keeps an article from appearing as its writer asked, as far as it shows without rendering it.

Pure. What only rendering finds, such as a body that is too large, is recorded by the worker (``store`` left_out).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from syndication.model.access import MEMBERS_ONLY
from syndication.model.feed_selections import section_slugs
from syndication.model.field_limits import MAX_ERRORS_LISTED
from syndication.model.values import Article, Section, Site
from syndication.pipeline.entries import to_entry
from syndication.render.entry_fields import dropped_fields, unusable_fields


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A field, like ``sections.0``, and what follows from its value."""

    field: str
    words: str


def obstacles(
    article: Article, site: Site, sections: Mapping[str, Section], retired: Collection[str], now: datetime
) -> list[Obstacle]:
    """Returns why a published article will not appear as asked, the weightiest reasons first, at most 20.

    A draft and a withdrawn article are asked to be out, and one under embargo to wait.
    """
    if article.status != "published" or article.published_at is None:
        return []
    found = [*_fields(article, site, now), *_times(article, now), *_sections(article, sections, retired)]
    return list(islice(found, MAX_ERRORS_LISTED))


def _fields(article: Article, site: Site, now: datetime) -> Iterator[Obstacle]:
    entry = to_entry(article, site, {}, now)
    for field, words in unusable_fields(entry):
        yield Obstacle(field, f"{words}. No feed shows the article")
    for field, words in dropped_fields(entry):
        yield Obstacle(field, f"{words}. The article appears without it")
    if article.access != "public" and not entry.html.strip() and not (entry.summary or "").strip():
        yield Obstacle("html", f"is for members and has no {MEMBERS_ONLY}. Feeds show the title without a text")


def _times(article: Article, now: datetime) -> Iterator[Obstacle]:
    if article.expires_at is None or article.published_at is None:
        return
    if article.expires_at <= article.published_at:
        yield Obstacle("expires_at", "is not after published_at. No feed ever shows the article")
    elif article.expires_at <= now:
        yield Obstacle("expires_at", "is in the past. No feed shows the article")


def _sections(article: Article, sections: Mapping[str, Section], retired: Collection[str]) -> Iterator[Obstacle]:
    known = section_slugs(sections.values())
    for number, slug in enumerate(article.sections):
        if slug in retired:
            yield Obstacle(f"sections.{number}", f"{slug!r} was retired and has no feed")
        elif slug not in known:
            yield Obstacle(f"sections.{number}", f"{slug!r} has no feed. Add it to sections.toml or correct it")
