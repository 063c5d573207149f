"""Reads categories, each as it was written: a comma within one is part of it."""

from collections.abc import Iterable

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


def keywords(text: str) -> list[Category]:
    """Returns the words of ``itunes:keywords``, which are separated by commas."""
    return [(word, "") for word in text.split(",")]


def distinct(categories: Iterable[Category]) -> list[Category]:
    """Returns each category once, on one line, without empty ones."""
    return list({line: (line, scheme) for text, scheme in categories if (line := one_line(text))}.values())
