"""Rules for text: what XML may hold, one line, a summary that ends at a word."""

import re
from html import unescape
from urllib.parse import quote, urlsplit

import nh3

# XML 1.0 section 2.2: tab, LF and CR stay; the other controls, lone surrogates, U+FFFE and U+FFFF go.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_SPACE = re.compile(r"\s+")

# Removing a tag joins the words on its sides; between blocks there is a space.
_BLOCK = re.compile(
    r"<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article|hr|dt|dd|pre)\b)",
    re.IGNORECASE,
)

HIDDEN = {
    "script", "style", "iframe", "frame", "frameset", "noframes", "object", "embed", "applet", "noscript", "template",
    "form", "select", "button", "textarea", "svg", "math", "canvas", "dialog",
}  # fmt: skip
"""Elements that go with all that is inside them."""


def legal(text: str) -> str:
    """``text`` without the characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text)


def one_line(text: str) -> str:
    """Legal text with each run of white space as one space."""
    return _SPACE.sub(" ", legal(text)).strip()


def plain(html: str) -> str:
    """What a reader would read of ``html``, as one line of text."""
    if "<" not in html and "&" not in html:
        return one_line(html)
    stripped = nh3.clean(_BLOCK.sub(" <", legal(html)), tags=set(), clean_content_tags=HIDDEN)
    return one_line(unescape(stripped))


def shorten(text: str, length: int) -> str:
    """``text`` cut at a word to at most ``length`` characters, with an ellipsis if anything is missing."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    # Scripts without spaces, Chinese for one, are cut at a character.
    at = head.rfind(" ")
    if not text[length - 1].isspace() and at > length // 2:
        head = head[:at]
    return head.rstrip(" ,.;:–—-") + "…"


def web_address(url: str) -> str | None:
    """``url`` as it may stand in a feed (RFC 3986 characters alone); None if it is no http address."""
    cleaned = quote(one_line(url), safe="%/:=&?~#+!$,;'@()*[]")
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return None
    return cleaned if parts.scheme in ("http", "https") and parts.netloc else None
