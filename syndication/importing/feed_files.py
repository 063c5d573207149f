"""Reads RSS, Atom and JSON Feed files: a newsroom's old feeds, with the IDs that feed readers know.

Each part of an article comes from the element that says it, by namespace and name, whatever stands beside it.
"""

import re

from syndication.errors import ArticleError
from syndication.importing import atom, rss
from syndication.importing.fields import Items
from syndication.importing.json_feed import json_feed_items
from syndication.importing.namespaces import split
from syndication.importing.xml_tree import parse_xml

__all__ = ["json_feed_items", "xml_items"]

_PAGE = re.compile(rb"(?:<!--.*?-->|\s)*(?:<!doctype\s+html|<html)[\s>]", re.IGNORECASE | re.DOTALL)


def xml_items(content: bytes) -> Items:
    """Yields the entries of an RSS or Atom file."""
    if _PAGE.match(content[:4096]):
        raise ArticleError("a web page, not a feed: save the feed itself")
    root = parse_xml(content)
    _, local = split(str(root.tag))
    match local.rpartition(":")[2].lower():
        case "feed" | "entry":
            yield from atom.entries(root)
        case "rss" | "rdf" | "channel":
            yield from rss.items(root)
        case _:
            raise ArticleError("neither RSS nor Atom")
