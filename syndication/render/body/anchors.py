"""Ids that a link of the same text leads to, as in footnotes: they stay, with the entry's own prefix.

Two entries that a reader shows on one page then have no id in common, nor does one have an id of that page.
"""

from hashlib import sha256
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from syndication.render.body.elements import names

NOTE_CLASSES = names(
    "footnote footnote-ref footnotes reversefootnote footnote-backref footnoteBackLink footnote-return"
)
"""Classes by which readers find footnotes: NetNewsWire shows the note of a link of the class ``footnote``."""

NOTE_ROLES = names("doc-noteref doc-backlink doc-endnotes doc-endnote doc-footnote")
"""Roles of notes and their marks (DPUB-ARIA 1.1)."""


def prefix_of(identity: str) -> str:
    """Returns the prefix of an entry's ids: short, and always the same."""
    return f"e{sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}-"


def anchors_of(body: LexborNode, page: str) -> frozenset[str]:
    """Returns the ids to which a link of the text leads, and those that table cells name as their headers."""
    named: set[str] = set()
    for link in body.css('a[href*="#"]'):
        before, _, fragment = (link.attributes["href"] or "").strip().partition("#")
        if fragment and before in ("", page):
            named.update((fragment, unquote(fragment)))
    for cell in body.css("[headers]"):
        named.update((cell.attributes["headers"] or "").split())
    if not named:
        return frozenset()
    there = {node.attributes.get("id") or node.attributes.get("name") for node in body.css("[id],a[name]")}
    return frozenset(name for name in named if name in there and not any(map(str.isspace, name)))
