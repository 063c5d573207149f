"""Reads the declarations of a style attribute that hide an element (CSS Style Attributes; CSS Syntax Level 3)."""

import re

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DECLARATION = re.compile(
    r"""\s*([-\w]+)\s*:((?:[^;"'(]++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|\([^)]*+(?:\)|\Z))*+)(?:;|\Z)"""
)
_IMPORTANT = re.compile(r"!\s*important\s*$", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)")
_URL = re.compile(r"""url\(\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'()]++))\s*+\)""", re.IGNORECASE)

LONGEST = 10_000
"""Characters that are read: an attribute of this length is data, not style."""


def declarations(style: str) -> dict[str, str]:
    """Returns the value of each property, in lower case; the last one counts, and an important one before it."""
    text = _COMMENT.sub(" ", style[:LONGEST])
    if "\\" in text:
        text = _ESCAPE.sub(_character, text)
    found: dict[str, str] = {}
    important: dict[str, str] = {}
    for name, value in _DECLARATION.findall(text):
        plain = _IMPORTANT.sub("", value).strip()
        (important if _IMPORTANT.search(value) else found)[name.lower()] = plain.lower()
    return found | important


def background(style: str) -> str:
    """Returns the address of the background picture; "" if there is none."""
    if "background" not in style.lower() or (found := _URL.search(style[:LONGEST])) is None:
        return ""
    return next((part for part in found.groups() if part), "")


def _character(escape: re.Match[str]) -> str:
    if not escape[1]:
        return escape[2]
    number = int(escape[1], 16)
    return chr(number) if 0 < number < 0x110000 else "\ufffd"
