"""Reads JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from syndication.errors import ArticleError
from syndication.importing.dates import parse_date
from syndication.importing.fields import FEED, Fields, Items, identity, number, text_to_html
from syndication.importing.media_types import type_of
from syndication.importing.node import resolve
from syndication.model.formats import parse_rfc3339
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
    files = [_file(file, feed) for file in _objects(item.get("attachments")) if file.get("url")]
    url = _resolved(item.get("url") or item.get("external_url"), feed) or _address(guid, files)
    tags = [tag for tag in _list(item.get("tags")) if tag]
    image = _resolved(_url(item.get("image")) or _url(item.get("banner_image")), feed)
    own = _authors(item, feed)
    published, updated = _date(item.get("date_published")), _date(item.get("date_modified"))
    return {
        **identity(guid or url, url, item.get("title"), html or _escaped(item.get("summary"))),
        "html": html,
        "summary": _escaped(item.get("summary")),
        # JSON Feed 1.1: the feed's authors are those of an item that names none.
        "authors": own or _authors(feed, feed),
        "tags": tags,
        "language": item.get("language") or feed.get("language"),
        "image": {"url": image} if image else None,
        "enclosures": files,
        "published_at": published or updated,
        "updated_at": updated,
        FEED: {
            "url": feed.get("feed_url"),
            "categories": [(tag, "") for tag in tags],
            "full": bool(item.get("content_html")),
            "author_inherited": not own,
        },
    }


def _authors(holder: Mapping[str, Any], feed: Mapping[str, Any]) -> list[Fields]:
    """Returns the authors of an item or a feed; ``author`` is that of JSON Feed 1.0. Real feeds have bare names too."""
    found = _list(holder.get("authors")) or _list(holder.get("author"))
    authors = _objects([{"name": one} if isinstance(one, str) else one for one in found])
    named = [(author.get("name"), _resolved(author.get("url"), feed)) for author in authors]
    return [{"name": name or url, "uri": url} for name, url in dict.fromkeys(named) if name or url]


def _escaped(summary: Any) -> Any:
    """Returns a summary, which is plain text, as HTML."""
    return escape(summary, quote=False) if isinstance(summary, str) else summary


def _file(file: Mapping[str, Any], feed: Mapping[str, Any]) -> Fields:
    return {
        "url": _resolved(file["url"], feed),
        "media_type": file.get("mime_type") or type_of("", str(file["url"])),
        "length": number(file.get("size_in_bytes")),
        "title": file.get("title"),
        "duration": number(file.get("duration_in_seconds"), MAX_DIMENSION),
    }


def _address(guid: Any, files: Sequence[Fields]) -> Any:
    """Returns the address of an item that names none: its ID if that is one, or else its first file."""
    if isinstance(guid, str) and guid.startswith(("http://", "https://")):
        return guid
    return files[0]["url"] if files else None


def _resolved(address: Any, feed: Mapping[str, Any]) -> Any:
    """Returns an address resolved against that of the feed or of its page; a value of a wrong type stays."""
    bases = [base for base in (feed.get("feed_url"), feed.get("home_page_url")) if isinstance(base, str) and base]
    return resolve(address, *bases) if isinstance(address, str) and address else address


def _url(image: Any) -> Any:
    """Returns the address of an image, which some feeds describe by an object."""
    return image.get("url", image) if isinstance(image, dict) else image


def _date(value: Any) -> Any:
    """Returns a date that is not in RFC 3339 as those of RSS are read; a value that is no date stays."""
    if not isinstance(value, str) or _is_rfc3339(value):
        return value
    try:
        return parse_date(value).isoformat()
    except ArticleError:
        return value


def _is_rfc3339(text: str) -> bool:
    try:
        return parse_rfc3339(text).utcoffset() is not None
    except ValueError:
        return False


def _list(value: Any) -> Sequence[Any]:
    """Returns a list; a single value, which some feeds have in place of a list, is one of one."""
    return value if isinstance(value, list) else [value] if isinstance(value, str | dict) and value else []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]
