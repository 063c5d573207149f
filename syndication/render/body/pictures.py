"""The real address of a picture: scripts load many late, and a placeholder is in its place.

A browser without scripts shows the picture that is in ``noscript`` instead.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from syndication.render.body.addresses import embedded, picture, srcset
from syndication.render.body.styles import background
from syndication.render.body.tree import attribute, text_of
from syndication.render.srcset import candidates

LAZY = (
    "data-src", "data-lazy-src", "data-original", "data-lazy", "data-original-src", "data-ll-src", "data-echo",
    "data-real-src", "data-actualsrc", "data-defer-src", "data-img-src", "data-image-src", "data-cfsrc",
    "data-pagespeed-lazy-src", "data-flickity-lazyload", "data-hi-res-src", "data-image",
)  # fmt: skip
LAZY_SETS = (
    "data-srcset", "data-lazy-srcset", "data-original-set", "data-ll-srcset", "data-flickity-lazyload-srcset",
    "data-lazyload-srcset",
)  # fmt: skip

BACKGROUNDS = (
    "data-bg",
    "data-background",
    "data-background-image",
    "data-bg-image",
    "data-lazy-background",
    "data-src",
)
"""Where scripts find the background picture of an element without content."""

WIDEST = 2048
"""Pixels: of the widths of a picture, the largest up to this one is its address for readers that know no srcset."""

BETWEEN = 10
"""Comments, scripts and white space between two pictures: more would be read again for each picture."""

_FILE = re.compile(r"\S+\.(?:jpe?g|png|webp|gif|avif)(?:[?#]\S*)?", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{width\}|%7Bwidth%7D", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?:^|[/_.-])(?:blank|spacer|pixel|placeholder|transparent|loading|loader|lazy|lazyload|1x1|empty|clear)"
    r"(?:[._-][\w.-]*)?\.(?:gif|png|svg|jpe?g|webp)(?:$|[?#])",
    re.IGNORECASE,
)


class Picture(NamedTuple):
    """The addresses of a picture; ``late`` if a script would have put them in the place of others."""

    src: str | None
    srcset: str | None
    sizes: str | None
    late: bool


def picture_of(values: Mapping[str, str | None], base: str) -> Picture:
    """Returns the addresses of an ``img`` or ``amp-img`` with these attributes."""
    late = _first(values, LAZY, base)
    late_set = _first_set(values, LAZY_SETS, base)
    own = values.get("src") or ""
    sizes = values.get("sizes") or values.get("data-sizes")
    found_set = late_set or (None if late else srcset(base, values.get("srcset") or ""))
    src = (
        late
        or (_largest(late_set) if late_set else None)
        or embedded(base, own)
        or (_largest(found_set) if found_set else None)
        or _anywhere(values, base)
        or picture(base, own)
    )
    return Picture(src, found_set, sizes if found_set and sizes and sizes != "auto" else None, bool(late or late_set))


def source_of(values: Mapping[str, str | None], base: str) -> Picture:
    """Returns the addresses of a ``source`` of a picture."""
    found = _first_set(values, (*LAZY_SETS, "srcset"), base) or srcset(base, values.get("data-src") or "")
    return Picture(_largest(found) if found else None, found, values.get("sizes"), late=False)


def late_background(values: Mapping[str, str | None]) -> str:
    """Returns the address of the background picture that a script would load; "" if there is none."""
    for name in BACKGROUNDS:
        address = (values.get(name) or "").strip()
        address = background(f"background:{address}") or address
        if _FILE.fullmatch(address):
            return address
    return ""


def is_placeholder(values: Mapping[str, str | None]) -> bool:
    """Whether the picture only holds the place of another."""
    own = (values.get("src") or "").strip()
    return not own or own[:5].lower() in ("data:", "about") or _PLACEHOLDER.search(own) is not None


def settle_placeholders(body: LexborNode) -> None:
    """Removes a blurred copy in a data: address that a script would cover with the picture beside it."""
    for image in body.css('img[src^="data:" i]'):
        values = image.attributes
        behind = values.get("aria-hidden") == "true" or "absolute" in (values.get("style") or "")
        if behind and not attribute(image, "alt", *LAZY, *LAZY_SETS) and _beside(image) is not None:
            image.decompose()


def settle_noscripts(body: LexborNode, base: str) -> None:
    """Keeps one of the two where ``noscript`` has the picture for which a placeholder stands beside it."""
    inner: set[int] = set()
    for block in body.css("noscript"):
        if block.mem_id in inner:
            continue
        inner.update(one.mem_id for one in block.css("noscript"))
        for image in block.css("img"):
            if all(attribute(image, side) in ("0", "1") for side in ("width", "height")):
                image.decompose()  # It counts visits.
        images = block.css("img,amp-img")
        if block.parent is not None and (block.parent.tag or "").startswith("amp-"):
            if attribute(block.parent, "src", "srcset", "data-videoid"):
                block.decompose()
        elif images and (other := _beside(block)) is not None:
            _settle(images[0], other, base)


def _settle(image: LexborNode, other: LexborNode, base: str) -> None:
    real, shown = picture_of(image.attributes, base), picture_of(other.attributes, base)
    if real.src is None:
        return
    if shown.src == real.src or (shown.late and shown.src):
        if not attribute(other, "alt") and (alt := attribute(image, "alt")):
            other.attrs["alt"] = alt
        # Without its image, a picture would show one of its sources.
        (image.parent if image.parent is not None and image.parent.tag == "picture" else image).decompose()
    elif is_placeholder(other.attributes) or "lazy" in attribute(other, "class", "loading").lower():
        other.decompose()


def _beside(beside: LexborNode) -> LexborNode | None:
    """Returns the picture before or after a node, which may be alone in an element of its own."""
    for step in ("prev", "next"):
        node = getattr(beside, step)
        for _ in range(BETWEEN):
            if node is None or not (node.tag in ("-comment", "script") or node.is_empty_text_node):
                break
            node = getattr(node, step)
        if node is None or not node.is_element_node or node.tag == "noscript":
            continue
        if node.tag in ("img", "amp-img"):
            return node  # type: ignore[no-any-return]
        found = node.css("img,amp-img")
        if len(found) == 1 and not text_of(node) and found[0].parent.tag != "noscript":
            return found[0]  # type: ignore[no-any-return]
    return None


def _first(values: Mapping[str, str | None], names: tuple[str, ...], base: str) -> str | None:
    for name in names:
        value = values.get(name) or ""
        # "true" and "lazy" say that there is something to load, not what.
        if ("/" in value or "." in value) and (found := embedded(base, _TEMPLATE.sub("1080", value))):
            return found
    return None


def _first_set(values: Mapping[str, str | None], names: tuple[str, ...], base: str) -> str | None:
    return next((found for name in names if (value := values.get(name)) and (found := srcset(base, value))), None)


def _largest(value: str) -> str | None:
    """Returns the largest picture of a srcset that is not wider than ``WIDEST``, otherwise the smallest."""
    sized = [(float(size[:-1] or 0) if size and _is_number(size[:-1]) else 1.0, url) for url, size in candidates(value)]
    fitting = [pair for pair in sized if pair[0] <= WIDEST]
    if fitting:
        return max(fitting, key=lambda pair: pair[0])[1]
    return min(sized)[1] if sized else None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?", text) is not None


def _anywhere(values: Mapping[str, str | None], base: str) -> str | None:
    """Returns the address of a picture in any other attribute of a script: there are too many to name them."""
    for name, value in values.items():
        if name.startswith("data-") and value and _FILE.fullmatch(value.strip()) and (found := embedded(base, value)):
            return found
    return None
