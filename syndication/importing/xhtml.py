"""Writes XHTML that is part of a feed as HTML."""

from html import escape

from lxml import etree

from syndication.importing.html_addresses import join, resolve_attribute
from syndication.importing.namespaces import PREFIXES, RSS, XML, split

_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
}  # fmt: skip

# Elements in the feed's own namespace are HTML that somebody forgot to escape.
_MARKUP = RSS | {uri for uri, prefix in PREFIXES.items() if prefix in ("xhtml", "svg", "math", "atom")}

_ATTRIBUTES = {f"{XML}lang": "lang", "{http://www.w3.org/1999/xlink}href": "xlink:href"}


def inner_html(element: etree._Element, base: str = "") -> str:
    """Returns what is within ``element`` as HTML, with addresses resolved against ``base`` and each ``xml:base``."""
    pieces: list[str] = []
    _write_content(element, base, pieces)
    return "".join(pieces).strip()


def _write_content(element: etree._Element, base: str, pieces: list[str]) -> None:
    pieces.append(escape(element.text or "", quote=False))
    for child in element:
        if isinstance(child.tag, str):
            _write(child, base, pieces)
        pieces.append(escape(child.tail or "", quote=False))


def _write(element: etree._Element, base: str, pieces: list[str]) -> None:
    # ``xml_limits`` bounds the depth of elements, and so of this recursion.
    base = join(base, element.get(f"{XML}base", "")) if element.get(f"{XML}base") else base
    uri, local = split(element.tag)
    # An element of an unknown vocabulary is none of HTML's; its text stays.
    tag = local if uri in _MARKUP and ":" not in local else "span"
    pieces.append(f"<{tag}{''.join(_attributes(element, base))}>")
    if tag.lower() in _VOID and not len(element) and not (element.text or "").strip():
        return
    _write_content(element, base, pieces)
    pieces.append(f"</{tag}>")


def _attributes(element: etree._Element, base: str) -> list[str]:
    found = {}
    for key, value in map(_strings, element.items()):
        attribute = _ATTRIBUTES.get(key, key)
        if "{" not in attribute:
            found[attribute] = (resolve_attribute(attribute.lower(), value, base) if base else None) or value
    return [f' {key}="{escape(value)}"' for key, value in found.items()]


def _strings(item: tuple[object, object]) -> tuple[str, str]:
    return str(item[0]), str(item[1])
