"""Drawings in the text (SVG 2): their title, description and letters, or a picture if they have no words.

A sanitizer that keeps SVG inside of HTML has two languages to follow, and many readers remove it. A picture in an
``img`` runs nothing and loads nothing (SVG Integration, section 3.1).
"""

from base64 import b64encode
from dataclasses import dataclass, field
from html import escape

from selectolax.lexbor import LexborNode

from syndication.render.body.addresses import LARGEST_DATA, embedded
from syndication.render.body.elements import names
from syndication.render.body.embeds import Embed
from syndication.render.body.tree import attribute, text_of

_NOT_DRAWN = names(
    "clippath defs filter lineargradient marker mask metadata pattern radialgradient script style symbol"
)
_DRAWN = names("circle ellipse line path polygon polyline rect use")
_ELEMENTS = _DRAWN | names("clippath defs g lineargradient mask pattern radialgradient stop svg symbol")
_CAMEL = {"clippath": "clipPath", "lineargradient": "linearGradient", "radialgradient": "radialGradient"}
_ATTRIBUTES = names(
    """clip-path clip-rule cx cy d dx dy fill fill-opacity fill-rule fx fy gradienttransform gradientunits height
    href id mask offset opacity patternunits points preserveaspectratio r rx ry stop-color stop-opacity stroke
    stroke-dasharray
    stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width transform viewbox width x x1 x2
    xlink:href y y1 y2"""
)


@dataclass(slots=True)
class Drawing:
    """What stays of a drawing. ``data`` is itself as a picture, "" unless it has no words, parts, links or pictures."""

    words: list[str] = field(default_factory=list)
    parts: list[LexborNode] = field(default_factory=list)
    links: list[Embed] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    drawn: bool = False
    data: str = ""
    width: str = ""
    height: str = ""

    @property
    def text(self) -> str:
        """The words, each text once."""
        return " ".join(dict.fromkeys(word for word in self.words if word))


def drawing_of(svg: LexborNode, base: str) -> Drawing | None:
    """Returns what stays of a drawing; None if it shows nothing."""
    found = Drawing([" ".join(attribute(svg, "aria-label").split())])
    _read(svg, base, found)
    if found.text or found.parts or found.links or found.pictures:
        return found
    if not found.drawn:
        return None
    found.data = _data(svg)
    found.width, found.height = _size(svg)
    return found


def _read(svg: LexborNode, base: str, found: Drawing) -> None:
    """Adds what is in a drawing, in its order."""
    ids = {part.attributes["id"] for part in svg.css("[id]")}
    node: LexborNode | None = svg.first_child
    while node is not None:
        tag = (node.tag or "").lower()
        inside = node.first_child
        if tag == "-text":
            found.words.append(" ".join((node.text_content or "").split()))
        elif tag in _NOT_DRAWN or _is_hidden(node):
            inside = None
        elif tag == "foreignobject":
            found.parts.append(node)
            inside = None
        elif tag in ("a", "image") and (address := embedded(base, attribute(node, "href", "xlink:href"))):
            if tag == "image":
                found.pictures.append(address)
            elif said := text_of(node):
                found.links.append(Embed(address, said))
                inside = None
        found.drawn = found.drawn or (tag in _DRAWN and (tag != "use" or _used(node) in ids))
        node = inside or _after(node, svg)


def _after(node: LexborNode, top: LexborNode) -> LexborNode | None:
    """Returns the next node of the drawing that is not inside of ``node``."""
    at: LexborNode | None = node
    while at is not None and at.mem_id != top.mem_id:
        if at.next is not None:
            return at.next
        at = at.parent
    return None


def _used(use: LexborNode) -> str:
    """Returns the id of what a ``use`` draws. Icons are often in a sheet elsewhere on the page."""
    return attribute(use, "href", "xlink:href").removeprefix("#")


def _is_hidden(node: LexborNode) -> bool:
    values = node.attributes
    return values.get("display") == "none" or values.get("visibility") in ("hidden", "collapse")


def _size(svg: LexborNode) -> tuple[str, str]:
    """Returns the size in pixels, which a picture without one would fill the page with."""
    box = attribute(svg, "viewBox", "viewbox").replace(",", " ").split()
    sides = (attribute(svg, "width"), attribute(svg, "height"))
    width, height = (side.removesuffix("px") for side in sides)
    if len(box) == 4 and not (width.isdecimal() and height.isdecimal()):
        width, height = (side.partition(".")[0] for side in box[2:])
    return (width, height) if width.isdecimal() and height.isdecimal() else ("", "")


def _data(svg: LexborNode) -> str:
    """Returns the drawing as a data: address; "" if it is too large."""
    xml: list[str] = []
    closing: list[tuple[LexborNode, str]] = []
    size, node = 0, svg
    while True:
        tag = (node.tag or "").lower()
        inside = None
        if tag in _ELEMENTS:
            name = _CAMEL.get(tag, tag)
            xml.append(f"<{name}{_attributes(node, top=node is svg)}>")
            size += len(xml[-1])
            closing.append((node, f"</{name}>"))
            inside = node.first_child
        if size > LARGEST_DATA:
            return ""
        if inside is not None:
            node = inside
            continue
        while True:
            if closing and closing[-1][0].mem_id == node.mem_id:
                xml.append(closing.pop()[1])
            if not closing:
                address = "data:image/svg+xml;base64," + b64encode("".join(xml).encode()).decode()
                return address if len(address) <= LARGEST_DATA else ""
            if node.next is not None:
                node = node.next
                break
            node = closing[-1][0]


def _attributes(node: LexborNode, *, top: bool) -> str:
    written = ' xmlns="http://www.w3.org/2000/svg"' if top else ""
    for name, value in node.attributes.items():
        lower = name.lower()
        own = "href" not in lower or (value or "").startswith("#")
        if lower in _ATTRIBUTES and own and value and all(letter >= " " for letter in value):
            written += f' {name.removeprefix("xlink:")}="{escape(value)}"'
    return written
