"""RSS, Atom and JSON Feed files: a newsroom's old feeds, with the ids that readers know."""

import json
from calendar import timegm
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from syndication.article_json import article_from, slugify
from syndication.errors import ArticleError

Items = Iterator[tuple[int, Any]]


def is_json_feed(start: bytes) -> bool:
    """Whether a file that begins so is a JSON Feed rather than JSON Lines."""
    return b"https://jsonfeed.org/version/" in start


def is_xml(start: bytes) -> bool:
    """Whether a file that begins so is RSS or Atom."""
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def json_feed_items(content: bytes) -> Items:
    """Each item of a JSON Feed as number and fields of an article."""
    try:
        feed = json.loads(content)
    except ValueError as error:
        raise ArticleError(f"it is not JSON: {error}") from error
    for number, item in enumerate(feed.get("items") or [], 1):
        yield number, _from_json_feed(item, feed)


def _from_json_feed(item: Mapping[str, Any], feed: Mapping[str, Any]) -> dict[str, Any]:
    text = item.get("content_text")
    authors = item.get("authors") or ([item["author"]] if item.get("author") else [])
    guid = str(item.get("id") or item.get("url") or "")
    image = item.get("image") or item.get("banner_image")
    return {
        "id": guid,
        "guid": guid,
        "slug": slugify(str(item.get("title") or "")),
        "url": item.get("url") or item.get("external_url"),
        "title": item.get("title") or (text or "")[:80],
        "html": item.get("content_html") or (f"<p>{text}</p>" if text else ""),
        "summary": item.get("summary"),
        "authors": [{"name": a.get("name") or a.get("url"), "uri": a.get("url")} for a in authors],
        "tags": item.get("tags") or [],
        "language": item.get("language") or feed.get("language"),
        "image": {"url": image} if image else None,
        "enclosures": [
            {
                "url": file.get("url"),
                "media_type": file.get("mime_type"),
                "length": file.get("size_in_bytes"),
                "title": file.get("title"),
                "duration": file.get("duration_in_seconds"),
            }
            for file in item.get("attachments") or []
        ],
        "published_at": item.get("date_published"),
        "updated_at": item.get("date_modified"),
    }


def xml_items(content: bytes) -> Items:
    """Each entry of an RSS or Atom file as number and fields of an article."""
    # Sanitizing is the renderer's work, and this one would do it by other rules.
    feed = feedparser.parse(content, sanitize_html=False, resolve_relative_uris=True)
    if not feed.version:
        raise ArticleError("it is neither RSS nor Atom")
    for number, entry in enumerate(feed.entries, 1):
        yield number, _from_feedparser(entry)


def _from_feedparser(entry: Mapping[str, Any]) -> dict[str, Any]:
    guid = entry.get("id") or entry.get("link") or ""
    contents = entry.get("content") or []
    summary = entry.get("summary") or ""
    html = next((c["value"] for c in contents if c.get("value")), summary)
    authors = [a for a in entry.get("authors") or [] if a.get("name") or a.get("email")]
    images = [m for m in entry.get("media_content") or [] if m.get("medium") == "image" and m.get("url")]
    return {
        "id": guid,
        "guid": guid,
        "slug": slugify(entry.get("title") or ""),
        "url": entry.get("link"),
        "title": entry.get("title"),
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
                "length": int(file["length"]) if str(file.get("length") or "").isdigit() else None,
            }
            for file in entry.get("enclosures") or []
            if file.get("href")
        ],
        "published_at": _moment(entry.get("published_parsed") or entry.get("updated_parsed")),
        "updated_at": _moment(entry.get("updated_parsed")),
    }


def _moment(parsed: Any) -> str | None:
    """feedparser gives UTC without saying so."""
    return datetime.fromtimestamp(timegm(parsed), UTC).isoformat() if parsed else None


def check_dated(fields: Mapping[str, Any], slugs: Mapping[str, str]) -> Any:
    """The article of an item; one without a date is refused, as nobody can say where it stands in a feed."""
    if not fields.get("published_at"):
        raise ArticleError("it has no date of publication: add pubDate, published or date_published")
    return article_from(fields, slugs)
