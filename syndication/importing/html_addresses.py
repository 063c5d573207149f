"""Resolves the relative addresses in HTML whose base is not the article's own address (``xml:base``).

The text is not parsed into a tree and written again: everything but the addresses stays to the letter.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import urljoin

from syndication.render.srcset import candidates

ADDRESSES = frozenset(
    {
        "action", "background", "cite", "data", "data-lazy-src", "data-original", "data-src", "formaction", "href",
        "longdesc", "poster", "src", "xlink:href",
    }
)  # fmt: skip
LISTS = frozenset({"srcset", "data-srcset", "data-lazy-srcset", "imagesrcset"})

# Possessive, to read each character once; the second group is what follows the name.
_START_TAG = re.compile(r"""<[a-zA-Z][^\s/<>]*+(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")
_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*+://")
_ATTRIBUTE = re.compile(r"""(?<=[\s"'/])([a-zA-Z][\w:.-]*+)(\s*+=\s*+)("[^"]*+"|'[^']*+'|[^\s"'>]++)""")


def join(base: str, address: str) -> str:
    """Returns ``address`` resolved against ``base``; unchanged if it cannot be, or is absolute.

    ``urljoin`` would take an empty query or fragment away, which is part of an address that readers know.
    """
    if _ABSOLUTE.match(address):
        return address
    try:
        return urljoin(base, address) if address else base
    except ValueError:  # Such as "http://[".
        return address


def resolve_html(html: str, base: str) -> str:
    """Returns HTML with its addresses resolved against ``base``; without a base it is returned unchanged."""
    if not base or "=" not in html:
        return html
    return _START_TAG.sub(lambda tag: _ATTRIBUTE.sub(lambda found: _attribute(found, base), tag[0]), html)


def _attribute(found: re.Match[str], base: str) -> str:
    attribute, equals, quoted = found.groups()
    value = quoted[1:-1] if quoted[0] in "\"'" else quoted
    resolved = resolve_attribute(attribute.lower(), unescape(value), base)
    return found[0] if resolved is None else f'{attribute}{equals}"{escape(resolved)}"'


def resolve_attribute(attribute: str, value: str, base: str) -> str | None:
    """Returns the resolved value of an attribute that has an address; None if it stays as it is."""
    if attribute in LISTS:
        return _srcset(value, lambda address: join(base, address))
    # A fragment leads to a place in the same text, whatever its base.
    if attribute not in ADDRESSES or not value.strip() or value.lstrip().startswith("#"):
        return None
    return join(base, value.strip())


def _srcset(value: str, resolve: Callable[[str], str]) -> str:
    return ", ".join(f"{resolve(address)} {size}".strip() for address, size in candidates(value))
