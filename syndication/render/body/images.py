"""Writes pictures, drawings and formulas."""

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from syndication.render.body.addresses import embedded
from syndication.render.body.drawings import drawing_of
from syndication.render.body.elements import KEPT
from syndication.render.body.embeds import Embed
from syndication.render.body.formulas import formula as letters
from syndication.render.body.output import Attributes, Output
from syndication.render.body.pictures import Picture, picture_of, source_of

_NOT_WRITTEN = frozenset(["id", "data-id", "hidden", "class", "role"])


def picture(node: LexborNode, out: Output) -> LexborNode | None:
    """Writes an img with the real address, or its alternative text, which browsers show in the place of a picture."""
    if node.tag == "source":
        _source(node, out)
        return None
    values = node.attributes
    found = picture_of(values, out.page.base)
    if found.src is None and node.parent is not None and node.parent.tag == "picture":
        return None  # Its sources may have an address.
    _image(out, found, values)
    return None


def plain_image(out: Output, address: str, words: str = "", **sides: str) -> None:
    """Writes an img with this address and this alternative text."""
    _image(out, Picture(address, None, None, late=False), {"alt": words, **sides} if words else sides)


def background_image(out: Output, values: Attributes, address: str) -> None:
    """Writes the background picture of an element without content: it is there to be seen."""
    found = embedded(out.page.base, address)
    if found is not None:
        plain_image(out, found, " ".join((values.get("aria-label") or values.get("title") or "").split()))


def picture_end(node: LexborNode, out: Output) -> Callable[[], None]:
    """Returns what ends a ``picture``: if its img has no address, one of its sources has."""
    before = out.images

    def end() -> None:
        if out.images == before:
            _best_source(node, out)
        out.put("</picture>")

    return end


def drawing(node: LexborNode, out: Output) -> LexborNode | None:
    """Writes what stays of an SVG."""
    found = drawing_of(node, out.page.base)
    if found is None:
        return None
    for part in found.parts:
        out.space()
        out.put(out.nested(part))
        out.space()
    for link in found.links:
        out.link(link)
    words = found.text
    for address in found.pictures:
        plain_image(out, address, words)
    if words:
        out.boxed(words)
    elif found.data:
        sides = {"width": found.width, "height": found.height} if found.width else {}
        plain_image(out, found.data, **sides)
    elif not (found.parts or found.links or found.pictures):
        out.link(Embed(out.page.url, "SVG"))
    return None


def formula(node: LexborNode, out: Output) -> LexborNode | None:
    """Writes what stays of MathML: a formula of its own has space around it."""
    if written := letters(node):
        out.shown += 1
        out.put(f" {written} " if node.attributes.get("display") == "block" else written)
    return None


def _image(out: Output, found: Picture, values: Attributes) -> None:
    if found.src is None:
        if alt := " ".join((values.get("alt") or "").split()):
            out.boxed(alt)
        return
    out.shown += 1
    out.images += 1
    out.data = out.data or found.src.startswith("data:")
    addresses = {"src": found.src, "srcset": found.srcset, "sizes": found.sizes}
    kept = {name: value or "" for name, value in values.items() if name in KEPT["img"] and name not in _NOT_WRITTEN}
    # The order is that of the article, as far as it has the attributes.
    written = {name: addresses.get(name, value) for name, value in kept.items()}
    added = {name: value for name, value in addresses.items() if name not in written}
    out.put(f"<img{out.attributes(added | written)}>")


def _source(node: LexborNode, out: Output) -> None:
    values = node.attributes
    found = source_of(values, out.page.base)
    if found.srcset is None or node.parent is None or node.parent.tag != "picture":
        return
    kept = {name: values[name] for name in values if name in ("type", "media")}
    out.put(f"<source{out.attributes({'srcset': found.srcset, 'sizes': found.sizes} | kept)}>")


def _best_source(node: LexborNode, out: Output) -> None:
    """Writes an img with the source that most readers can show, or the alternative text if there is none."""
    image = node.css_first("img")
    alt = (image.attributes.get("alt") or "") if image is not None else ""
    sources = sorted(
        (source.attributes for source in node.css("source")),
        key=lambda values: "jpeg" not in (values.get("type") or "jpeg"),
    )
    address = next((src for values in sources if (src := source_of(values, out.page.base).src)), None)
    _image(out, Picture(address, None, None, late=False), {"alt": alt} if alt else {})
