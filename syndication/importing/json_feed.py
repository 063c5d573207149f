"""Reads JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from syndication.errors import ArticleError
from syndication.importing.fields import FEED, Fields, Items, identity, number, text_to_html
from syndication.importing.media_types import type_of
from syndication.model.json_types import MAX_DIMENSION, kind


def json_feed_items(content: bytes) -> Items:
    """Yields the items of a JSON Feed."""
    try:
        feed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"not valid JSON: {error}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise ArticleError("not a JSON Feed: expected an object with a list of items")
    for position, item in enumerate(items, 1):
        yield position, partial(_fields, item, feed)


def _fields(item: Any, feed: Mapping[str, Any]) -> Fields:
    """Returns the article of an item; values of a wrong type stay, and are reported with the name of their field."""
    if not isinstance(item, dict):
        raise ArticleError(f"an item should be a JSON object, not {kind(item)}")
    text, html, guid = item.get("content_text"), item.get("content_html"), item.get("id")
    if not html and isinstance(text, str):
        html = text_to_html(text)
    # JSON Feed 1.1: an id that is a number must be read as a string.
    guid = str(guid) if isinstance(guid, int | float) and not isinstance(guid, bool) else guid
    url = item.get("url") or item.get("external_url") or guid
    tags = [tag for tag in _list(item.get("tags")) if tag]
    image = item.get("image") or item.get("banner_image")
    own = _authors(item)
    return {
        **identity(guid or url, url, item.get("title"), html),
        "html": html,
        "summary": _escaped(item.get("summary")),
        # JSON Feed 1.1: the feed's authors are those of an item that names none.
        "authors": own or _authors(feed),
        "tags": tags,
        "language": item.get("language") or feed.get("language"),
        "image": {"url": image} if image else None,
        "enclosures": [
            {
                "url": file["url"],
                "media_type": file.get("mime_type") or type_of("", str(file["url"])),
                "length": number(file.get("size_in_bytes")),
                "title": file.get("title"),
                "duration": number(file.get("duration_in_seconds"), MAX_DIMENSION),
            }
            for file in _objects(item.get("attachments"))
            if file.get("url")
        ],
        "published_at": item.get("date_published"),
        "updated_at": item.get("date_modified"),
        FEED: {
            "url": feed.get("feed_url"),
            "categories": [(tag, "") for tag in tags],
            "full": bool(item.get("content_html")),
            "author_inherited": not own,
        },
    }


def _authors(holder: Mapping[str, Any]) -> list[Fields]:
    """Returns the authors of an item or a feed; ``author`` is that of JSON Feed 1.0."""
    authors = _objects(holder.get("authors")) or _objects([holder.get("author")])
    named = [(author.get("name"), author.get("url")) for author in authors]
    return [{"name": name or url, "uri": url} for name, url in dict.fromkeys(named) if name or url]


def _escaped(summary: Any) -> Any:
    """Returns a summary, which is plain text, as HTML."""
    return escape(summary, quote=False) if isinstance(summary, str) else summary


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]
