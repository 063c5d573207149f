"""Bodies: sanitized, with absolute addresses, and a correction where a reader sees it first."""

import html as entities
import re
from collections.abc import Mapping
from functools import lru_cache

import nh3

from syndication.model.addresses import SCHEMES, resolved
from syndication.render.srcset import candidates
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

_ADDRESSES = {"href", "src", "cite", "poster"}

_SHOWN = {"src", "poster"}
"""Addresses of embedded media: an empty one refers to the page itself, which is not a picture."""

# A start tag as the sanitizer writes it: ``<`` never occurs in text, and in an attribute only between quotes.
_TAG = re.compile(r'<([a-z][a-z0-9]*)((?: [^\s=>]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([^\s=>]+)="[^"]*"')

REMEMBERED = 2048
"""Sanitized bodies cached: sanitizing costs more than everything else together, and an entry is in several feeds."""

LONG = 32 * 1024
"""Characters of a body that is sanitized again for each feed, to keep the cache below some 100 MB."""


def sanitize(html: str, base: str) -> str:
    """Returns ``html`` without scripts, frames and forms, and with relative addresses resolved against ``base``."""
    return _remembered(html, base) if len(html) <= LONG else _sanitized(html, base)


def forget_sanitized() -> None:
    """Clears the cache of sanitized bodies."""
    _remembered.cache_clear()


def _sanitized(html: str, base: str) -> str:
    def absolute(_element: str, attribute: str, value: str) -> str | None:
        if attribute in _ADDRESSES:
            return None if attribute in _SHOWN and _is_the_page(value) else _absolute(base, value)
        if attribute == "srcset":
            return _srcset(base, value)
        return value

    cleaned = nh3.clean(
        legal(html),
        tags=TAGS,
        clean_content_tags=HIDDEN,
        attributes=ATTRIBUTES,
        attribute_filter=absolute,
        link_rel=None,
        url_schemes=SCHEMES,
    )
    return _TAG.sub(_seen, cleaned) if "<img" in cleaned else cleaned


_remembered = lru_cache(REMEMBERED)(_sanitized)


def _seen(tag: re.Match[str]) -> str:
    """Returns the tag, or nothing for an image without a source."""
    name, attributes = tag.groups()
    return tag[0] if name != "img" or {"src", "srcset"}.intersection(_ATTRIBUTE.findall(attributes)) else ""


def _is_the_page(address: str) -> bool:
    return address.strip().partition("#")[0] == ""


def _absolute(base: str, address: str) -> str | None:
    return resolved(base, address)


def _srcset(base: str, value: str) -> str | None:
    found = []
    for address, size in candidates(value):
        resolved = None if _is_the_page(address) else _absolute(base, address)
        if resolved:
            found.append(f"{resolved} {size}" if size else resolved)
    return ", ".join(found) or None


def with_correction(html: str, correction: str | None) -> str:
    """Returns the body with the correction in front of it."""
    if not correction:
        return html
    return f"<p><em>Correction: {entities.escape(correction, quote=False)}</em></p>\n{html}"
