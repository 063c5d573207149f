"""Which rendition of a picture, a sound or a film is shown."""

import math
from collections.abc import Sequence
from typing import Any

from syndication.importing.ninjs.item import Item, Part
from syndication.importing.ninjs.shapes import Rendition
from syndication.model.addresses import web_address
from syndication.model.json_types import MAX_DIMENSION, MAX_NUMBER
from syndication.render.summary import plain

WIDEST = 2048
"""Pixels: as wide as feed readers and directories show a picture. A photographer's original has 6,000, and 10 MB."""

_PICTURES = ("picture", "graphic")


def lead_picture(item: Item) -> dict[str, Any] | None:
    """Returns the image of a story: its ``featuremedia`` (Superdesk), or else its first picture or graphic."""
    found = [one for one in item.associations if one.type in _PICTURES]
    featured = [one for one in found if "featuremedia" in (one.name.lower(), one.rel.lower())]
    for one in featured or found:
        if (rendition := widest(one.renditions)) is not None:
            credit = one.byline or next((writer.name for writer in one.writers), None) or next(iter(one.sources), None)
            # Superdesk sends the alternative text of a picture as its body.
            alt = [part for part in (*one.bodies, one.headline) if part is not None]
            return {
                "url": rendition.href,
                "caption": _as_text(one.descriptions),
                "credit": credit or one.copyright_holder,
                "alt": _as_text(alt),
                "width": number(rendition.width, MAX_DIMENSION),
                "height": number(rendition.height, MAX_DIMENSION),
            }
    return None


def widest(renditions: Sequence[Rendition]) -> Rendition | None:
    """Returns the widest picture of at most ``WIDEST`` pixels; if all are wider the smallest; None if there is none."""
    kinds = ((one, _media_type(one)) for one in renditions if _is_usable(one))
    found = [one for one, kind in kinds if not kind or kind.startswith("image/")]
    sized = [(number(one.width, MAX_DIMENSION) or 0, one) for one in found]
    fitting = [(width, one) for width, one in sized if width <= WIDEST]
    if fitting:
        return max(fitting, key=lambda pair: pair[0])[1]
    return min(sized, key=lambda pair: pair[0], default=(0, None))[1]


def files(item: Item) -> list[dict[str, Any]]:
    """Returns the enclosures of a story: one for each sound or film that belongs to it, and its attachments."""
    found = []
    for one in item.associations:
        if one.type in ("audio", "video"):
            playable = [some for some in one.renditions if _media_type(some).startswith(f"{one.type}/")]
            rendition = next((some for some in playable if _is_usable(some)), None)
            if rendition is not None:
                title = one.headline.value if one.headline else one.title
                found.append(_file(rendition, title))
    return found + [_file(one, one.title) for one in item.attachments if _is_usable(one) and _media_type(one)]


def _file(rendition: Rendition, title: str | None) -> dict[str, Any]:
    sizes = (number(size, MAX_NUMBER) for size in (rendition.sizeinbytes, rendition.size, rendition.length))
    return {
        "url": rendition.href,
        "media_type": _media_type(rendition),
        "length": next((size for size in sizes if size), None),
        "title": title,
        "duration": number(rendition.duration, MAX_DIMENSION),
    }


def _as_text(parts: Sequence[Part]) -> str | None:
    """Returns the first text that is plain, or else the text of the first in HTML."""
    texts = [part.value for part in parts if part.text] + [plain(part.value) for part in parts if part.html]
    return next((text.strip() for text in texts if text.strip()), None)


def _media_type(rendition: Rendition) -> str:
    return (rendition.contenttype or rendition.mimetype or "").strip().lower()


def _is_usable(rendition: Rendition) -> bool:
    """Returns whether readers can fetch the file: Superdesk also sends addresses that only its own pages know."""
    return rendition.href is not None and web_address(rendition.href) is not None


def number(value: Any, largest: int) -> int | None:
    """Returns a size or a duration as a whole number; None for a value that is none, as some programs write ""."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = math.floor(float(value))
    except (ValueError, OverflowError):
        return None
    return found if 0 < found <= largest else None
