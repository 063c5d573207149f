"""Reads RSS, Atom and JSON Feed files: a newsroom's old feeds, with the IDs that feed readers know."""

import io
import json
import math
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Any

import feedparser

from syndication.errors import ArticleError
from syndication.importing.xml_limits import check_markup
from syndication.model.article_json import slugify
from syndication.model.json_types import MAX_DIMENSION, MAX_NUMBER, kind, short
from syndication.render.shorten import shorten
from syndication.render.summary import plain

Fields = dict[str, Any]

Items = Iterator[tuple[int, Callable[[], Fields]]]
"""Each item's number and a function that returns its article fields, so that a bad item does not stop the others."""

TITLE_LENGTH = 80
"""Characters of the body used in place of a missing title, which RSS and JSON Feed allow."""


def json_feed_items(content: bytes) -> Items:
    """Yields the items of a JSON Feed."""
    try:
        feed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"not valid JSON: {error}") from error
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise ArticleError("not a JSON Feed: expected an object with a list of items")
    for number, item in enumerate(items, 1):
        yield number, partial(_from_json_feed, item, feed.get("language"))


def _from_json_feed(item: Any, language: Any) -> Fields:
    if not isinstance(item, dict):
        raise ArticleError(f"an item should be a JSON object, not {kind(item)}")
    text, html, guid = item.get("content_text"), item.get("content_html"), item.get("id")
    if not html and isinstance(text, str):
        html = "".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))
    # JSON Feed 1.1: an id that is a number must be read as a string.
    guid = str(guid) if isinstance(guid, int | float) and not isinstance(guid, bool) else guid
    url = item.get("url") or item.get("external_url") or guid
    image = item.get("image") or item.get("banner_image")
    authors = _objects(item.get("authors")) or _objects([item.get("author")])
    return {
        **_identity(guid or url, url, item.get("title"), html),
        "html": html,
        "summary": item.get("summary"),
        "authors": [
            {"name": a.get("name") or a.get("url"), "uri": a.get("url")}
            for a in authors
            if a.get("name") or a.get("url")
        ],
        "tags": [tag for tag in _list(item.get("tags")) if tag],
        "language": item.get("language") or language,
        "image": {"url": image} if image else None,
        "enclosures": [
            {
                "url": file["url"],
                "media_type": file.get("mime_type") or "application/octet-stream",
                "length": _number(file.get("size_in_bytes")),
                "title": file.get("title"),
                "duration": _number(file.get("duration_in_seconds"), MAX_DIMENSION),
            }
            for file in _objects(item.get("attachments"))
            if file.get("url")
        ],
        "published_at": item.get("date_published"),
        "updated_at": item.get("date_modified"),
    }


def xml_items(content: bytes) -> Items:
    """Yields the entries of an RSS or Atom file."""
    check_markup(content)
    try:
        # A stream, because feedparser takes bytes for a file name. The renderer sanitizes HTML by its own rules.
        feed = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=True)
    except MemoryError:
        raise
    except Exception as error:  # feedparser raises unforeseen errors on malformed input.
        raise ArticleError(f"cannot be read as RSS or Atom ({type(error).__name__}: {error})") from error
    if not feed.version:
        raise ArticleError("neither RSS nor Atom")
    for number, entry in enumerate(feed.entries, 1):
        yield number, partial(_from_feedparser, entry)


def _from_feedparser(entry: dict[str, Any]) -> Fields:
    contents = entry.get("content") or []
    summary = entry.get("summary") or ""
    html = next((c["value"] for c in contents if c.get("value")), summary)
    authors = [a for a in entry.get("authors") or [] if a.get("name") or a.get("email")]
    images = [m for m in entry.get("media_content") or [] if m.get("medium") == "image" and m.get("url")]
    published = _moment(entry, "published")
    updated = _moment(entry, "updated")
    link = entry.get("link")
    return {
        **_identity(entry.get("id") or link, link, _title(entry), html),
        "html": html,
        "summary": summary if html != summary else None,
        "authors": [
            {"name": a.get("name") or a["email"], "email": a.get("email"), "uri": a.get("href")} for a in authors
        ],
        "tags": [tag["term"] for tag in entry.get("tags") or [] if tag.get("term")],
        "image": {"url": images[0]["url"]} if images else None,
        "enclosures": [
            {
                "url": file["href"],
                "media_type": file.get("type") or "application/octet-stream",
                "length": _number(file.get("length")),
            }
            for file in entry.get("enclosures") or []
            if file.get("href")
        ],
        "published_at": published or updated,
        "updated_at": updated,
    }


def _identity(guid: Any, url: Any, title: Any, html: Any) -> Fields:
    """Returns an article's required fields; raises ArticleError for an item without them."""
    if not guid:
        raise ArticleError("no ID and no address to identify it")
    if not url:
        raise ArticleError("no address: add a link (in JSON Feed, url)")
    title = title or (shorten(plain(html), TITLE_LENGTH) if isinstance(html, str) else None)
    if not title:
        raise ArticleError("no title and no text")
    return {"id": guid, "guid": guid, "url": url, "title": title, "slug": slugify(str(title))}


def _title(entry: Mapping[str, Any]) -> str:
    """Returns the title as plain text. Atom declares HTML titles, and feedparser detects them in RSS."""
    title = entry.get("title") or ""
    detail = entry.get("title_detail") or {}
    return plain(title) if detail.get("type") in ("text/html", "application/xhtml+xml") else title


def _moment(entry: dict[str, Any], name: str) -> str | None:
    """Returns a date in RFC 3339; feedparser's own are in UTC without an offset."""
    # dict.get, because feedparser's get() falls back from updated to published with a warning.
    written, parsed = dict.get(entry, name), dict.get(entry, f"{name}_parsed")
    try:
        moment = datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        moment = None
    if written and moment is None:
        raise ArticleError(
            f"the date is {short(written)}: it should be like Sat, 14 Mar 2026 08:00:00 +0800, or in RFC 3339"
        )
    return moment.isoformat() if moment else None


def _number(value: Any, largest: int = MAX_NUMBER) -> int | None:
    """Returns a length or a duration; None, which both may be, for an unusable value."""
    try:
        number = math.floor(float(value)) if isinstance(value, str | int | float) else -1
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= largest else None


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]
