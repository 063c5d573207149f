"""An article as it stands in a feed: ids and times decided, addresses absolute. Pure: ``now`` is a value."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, urljoin

from syndication.model.values import Article, Entry, Section, Site

REMEMBERED = 8192
"""Addresses resolved lately: most entries of a feed stood in it the last time."""


def to_entry(article: Article, site: Site, sections_by_slug: Mapping[str, Section], now: datetime) -> Entry:
    """An article as it stands in a feed at ``now``.

    An ``updated_at`` that is still to come counts when its time comes, and one before the publication
    (a draft's last edit) counts as the publication itself. ``named`` are the sections by every slug under which
    articles are filed.
    """
    published = article.published_at
    if published is None:
        raise ValueError(f"article {article.id} has no published_at and cannot stand in a feed")
    updated = article.updated_at
    if updated is None or updated > now or updated < published:
        updated = published
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
    )


@lru_cache(REMEMBERED)
def _absolute(home_url: str, url: str) -> str:
    """``url`` seen from the newsroom's home page; one that cannot be resolved stays as it is, for render to refuse."""
    try:
        return urljoin(f"{home_url}/", url)
    except ValueError:
        return url


def tag_uri(site: Site, specific: str) -> str:
    """An id that outlives a new address: RFC 4151."""
    return f"tag:{site.authority},{site.authority_date}:{specific}"


def _categories(filed: Collection[str], sections_by_slug: Mapping[str, Section]) -> tuple[tuple[str, str], ...]:
    """Slug and title of the sections an article stands in; one that is not configured has its slug for a title."""
    categories = {}
    for slug in filed:
        section = sections_by_slug.get(slug)
        categories[section.slug if section else slug] = section.title if section else slug
    return tuple(categories.items())
