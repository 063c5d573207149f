"""Reads RSS, Atom and JSON Feed files: a newsroom's old feeds, with the IDs that feed readers know.

Each part of an article comes from the element that says it, by namespace and name, whatever stands beside it.
"""

from lxml import etree

from syndication.errors import ArticleError
from syndication.importing import atom, rss
from syndication.importing.feed_head import NO_HEAD, FeedHead, head_of
from syndication.importing.fields import Items
from syndication.importing.file_kind import FeedKind, is_web_page
from syndication.importing.json_feed import json_feed_items
from syndication.importing.namespaces import split
from syndication.importing.xml_tree import parse_xml

__all__ = ["json_feed_items", "read_feed", "xml_items"]


def read_feed(kind: FeedKind, content: bytes) -> tuple[FeedHead, Items]:
    """Returns what a feed says of itself, and its entries."""
    if kind == "json":
        return NO_HEAD, json_feed_items(content)
    root = _root(content)
    return head_of(root), _entries(root)


def xml_items(content: bytes) -> Items:
    """Yields the entries of an RSS or Atom file."""
    yield from _entries(_root(content))


def _root(content: bytes) -> etree._Element:
    if is_web_page(content):
        raise ArticleError("a web page, not a feed: save the feed itself")
    return parse_xml(content)


def _entries(root: etree._Element) -> Items:
    _, local = split(str(root.tag))
    match local.rpartition(":")[2].lower():
        case "feed" | "entry":
            yield from atom.entries(root)
        case "rss" | "rdf" | "channel":
            yield from rss.items(root)
        case _:
            raise ArticleError("neither RSS nor Atom")
