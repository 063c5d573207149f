"""Parses a body as browsers do (HTML standard, section 13.2, scripting disabled), with selectolax's Lexbor."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode, SelectolaxError

# A document with a doctype (without one, a table would not end a paragraph) whose body has begun: a head that was
# pasted in is ignored, and its title and styles are in the body, where browsers do not show them.
_BEFORE = "<!DOCTYPE html><body>"

_SURROGATE = re.compile("[\ud800-\udfff]")

_NULL = re.compile(r"&#(?:0+|[xX]0+)(?![0-9a-fA-F]);?")


def parse_body(html: str) -> LexborNode:
    """Returns the body element of ``html``; its children are the body's nodes."""
    if not html.isascii():
        html = _SURROGATE.sub("", html)
    if "&#" in html:
        html = _NULL.sub("", html)
    try:
        body = LexborHTMLParser(_BEFORE + html, options=LexborDocumentOptions.WO_EVENTS).body
    except SelectolaxError as error:  # Whatever the text, only memory can be missing.
        raise MemoryError from error
    if body is None:  # pragma: no cover  # the body has begun, and nothing replaces it
        raise ValueError("the parser made no body")
    return body


def descendants(node: LexborNode) -> Iterator[LexborNode]:
    """Yields every node inside of ``node`` in document order; it may not be removed from the tree meanwhile."""
    depth = 0
    at = node.first_child
    while at is not None:
        yield at
        below = at.first_child
        if below is not None:
            at, depth = below, depth + 1
            continue
        beside = at.next
        while beside is None and depth:
            above = at.parent
            if above is None:
                return
            at, depth = above, depth - 1
            beside = at.next
        at = beside


def attribute(node: LexborNode, *names: str) -> str:
    """Returns the first of these attributes that is not empty, without white space around it; otherwise ""."""
    values = node.attributes
    return next((found for name in names if (found := (values.get(name) or "").strip())), "")


def text_of(node: LexborNode) -> str:
    """Returns all text in ``node`` on one line."""
    return " ".join(node.text(deep=True).split())
