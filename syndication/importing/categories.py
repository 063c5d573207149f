"""Reads categories, each as it was written: a comma within one is part of it."""

from collections.abc import Callable, Iterable

from syndication.importing.node import Node
from syndication.render.text import one_line

Category = tuple[str, str]
"""What a person reads, and the scheme (in RSS, domain), empty without one."""


def atom_category(node: Node) -> Category:
    """Returns an Atom category: its label, otherwise its term (RFC 4287 section 4.2.2)."""
    return node.attribute("label") or node.attribute("term") or node.value, node.attribute("scheme")


def rss_category(node: Node) -> Category:
    """Returns a category of RSS or Dublin Core."""
    return node.value or node.text("rdf:value") or node.attribute("label"), node.attribute("domain")


def of_podcast(item: Node) -> list[Category]:
    """Returns the categories of a podcast's episode, and its keywords, which are separated by commas."""
    outer = item.all("itunes:category")
    nested = [node for category in outer for node in category.all("itunes:category")]
    found = [node.attribute("text") for node in (*outer, *nested)]
    return [(text, "") for text in (*found, *item.text("itunes:keywords").split(","))]


def distinct(categories: Iterable[Category], plain: Callable[[str], str] = one_line) -> list[Category]:
    """Returns each category once, without empty ones; ``plain`` makes plain text of each."""
    return list({line: (line, scheme) for text, scheme in categories if (line := plain(text))}.values())
