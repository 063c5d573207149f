"""Feeds as a reader parses them: IDs, titles, texts and times, the same for every format."""

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import brotli
import zstandard

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"

DECODE: Mapping[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One story in a feed; RSS has no ``updated``."""

    id: str
    title: str
    html: str
    published: datetime
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class Document:
    """A feed: ``updated`` is None in JSON Feed, which has no such field; ``malformed`` is the parse error."""

    path: str
    digest: str
    entries: tuple[Entry, ...] = ()
    updated: datetime | None = None
    malformed: str = ""

    @property
    def section(self) -> str:
        """The slug of the section."""
        return self.path.removeprefix("/feeds/").partition(".")[0]

    @property
    def format(self) -> str:
        """atom, json or rss."""
        return self.path.rpartition(".")[2]


def read(path: str, coding: str, sent: bytes) -> Document:
    """Returns the document that was sent for ``path`` in a content encoding."""
    try:
        body = DECODE[coding](sent)
    except (OSError, EOFError, brotli.error, zstandard.ZstdError) as error:
        return Document(path, "", malformed=f"not {coding} ({type(error).__name__})")
    digest = hashlib.sha256(body).hexdigest()
    try:
        updated, entries = _READ[path.rpartition(".")[2]](body)
        return Document(path, digest, entries, updated)
    except (ElementTree.ParseError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Document(path, digest, malformed=f"{type(error).__name__}: {error}")


def _atom(body: bytes) -> tuple[datetime, tuple[Entry, ...]]:
    feed = ElementTree.fromstring(body)
    entries = (
        Entry(
            id=_text(entry, f"{ATOM}id"),
            title=_text(entry, f"{ATOM}title"),
            html=_text(entry, f"{ATOM}content"),
            published=datetime.fromisoformat(_text(entry, f"{ATOM}published")),
            updated=datetime.fromisoformat(_text(entry, f"{ATOM}updated")),
        )
        for entry in feed.iter(f"{ATOM}entry")
    )
    return datetime.fromisoformat(_text(feed, f"{ATOM}updated")), tuple(entries)


def _rss(body: bytes) -> tuple[datetime, tuple[Entry, ...]]:
    channel = ElementTree.fromstring(body).find("channel")
    if channel is None:
        raise ValueError("it has no channel")
    entries = (
        Entry(
            id=_text(item, "guid"),
            title=_text(item, "title"),
            html=_text(item, CONTENT),
            published=parsedate_to_datetime(_text(item, "pubDate")),
            updated=None,
        )
        for item in channel.iter("item")
    )
    return parsedate_to_datetime(_text(channel, "lastBuildDate")), tuple(entries)


def _json(body: bytes) -> tuple[None, tuple[Entry, ...]]:
    entries = (
        Entry(
            id=item["id"],
            title=item["title"],
            html=item["content_html"],
            published=datetime.fromisoformat(item["date_published"]),
            updated=datetime.fromisoformat(item["date_modified"]),
        )
        for item in json.loads(body)["items"]
    )
    return None, tuple(entries)


_READ: Mapping[str, Callable[[bytes], tuple[datetime | None, tuple[Entry, ...]]]] = {
    "atom": _atom,
    "rss": _rss,
    "json": _json,
}


def _text(element: ElementTree.Element, name: str) -> str:
    found = element.findtext(name)
    if not found:
        raise ValueError(f"{element.tag} has no {name}")
    return found
