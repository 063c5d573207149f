"""Reads the declarations of a style attribute that hide an element (CSS Style Attributes; CSS Syntax Level 3)."""

import re
from collections.abc import Mapping

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DECLARATION = re.compile(
    r"""\s*([-\w]+)\s*:((?:[^;"'(]++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|\([^)]*+(?:\)|\Z))*+)(?:;|\Z)"""
)
_IMPORTANT = re.compile(r"!\s*important\s*$", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)")
_URL = re.compile(r"""url\(\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'()]++))\s*+\)""", re.IGNORECASE)

_FAR = re.compile(r"-(?:\d{4,}(?:\.\d*)?(?:px|pt)?|\d{3,}(?:\.\d*)?(?:r?em|ch|vw|vh))")
_ZERO = re.compile(r"0+(?:\.0*)?(?:px|pt|em|rem|%)?")
_NO_CLIP = re.compile(r"rect\(\s*[01](?:px)?(?:[\s,]+[01](?:px)?){3}\s*\)")
_NO_INSET = re.compile(r"inset\(\s*(?:50|100)%\s*\)")

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


def is_out_of_sight(said: Mapping[str, str]) -> bool:
    """Returns whether an element with these declarations is drawn where nobody sees it.

    Such are links that intruders hide in a page, and words for screen readers. ``opacity`` is no such declaration:
    pages fade in what they show.
    """
    if said.get("position") not in ("absolute", "fixed"):
        return False
    clipped = _NO_CLIP.fullmatch(said.get("clip", "")) or _NO_INSET.match(said.get("clip-path", ""))
    return clipped is not None or any(_FAR.fullmatch(said.get(side, "")) for side in ("left", "top", "right"))


def has_no_room(said: Mapping[str, str]) -> bool:
    """Returns whether a box with these declarations shows nothing of its content.

    One without height has room by its padding, as boxes around frames of video do.
    """
    if any(name.startswith("padding") or name == "min-height" for name in said):
        return False
    flat = any(_ZERO.fullmatch(said.get(side, "")) for side in ("height", "max-height"))
    return flat and "hidden" in said.get("overflow", "")


def has_no_size(said: Mapping[str, str]) -> bool:
    """Returns whether letters have no size."""
    return _ZERO.fullmatch(said.get("font-size", "")) is not None


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
