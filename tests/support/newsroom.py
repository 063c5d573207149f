"""A small newsroom for tests: values with defaults, of which a test changes what matters to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from syndication.model.values import Article, Author, CachePolicy, Entry, Feed, Section, Site

NOON = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)
"""The time at which the newsroom of the tests starts."""

CACHE = CachePolicy(browser=300, cdn=60, stale_while_revalidate=60, stale_if_error=86400)


def at(**delta: float) -> datetime:
    """Returns noon plus ``delta`` (hours=1, minutes=-5 …)."""
    return NOON + timedelta(**delta)


def site(**changes: Any) -> Site:
    values: dict[str, Any] = {
        "title": "The Daily Example",
        "base_url": "https://feeds.daily.example",
        "home_url": "https://www.daily.example",
        "authority": "daily.example",
        "authority_date": "2026-01-01",
        "description": "News from Taiwan and the world",
        "language": "en",
        "rights": "© The Daily Example",
        "logo": "https://www.daily.example/logo.png",
        "icon": "https://www.daily.example/icon.png",
    }
    return Site(**values | changes)


def section(slug: str = "taiwan", **changes: Any) -> Section:
    values: dict[str, Any] = {
        "slug": slug,
        "title": slug.replace("-", " ").title(),
        "description": f"What happens in {slug}",
        "language": "en",
        "content": "full",
        "entries": 5,
        "hours": 24,
        "max_entries": 20,
        "summary_length": 300,
        "cache": CACHE,
    }
    return Section(**values | changes)


def article(id: str = "a1", **changes: Any) -> Article:
    values: dict[str, Any] = {
        "id": id,
        "slug": f"story-{id}",
        "url": f"/news/{id}",
        "title": f"Story {id}",
        "html": f"<p>The body of {id}.</p>",
        "summary": f"The summary of {id}.",
        "authors": (Author("Lin Mei-hua"),),
        "sections": ("taiwan",),
        "tags": ("rail",),
        "published_at": at(hours=-1),
        "updated_at": at(hours=-1),
        "status": "published",
    }
    return Article(**values | changes)


def entry(article_id: str = "a1", **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "article_id": article_id,
        "id": f"tag:daily.example,2026-01-01:article/{article_id}",
        "url": f"https://www.daily.example/news/{article_id}",
        "title": f"Story {article_id}",
        "html": f"<p>The body of {article_id}.</p>",
        "summary": f"The summary of {article_id}.",
        "authors": (Author("Lin Mei-hua"),),
        "categories": (("taiwan", "Taiwan"),),
        "tags": ("rail",),
        "language": None,
        "image": None,
        "enclosures": (),
        "published": at(hours=-1),
        "updated": at(hours=-1),
        "correction": None,
    }
    return Entry(**values | changes)


def feed(*entries: Entry, **changes: Any) -> Feed:
    values: dict[str, Any] = {
        "id": "tag:daily.example,2026-01-01:section/taiwan",
        "site": site(),
        "section": section(),
        "entries": entries,
        "updated": NOON,
    }
    return Feed(**values | changes)
