"""The newest entries of a feed, as its JSON document in memory shows them to readers."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndication.model.feed_addresses import wsgi_path
from syndication.serve.catalogue import Catalogue

MOST = 20
"""How many entries a page shows at most."""

LONGEST_SUMMARY = 300
"""The longest summary on a page, in characters."""

_ITEMS = ',"items":['
"""What stands before the items in our own documents; inside a JSON string its quotes would be escaped."""

_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Headline:
    """An entry on a page; ``url`` is "" if it is no web address, ``published`` has its zone, or is None.

    ``authors`` are their names, separated by commas.
    """

    title: str
    url: str
    summary: str
    published: datetime | None
    language: str
    authors: str


@dataclass(frozen=True, slots=True)
class Newest:
    """What is shown of one version of a feed."""

    version: int
    modified: float | None
    entries: tuple[Headline, ...]


class NewestEntries:
    """The newest entries by feed, read once for each version."""

    def __init__(self, limit: int = 512) -> None:
        self._limit = limit
        self._known: dict[str, tuple[tuple[int, str], Newest]] = {}

    def of(self, catalogue: Catalogue, slug: str) -> Newest | None:
        """Returns what the feed shows, or None if this process has no document of it."""
        known = self._known.get(slug)
        document = catalogue.documents.get(wsgi_path(slug, "json"))
        if document is None:
            # What it showed in this version is known even if the document has made room.
            same = known is not None and known[1].version == catalogue.memory.versions.get(slug)
            return known[1] if known is not None and same else None
        # No document is kept here: it would stay in memory beyond the budget.
        state = document.version, document.source.digest
        if known is not None and known[0] == state:
            return known[1]
        newest = Newest(document.version, document.modified, read_headlines(document.source.identity))
        if len(self._known) >= self._limit:
            self._known.clear()
        self._known[slug] = state, newest
        return newest


def read_headlines(body: bytes, most: int = MOST) -> tuple[Headline, ...]:
    """Returns the first entries of a JSON Feed that this service has rendered.

    It decodes one item at a time and stops after the last that is shown: decoding megabytes at once would keep every
    poll waiting.
    """
    text = body.decode()
    at = text.find(_ITEMS)
    found: list[Headline] = []
    at += len(_ITEMS)
    while len(found) < most and text[at : at + 1] == "{":
        item, end = _DECODER.raw_decode(text, at)
        found.append(_headline(item))
        at = end + 1  # After the comma.
    return tuple(found)


def _headline(item: dict[str, Any]) -> Headline:
    url = item.get("url", "")
    summary = item.get("summary") or item.get("content_text", "")
    return Headline(
        title=item.get("title", ""),
        url=url if url.startswith(("https://", "http://")) else "",
        summary=_clip(summary),
        published=datetime.fromisoformat(item["date_published"]) if "date_published" in item else None,
        language=item.get("language", ""),
        authors=", ".join(name for author in item.get("authors", ()) if (name := author.get("name", ""))),
    )


def _clip(text: str) -> str:
    if len(text) <= LONGEST_SUMMARY:
        return text
    return text[:LONGEST_SUMMARY].rpartition(" ")[0].rstrip(" ,;:–—-") + " …"
