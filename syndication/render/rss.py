"""RSS 2.0 (RSS Advisory Board, and its Best Practices Profile) by feedgen."""

from collections.abc import Sequence
from html import escape

from syndication.feeds import Feed
from syndication.render.cleaned import Cleaned
from syndication.render.extensions import ttl_minutes
from syndication.render.feedgenerator import add_entry, generator

ENTRY = (b"<item>", b"</item>")
"""Where an item begins and ends in the bytes: escaped text cannot hold these."""

END = b"</channel></rss>"


def rss(feed: Feed, entries: Sequence[Cleaned]) -> bytes:
    """The document with these entries."""
    head = generator(feed, "rss", "application/rss+xml")
    head.ttl(ttl_minutes(feed))
    for cleaned in entries:
        entry = add_entry(head, cleaned)
        entry.link(href=cleaned.url)
        # A description is read as HTML: a text is escaped in it once more.
        summary = escape(cleaned.summary, quote=False)
        if cleaned.html:
            # content:encoded appears only beside a description, else feedgen puts the body in its place.
            entry.content(cleaned.html)
            entry.description(summary or cleaned.title)
        elif summary:
            entry.description(summary)
        # The one author element needs an e-mail address; every author is a dc:creator besides.
        for author in [a for a in cleaned.authors if a.email][:1]:
            entry.author({"name": author.name, "email": author.email})
        for file in cleaned.enclosures[:1]:
            # RSS requires a length: 0 where it is not known (RSS Best Practices Profile).
            entry.enclosure(file.url, file.length or 0, file.media_type)
    document: bytes = head.rss_str()
    return document
