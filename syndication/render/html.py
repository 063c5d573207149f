"""Bodies: as a browser shows them without scripts, sanitized, and a correction where a reader sees it first."""

import html as entities
from functools import lru_cache
from typing import NamedTuple

import nh3
from selectolax.lexbor import LexborNode

from syndication.model.addresses import SCHEMES
from syndication.model.field_limits import MAX_FEED_HTML
from syndication.render.body.addresses import is_picture_data
from syndication.render.body.elements import ATTRIBUTES, WRITTEN
from syndication.render.body.formulas import settle_formulas
from syndication.render.body.hidden import prune_hidden
from syndication.render.body.media import MediaFile, first_files
from syndication.render.body.output import Output
from syndication.render.body.page import BodyRefused, page_of_body
from syndication.render.body.pictures import settle_noscripts, settle_placeholders
from syndication.render.body.swallowed import refuse_swallowed
from syndication.render.body.text import attribute_text
from syndication.render.body.tree import parse_body
from syndication.render.body.writer import write

REMEMBERED = 2048
"""Sanitized bodies cached: sanitizing costs more than everything else together, and an entry is in several feeds."""

LONG = 32 * 1024
"""Characters of a body that is sanitized again for each feed, to keep the cache below some 100 MB."""


class Body(NamedTuple):
    """A sanitized body, and the files that it plays."""

    html: str
    media: tuple[MediaFile, ...] = ()


def sanitize(html: str, url: str, prefix: str = "", largest: int = MAX_FEED_HTML) -> Body:
    """Returns the body of the article at ``url`` as its readers get it, with absolute addresses.

    ``prefix`` is that of the entry's ids. Raises BodyRefused if it is too large, or if it hides its own end.
    """
    return (_remembered if len(html) <= LONG else _sanitized)(html, url, prefix, largest)


def forget_sanitized() -> None:
    """Clears the cache of sanitized bodies."""
    _remembered.cache_clear()


def _sanitized(html: str, url: str, prefix: str, largest: int) -> Body:
    body = parse_body(html)
    refuse_swallowed(html, body)
    settle_formulas(body)
    prune_hidden(body)
    page = page_of_body(body, url, prefix, len(html), largest)
    settle_placeholders(body)
    settle_noscripts(body, page.base)
    out = Output(page, write)
    written = _with_language(body, write(body, out))
    cleaned = (_WITH_DATA if out.data else _CLEANER).clean(written)
    if len(cleaned) > page.largest:
        raise BodyRefused(page.too_large)
    return Body(cleaned, first_files(out.media))


def _with_language(body: LexborNode, written: str) -> str:
    """Returns what is written in a div with the language and direction of a whole document that was pasted in."""
    said: dict[str, str] = {}
    for node in (body.parent, body):
        found = node.attributes if node is not None else {}
        said |= {name: value for name in ("lang", "dir") if (value := found.get(name))}
    attributes = "".join(f' {name}="{attribute_text(value)}"' for name, value in said.items())
    return f"<div{attributes}>{written}</div>" if said and written else written


_remembered = lru_cache(REMEMBERED)(_sanitized)


def _only_pictures(element: str, attribute: str, value: str) -> str | None:
    """Removes a data: address that is not of a picture."""
    if value.lstrip()[:5].lower() != "data:" or attribute in ("alt", "title", "value", "content", "abbr", "label"):
        return value
    return value if (element, attribute) == ("img", "src") and is_picture_data(value) else None


_CLEANER = nh3.Cleaner(tags=set(WRITTEN), attributes=ATTRIBUTES, link_rel=None, url_schemes=SCHEMES)

_WITH_DATA = nh3.Cleaner(
    tags=set(WRITTEN),
    attributes=ATTRIBUTES,
    attribute_filter=_only_pictures,
    link_rel=None,
    url_schemes=SCHEMES | {"data"},
)
"""For the few bodies with pictures in data: addresses: a function in Python looks at each attribute."""


def with_correction(html: str, correction: str | None) -> str:
    """Returns the body with the correction in front of it."""
    if not correction:
        return html
    return f"<p><em>Correction: {entities.escape(correction, quote=False)}</em></p>\n{html}"
