"""Renders RSS 2.0 (RSS Advisory Board, and its Best Practices Profile) with feedgen."""

import re
from collections.abc import Sequence
from html import escape

from syndication.model.fragments import ENDS
from syndication.model.values import Feed
from syndication.render.clean_entry import CleanEntry
from syndication.render.feedgen_common import add_entry, generator
from syndication.render.feedgen_extensions import has_itunes, is_episode, ttl_minutes

ENTRY = (b"<item>", b"</item>")
"""The delimiters of an item in the bytes: escaped text cannot contain them."""

END = ENDS["rss"]


_TITLE = re.compile(b"<title>[^<]*</title>")

_REFERENCES = {b"&amp;": b"&#x26;", b"&lt;": b"&#x3C;", b"&gt;": b"&#x3E;"}
_NAMED = re.compile(b"|".join(_REFERENCES))


ITUNES, _EPISODE = b"<itunes:", b"<itunes:explicit>"


def rss(feed: Feed, entries: Sequence[CleanEntry], items: Sequence[bytes] = ()) -> bytes:
    """Returns the document with these entries; ``items`` are already rendered ones that its head is for.

    Those without ``ITUNES`` make no difference.
    """
    head = generator(feed, "rss", "application/rss+xml")
    # Escaped text contains neither of the two.
    head.news.itunes = any(map(has_itunes, entries)) or any(ITUNES in item for item in items)
    head.news.podcast = any(map(is_episode, entries)) or any(_EPISODE in item for item in items)
    head.ttl(ttl_minutes(feed))
    for cleaned in entries:
        entry = add_entry(head, cleaned, cleaned.id)
        entry.news.explicit = feed.section.podcast.explicit
        entry.link(href=cleaned.url)
        # A description is parsed as HTML, so text is escaped once more.
        summary = escape(cleaned.summary, quote=False)
        if cleaned.html:
            # feedgen writes content:encoded only beside a description; otherwise it puts the body in its place.
            entry.content(cleaned.html)
            entry.description(summary or escape(cleaned.title, quote=False))
        elif summary:
            entry.description(summary)
        for file in cleaned.enclosures[:1]:
            # RSS requires a length: 0 if it is unknown (RSS Best Practices Profile).
            entry.enclosure(file.url, file.length or 0, file.media_type)
    document: bytes = _TITLE.sub(_hexadecimal, head.rss_str())
    return document


def _hexadecimal(title: re.Match[bytes]) -> bytes:
    """Escapes a title, which is plain text, with the references that readers expecting HTML misread least.

    RSS Best Practices Profile, "Character Data".
    """
    return title[0][:7] + _NAMED.sub(lambda name: _REFERENCES[name[0]], title[0][7:-8]) + title[0][-8:]
