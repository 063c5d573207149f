"""Rules for text: legal XML, one line, summaries that end at a word."""

import re
from html import unescape

import nh3

# XML 1.0 section 2.2: tab, LF and CR are legal; other controls, lone surrogates, U+FFFE and U+FFFF are not.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_SPACE = re.compile(r"\s+")

# Removing a tag joins the words on both sides, so tags of blocks get a space.
_BLOCK = re.compile(
    r"<(?=/?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article|hr|dt|dd|pre)\b)",
    re.IGNORECASE,
)

HIDDEN = {
    "script", "style", "iframe", "frame", "frameset", "noframes", "object", "embed", "applet", "noscript", "template",
    "form", "select", "button", "textarea", "svg", "math", "canvas", "dialog",
}  # fmt: skip
"""Elements that are removed with their content."""


def legal(text: str) -> str:
    """Returns ``text`` without the characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text)


def one_line(text: str) -> str:
    """Returns legal text with each run of white space as one space."""
    return _SPACE.sub(" ", legal(text)).strip()


def plain(html: str) -> str:
    """Returns the visible text of ``html`` on one line."""
    if "<" not in html and "&" not in html:
        return one_line(html)
    stripped = nh3.clean(_BLOCK.sub(" <", legal(html)), tags=set(), clean_content_tags=HIDDEN)
    return one_line(unescape(stripped))


def shorten(text: str, length: int) -> str:
    """Returns ``text`` cut at a word to at most ``length`` characters, with an ellipsis if it was cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    # Scripts without spaces, such as Chinese, are cut at a character.
    at = head.rfind(" ")
    if not text[length - 1].isspace() and at > length // 2:
        head = head[:at]
    return head.rstrip(" ,.;:–—-") + "…"
