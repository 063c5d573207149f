"""Renders Atom 1.0 (RFC 4287) with feedgen."""

from collections.abc import Sequence

from syndication.model.values import Feed
from syndication.render.clean_entry import CleanEntry
from syndication.render.feedgen_common import add_entry, generator
from syndication.render.feedgen_extensions import links
from syndication.render.text import visible_line

ENTRY = (b"<entry", b"</entry>")
"""The delimiters of an entry in the bytes: escaped text cannot contain them."""

END = b"</feed>"


def atom(feed: Feed, entries: Sequence[CleanEntry]) -> bytes:
    """Returns the document with these entries."""
    head = generator(feed, "atom", "application/atom+xml")
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


def _person(name: str, email: str | None, uri: str | None) -> dict[str, str]:
    return {key: value for key, value in (("name", name), ("email", email), ("uri", uri)) if value}
