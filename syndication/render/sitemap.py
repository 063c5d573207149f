"""Sitemaps as bytes: the sitemaps.org protocol 0.9, and Google's extension for news. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from syndication.model.formats import rfc3339
from syndication.render.text import one_line

SITEMAP_REVISION = 1
"""Rises when the bytes change for the same articles: every file is then written again."""

MAX_NEWS_URLS = 1_000
"""Addresses in a file of news (Google, "Create a news sitemap")."""

MAX_URLS, MAX_BYTES = 10_000, 50_000_000
"""Addresses and uncompressed bytes in a file of the archive. The protocol allows 50,000 and 50 MB: smaller files are
written again faster, and a month's earlier ones keep their bytes."""

MAX_INDEXED = 50_000
"""Files in an index."""

_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

_HEADS = {
    "urlset": f'{_XML}<urlset xmlns="{_SCHEMA}">\n'.encode(),
    "news": f'{_XML}<urlset xmlns="{_SCHEMA}" xmlns:news="{_NEWS}">\n'.encode(),
}
_TAIL = b"</urlset>\n"

_CHINESE = ("zh", "cmn")

_LETTERS = re.compile("[a-z]{2,3}")


class SitemapWriter:
    """Fills files of one kind (``urlset`` or ``news``) up to the limits; holds one file in memory."""

    def __init__(self, kind: str, max_urls: int = MAX_URLS, max_bytes: int = MAX_BYTES) -> None:
        self._head = _HEADS[kind]
        self._max_urls, self._max_bytes = max_urls, max_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, element: bytes) -> tuple[bytes, int] | None:
        """Adds a ``url`` element; returns the file before it and its number of addresses, if that one is full."""
        size = len(self._head) + self._size + len(element) + len(_TAIL)
        full = self.close() if self._parts and (len(self._parts) >= self._max_urls or size > self._max_bytes) else None
        self._parts.append(element)
        self._size += len(element)
        return full

    def close(self) -> tuple[bytes, int]:
        """Returns the last file and its number of addresses, which may be 0."""
        done = b"".join([self._head, *self._parts, _TAIL]), len(self._parts)
        self._parts, self._size = [], 0
        return done


def url_element(address: str, modified: datetime) -> bytes:
    """Returns an article in the archive; its times are in W3C Datetime (RFC 3339 is a profile of it)."""
    return f"<url><loc>{_text(address)}</loc><lastmod>{_time(modified)}</lastmod></url>\n".encode()


def news_element(address: str, name: str, language: str, published: datetime, title: str) -> bytes:
    """Returns an article in the news; ``name`` is the publication's, ``language`` a result of ``news_language``."""
    return (
        f"<url><loc>{_text(address)}</loc><news:news>"
        f"<news:publication><news:name>{_text(name)}</news:name>"
        f"<news:language>{_text(language)}</news:language></news:publication>"
        f"<news:publication_date>{_time(published)}</news:publication_date>"
        f"<news:title>{_text(title)}</news:title></news:news></url>\n"
    ).encode()


def home_alone(address: str) -> bytes:
    """Returns a sitemap of the home page: a newsroom without articles has this, because an empty one is not valid."""
    return b"".join([_HEADS["urlset"], f"<url><loc>{_text(address)}</loc></url>\n".encode(), _TAIL])


def sitemap_index(files: Iterable[tuple[str, datetime]]) -> bytes:
    """Returns the index of files, by address and time of their last change."""
    lines = [f"<sitemap><loc>{_text(loc)}</loc><lastmod>{_time(at)}</lastmod></sitemap>\n" for loc, at in files]
    return "".join([_XML, f'<sitemapindex xmlns="{_SCHEMA}">\n', *lines, "</sitemapindex>\n"]).encode()


def news_language(*tags: str | None) -> str:
    """Returns the first of these language tags (BCP 47) that Google can read, in its form; ``und`` if none is.

    That is two or three letters (ISO 639), or zh-cn and zh-tw for simplified and traditional Chinese. The script
    decides, and without one the region.
    """
    for tag in tags:
        first, *others = (tag or "").lower().replace("_", "-").split("-")
        if first in _CHINESE:
            script = next((part for part in others if part in ("hans", "hant")), None)
            traditional = script == "hant" or (script is None and not {"tw", "hk", "mo"}.isdisjoint(others))
            return "zh-tw" if traditional else "zh-cn"
        if _LETTERS.fullmatch(first):
            return first
    return "und"


def _text(text: str) -> str:
    return escape(one_line(text), {'"': "&quot;", "'": "&apos;"})


def _time(moment: datetime) -> str:
    return rfc3339(moment.replace(microsecond=0))
