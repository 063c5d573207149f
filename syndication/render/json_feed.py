"""Renders JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

import json
from collections.abc import Sequence
from typing import Any

from syndication.model.feed_addresses import feed_url
from syndication.model.fragments import ENDS
from syndication.model.values import Feed
from syndication.render.clean_entry import CleanEntry
from syndication.render.feedgen_common import title
from syndication.render.text import visible_line

ITEMS = ',"items":['
"""The end of a document's head."""


def jsonfeed(feed: Feed, items: Sequence[str]) -> bytes:
    """Returns the document with these items, each rendered by ``item``."""
    return head(feed) + ",".join(items).encode() + ENDS["json"]


def head(feed: Feed) -> bytes:
    """Returns what comes before the items of a document."""
    site, section = feed.site, feed.section
    values = _without_nothing(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title(feed),
            "home_page_url": f"{site.home_url}/",
            "feed_url": feed_url(feed.site, feed.section.slug, "json"),
            "description": visible_line(section.description),
            "icon": site.logo,
            "favicon": site.icon,
            "authors": [{"name": visible_line(site.title) or section.slug, "url": f"{site.home_url}/"}],
            "language": section.language,
            "hubs": [{"type": "WebSub", "url": hub} for hub in site.hubs],
        }
    )
    return (_dump(values)[:-1] + ITEMS).encode()


def item(cleaned: CleanEntry) -> str:
    """Returns one item as JSON text."""
    values = {
        "id": cleaned.id,
        "url": cleaned.url,
        "title": cleaned.title,
        # Exactly one of the two is required; a summary beside a text that is the same summary is redundant.
        "content_html": cleaned.html or None,
        "content_text": None if cleaned.html else cleaned.summary or cleaned.title,
        "summary": cleaned.summary if cleaned.html else None,
        "image": cleaned.image.url if cleaned.image else None,
        "date_published": cleaned.published,
        "date_modified": cleaned.updated,
        "authors": [_without_nothing({"name": a.name, "url": a.uri}) for a in cleaned.authors],
        "tags": list(dict.fromkeys(label for _, _, label in cleaned.categories)),
        "language": cleaned.language,
        "attachments": [
            _without_nothing(
                {
                    "url": file.url,
                    "mime_type": file.media_type,
                    "title": file.title,
                    "size_in_bytes": file.length,
                    "duration_in_seconds": file.duration,
                }
            )
            for file in cleaned.enclosures
        ],
    }
    return _dump(_without_nothing(values))


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value not in ("", [])}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
