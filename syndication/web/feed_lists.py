"""The lists of all feeds, from memory: OPML for readers, JSON for programs, and robots.txt.

A list changes only when a feed in it does, so it has an ETag and the encodings of feeds.
"""

import gzip
import hashlib
import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import brotli
import zstandard
from flask import Blueprint, Response, request

from syndication.model.feed_addresses import feed_path, feed_url
from syndication.model.formats import rfc3339
from syndication.model.values import ALL, FORMATS, Section
from syndication.serve.catalogue import Catalogue
from syndication.serve.conditional import is_fresh
from syndication.serve.negotiate import negotiate
from syndication.serve.prepared import COMMON_HEADERS

if TYPE_CHECKING:
    from syndication.web.document_loader import DocumentLoader

LIST_AGE = 60
"""How long caches may use a list, in seconds."""

ROBOTS = "User-agent: *\nDisallow: /api/\nDisallow: /editors\n"
"""Feeds may be read by robots (RFC 9309); the API and the dashboard have nothing for them."""


def add_lists(routes: Blueprint, loader: "DocumentLoader") -> None:
    """Adds the addresses of the lists to the public pages."""

    @routes.get("/opml.xml")
    def opml() -> Response:
        return _answer(write_opml(loader.catalogue).encode(), "text/x-opml; charset=utf-8")

    @routes.get("/feeds.json")
    def feeds() -> Response:
        listed = json.dumps(list_feeds(loader.catalogue), ensure_ascii=False, indent=1)
        return _answer(listed.encode(), "application/json")

    @routes.get("/robots.txt")
    def robots() -> Response:
        return _answer(ROBOTS.encode(), "text/plain; charset=utf-8")


def write_opml(catalogue: Catalogue) -> str:
    """Returns the feeds as an OPML 2.0 subscription list, by their Atom addresses.

    ``type`` is "rss" for every format, as the specification has it.
    """
    site = catalogue.site
    title = escape(_NOT_XML.sub("", site.title))
    outlines = "".join(
        f'<outline type="rss" text={_quoted(_title(section))} title={_quoted(section.feed_title or section.title)}'
        f" description={_quoted(section.description)} language={_quoted(section.language)}"
        f" xmlUrl={_quoted(feed_url(site, slug, 'atom'))} htmlUrl={_quoted(site.home_url)}/>\n"
        for slug, section in catalogue.sections.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0">\n'
        f"<head><title>{title}</title></head>\n<body>\n{outlines}</body>\n</opml>\n"
    )


def list_feeds(catalogue: Catalogue) -> dict[str, Any]:
    """Returns the feeds as JSON values; ``updated`` is None for a feed that is not published yet."""
    site = catalogue.site
    return {
        "title": site.title,
        "home_page_url": site.home_url,
        "language": site.language,
        "feeds": [
            {
                "section": slug,
                "title": _title(section),
                "feed_title": section.feed_title or section.title,
                "description": section.description,
                "language": section.language,
                "updated": _updated(catalogue, slug),
                "addresses": {format: feed_url(site, slug, format) for format in FORMATS},
            }
            for slug, section in catalogue.sections.items()
        ],
    }


def _title(section: Section) -> str:
    return "All stories" if section.slug == ALL else section.title


def _updated(catalogue: Catalogue, slug: str) -> str | None:
    document = catalogue.documents.get(feed_path(slug, "atom"))
    if document is None or document.modified is None:
        return None
    return rfc3339(datetime.fromtimestamp(document.modified, UTC))


def _quoted(text: str) -> str:
    """Returns an attribute's value with quotes; characters that XML 1.0 cannot have are left out (section 2.2)."""
    return quoteattr(_NOT_XML.sub("", text))


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _answer(body: bytes, media_type: str) -> Response:
    """Returns the answer to a GET or HEAD: 200 in an acceptable encoding, or 304.

    Where none is acceptable it is sent as it is, which RFC 9110 section 12.5.3 allows.
    """
    encoding = negotiate(request.headers.get("Accept-Encoding")) or "identity"
    tag = f"{hashlib.sha256(body).hexdigest()[:16]}-{encoding}"
    response = Response(content_type=media_type)
    response.headers.extend(COMMON_HEADERS)
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Cache-Control"] = f"public, max-age={LIST_AGE}"
    response.headers["Vary"] = "Accept-Encoding"
    if is_fresh(tag, None, request.headers.get("If-None-Match"), None):
        response.status_code = 304
        del response.headers["Content-Type"]
        return response
    response.data = _compressed(body, encoding)
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    return response


@lru_cache(maxsize=16)
def _compressed(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "br":
            packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=5)
            return packed
        case "zstd":
            return zstandard.ZstdCompressor().compress(body)
        case "gzip":
            return gzip.compress(body, mtime=0)
    return body
