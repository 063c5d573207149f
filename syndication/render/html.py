"""Bodies: sanitized, with every address absolute, and a correction where a reader sees it first."""

import html as entities
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import nh3

from syndication.render.text import HIDDEN, legal

TAGS = nh3.ALLOWED_TAGS | {"audio", "video", "source", "picture", "track", "tfoot"}

_MORE: Mapping[str, set[str]] = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang", "type"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "audio": {"src", "controls"},
    "video": {"src", "poster", "controls", "width", "height"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "track": {"src", "kind", "srclang", "label"},
}
ATTRIBUTES = {tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
for _tag, _names in _MORE.items():
    ATTRIBUTES[_tag] = ATTRIBUTES.get(_tag, set()) | _names

SCHEMES = {"http", "https", "mailto", "tel"}

_ADDRESSES = {"href", "src", "cite", "poster"}

# A candidate is an address and perhaps a width or density; a comma inside an address has no space behind it.
_CANDIDATE = re.compile(r"\s*([^\s,][^\s]*[^\s,]|[^\s,])(\s+[0-9.]+[wxh])?\s*(?:,|$)")

REMEMBERED = 2048
"""Sanitized bodies kept: sanitizing costs more than all else together, and an entry stands in several feeds."""


@lru_cache(REMEMBERED)
def sanitize(html: str, base: str) -> str:
    """``html`` without anything that runs, frames or asks for input; relative addresses resolved against ``base``."""

    def absolute(_element: str, attribute: str, value: str) -> str | None:
        if attribute in _ADDRESSES:
            return _absolute(base, value)
        if attribute == "srcset":
            return _srcset(base, value)
        return value

    return nh3.clean(
        legal(html),
        tags=TAGS,
        clean_content_tags=HIDDEN,
        attributes=ATTRIBUTES,
        attribute_filter=absolute,
        link_rel=None,
        url_schemes=SCHEMES,
    )


def _absolute(base: str, address: str) -> str | None:
    try:
        resolved = urljoin(base, address.strip())
        scheme = urlsplit(resolved).scheme
    except ValueError:  # Such as "http://[": no reader could follow it.
        return None
    return resolved if scheme in SCHEMES else None


def _srcset(base: str, value: str) -> str | None:
    candidates = []
    for address, size in _CANDIDATE.findall(value):
        resolved = _absolute(base, address)
        if resolved:
            candidates.append(resolved + (f" {size.strip()}" if size else ""))
    return ", ".join(candidates) or None


def with_correction(html: str, correction: str | None) -> str:
    """The body with the correction in front of it."""
    if not correction:
        return html
    return f"<p><em>Correction: {entities.escape(correction, quote=False)}</em></p>\n{html}"
