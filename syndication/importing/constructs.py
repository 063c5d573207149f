"""Reads Atom's text constructs and content (RFC 4287 sections 3.1 and 4.1.3), and those of Atom 0.3."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from html import escape

from syndication.importing.fields import text_to_html
from syndication.importing.html_addresses import resolve_html
from syndication.importing.node import Node, resolve
from syndication.importing.xhtml import inner_html
from syndication.render.summary import plain
from syndication.render.text import one_line

_HTML = ("html", "text/html")
_XHTML = ("xhtml", "application/xhtml+xml")


def html(node: Node, *bases: str) -> str:
    """Returns a construct as HTML, its addresses resolved against its ``xml:base`` if it has one.

    ``bases`` are those of the feed, in case ``xml:base`` is relative.
    """
    kind = _kind(node)
    if len(node.element):  # XHTML, any other XML, and elements that are wrongly in text or HTML.
        inner = _wrapped(node)
        return inner_html(inner.element, resolve(inner.base, *bases) if inner.base else "")
    base = resolve(node.base, *bases) if node.base else ""
    text = _text(node)
    if kind in _HTML or kind in _XHTML:
        return resolve_html(text, base)
    if kind in ("", "text") or kind.startswith("text/"):
        return text_to_html(text)
    if kind.startswith("image/"):
        return f'<img src="data:{escape(kind)};base64,{escape("".join(text.split()))}" alt="">'
    decoded = _decoded(text)
    return text_to_html(text) if decoded is None else resolve_html(decoded, base)


def richest(nodes: Sequence[Node]) -> Node | None:
    """Returns the first alternative that is more than plain text, otherwise the first; None if there are none.

    Atom 0.3 allows several contents, also within one of ``multipart/alternative``.
    """
    found = [
        inner for node in nodes for inner in (node.all("content") if _kind(node).startswith("multipart/") else [node])
    ]
    return next((node for node in found if not is_text(node)), found[0] if found else None)


def line(node: Node) -> str:
    """Returns a construct as plain text on one line, as a title is."""
    kind = _kind(node)
    if len(node.element):
        return plain(inner_html(node.element))
    text = _text(node)
    decoded = None if kind in ("", "text") or "text/" in kind or kind in _XHTML else _decoded(text)
    return plain(decoded or text) if decoded or kind in _HTML or kind in _XHTML else one_line(text)


def summary(node: Node, *bases: str) -> str:
    """Returns a construct as the HTML of a summary: without paragraphs if it is plain text."""
    return escape(_text(node), quote=False) if is_text(node) else html(node, *bases)


def is_text(node: Node) -> bool:
    """Returns whether a construct is plain text, which is the default (RFC 4287 section 3.1.1.1)."""
    return _kind(node) in ("", "text", "text/plain") and not len(node.element)


def _kind(node: Node) -> str:
    return node.attribute("type").lower().partition(";")[0].strip()


def _wrapped(node: Node) -> Node:
    """Returns the ``div`` around XHTML, which is not part of the content (RFC 4287 section 3.1.1.3), else the node."""
    div = node.first("xhtml:div", "div")
    if div is None or len(node.element) > 1 or ((node.element.text or "") + (div.element.tail or "")).strip():
        return node
    return div


def _text(node: Node) -> str:
    text = node.value
    return (_decoded(text) or "") if node.attribute("mode").lower() == "base64" else text  # The mode is of Atom 0.3.


def _decoded(text: str) -> str | None:
    """Returns the text that is encoded in Base64, as content of an unknown type is; None if it is not Base64.

    Anything else in Base64, such as a PDF, has no text.
    """
    try:
        return b64decode("".join(text.split()), validate=True).decode()
    except UnicodeDecodeError:
        return ""
    except (binascii.Error, ValueError):
        return None
