"""Renders Atom 1.0 (RFC 4287) with feedgen."""

from collections.abc import Collection, Sequence

from syndication.model.formats import rfc3339
from syndication.model.fragments import ENDS
from syndication.model.values import DeletedEntry, Feed
from syndication.render.clean_entry import CleanEntry, atom_id
from syndication.render.feedgen_common import add_entry, generator
from syndication.render.feedgen_extensions import links
from syndication.render.text import visible_line

ENTRY = (b"<entry", b"</entry>")
"""The delimiters of an entry in the bytes: escaped text cannot contain them."""

END = ENDS["atom"]

MOST_DELETED = 50
"""The most tombstones of a document: an outage of its readers is shorter, and a document stays small."""


def atom(feed: Feed, entries: Sequence[CleanEntry]) -> bytes:
    """Returns the document with these entries, and with tombstones (RFC 6721) of those that were deleted."""
    head = generator(feed, "atom", "application/atom+xml")
    head.news.deleted = [
        (atom_id(one.entry_id, feed.site), rfc3339(one.at or feed.updated))
        for one in deleted_entries(feed, [cleaned.atom_id for cleaned in entries])
    ]
    # RFC 4287 section 4.1.1: an entry without an author inherits the feed's.
    author = {"name": visible_line(feed.site.title) or feed.section.slug}
    if feed.site.email:
        author["email"] = feed.site.email
    head.author(author)
    for cleaned in entries:
        entry = add_entry(head, cleaned, cleaned.atom_id)
        entry.link(links(cleaned))
        if cleaned.authors:
            entry.author([_person(a.name, a.email, a.uri) for a in cleaned.authors])
        if cleaned.summary:
            entry.summary(cleaned.summary)
        if cleaned.html:
            entry.content(cleaned.html, type="html")
    document: bytes = head.atom_str()
    return document


def deleted_entries(feed: Feed, shown: Collection[str]) -> tuple[DeletedEntry, ...]:
    """Returns those deleted entries that a document with the atom:ids ``shown`` has tombstones of, each id once."""
    found: dict[str, DeletedEntry] = {}
    for one in feed.deleted:
        found.setdefault(atom_id(one.entry_id, feed.site), one)
    return tuple(one for id, one in found.items() if id not in shown)[:MOST_DELETED]


def _person(name: str, email: str | None, uri: str | None) -> dict[str, str]:
    return {key: value for key, value in (("name", name), ("email", email), ("uri", uri)) if value}
