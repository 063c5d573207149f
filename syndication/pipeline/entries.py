"""Turns articles into feed entries, with final ids and times and absolute addresses. Pure: ``now`` is a parameter."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from syndication.model.access import public_part
from syndication.model.addresses import web_address
from syndication.model.values import Article, Entry, Section, Site

REMEMBERED = 8192
"""Size of the cache of resolved addresses: most entries of a feed were in its last version."""


def to_entry(article: Article, site: Site, sections_by_slug: Mapping[str, Section], now: datetime) -> Entry:
    """Returns an article's feed entry at ``now``.

    Its date is the later one of its writer's and its correction's. A future one is ignored until it is reached, and one
    before the publication (a draft's last edit) becomes the publication time. ``sections_by_slug`` maps every slug that
    articles are filed under to its section.

    Of a members' article the entry has the public part alone: all that is rendered, in feeds and previews, begins here.
    """
    article = public_part(article)
    published = article.published_at
    if published is None:
        raise ValueError(f"article {article.id} has no published_at and cannot be in a feed")
    said = [at for at in (article.updated_at, article.corrected_at) if at is not None and published <= at <= now]
    updated = max(said, default=published)
    home = site.home_url
    return Entry(
        article_id=article.id,
        id=article.guid or tag_uri(site, f"article/{quote(article.id, safe='')}"),
        url=_absolute(home, article.url),
        title=article.title,
        html=article.html,
        summary=article.summary,
        authors=article.authors,
        categories=_categories(article.sections, sections_by_slug),
        tags=article.tags,
        language=article.language,
        image=article.image and replace(article.image, url=_absolute(home, article.image.url)),
        enclosures=tuple(replace(enclosure, url=_absolute(home, enclosure.url)) for enclosure in article.enclosures),
        published=published.replace(microsecond=0),
        updated=updated.replace(microsecond=0),
        correction=article.correction,
        corrected=updated in said and updated == article.corrected_at,
    )


@lru_cache(REMEMBERED)
def _absolute(home_url: str, url: str) -> str:
    """Returns ``url`` resolved against the home page. An invalid one is returned unchanged, and render rejects it."""
    return web_address(url, f"{home_url}/") or url


def tag_uri(site: Site, specific: str) -> str:
    """Returns a tag URI (RFC 4151): an id that survives a change of address."""
    return f"tag:{site.authority},{site.authority_date}:{specific}"


def _categories(filed: Collection[str], sections_by_slug: Mapping[str, Section]) -> tuple[tuple[str, str], ...]:
    """Returns slug and title of each of the article's sections; the title of an unconfigured section is its slug."""
    categories = {}
    for slug in filed:
        section = sections_by_slug.get(slug)
        categories[section.slug if section else slug] = section.title if section else slug
    return tuple(categories.items())
