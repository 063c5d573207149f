"""What a style says that a reader must not lose: struck out, raised, in another direction, on a line of its own.

Editors and text processors write these as styles (TinyMCE, Google Docs), which no feed keeps.
"""

import re
from typing import NamedTuple

from syndication.render.body.elements import names
from syndication.render.body.styles import declarations

_SAYS = re.compile(r"line-through|vertical-align|font-|direction|list-style|display|white-space|\\", re.IGNORECASE)

INLINE = names("a abbr b bdi big cite code data dfn em font i ins kbd mark q samp small span strong time u var")

_TEXTS = INLINE | names(
    "address article blockquote caption center dd div dt figcaption h1 h2 h3 h4 h5 h6 li p section summary td th"
)

_LINE_OF_ITS_OWN = names("block flex flow-root grid list-item table table-row")

_NUMBERING = {
    "lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A", "lower-roman": "i",
    "upper-roman": "I", "decimal": "1",
}  # fmt: skip

_LIGHT = names("normal lighter 100 200 300 400")
_BOLD = names("bold bolder 600 700 800 900")


class Meaning(NamedTuple):
    """What an element becomes by its style: elements inside of it, attributes that it gets, and how it is laid out.

    ``plain`` if it is not what its tag says, such as a ``b`` of normal weight. ``own_line`` if it is inline, but shown
    on a line of its own; ``lines`` if line ends in its text are shown, ``spaces`` if spaces are.
    """

    inside: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    plain: bool = False
    own_line: bool = False
    lines: bool = False
    spaces: bool = False


NOTHING = Meaning()


def meaning_of(tag: str, style: str) -> Meaning:
    """Returns what the style of an element with this name says."""
    if _SAYS.search(style) is None:
        return NOTHING
    said = declarations(style)
    space = said.get("white-space", "")
    return Meaning(
        tuple(_inside(tag, said)) if tag in _TEXTS else (),
        tuple(_attributes(tag, said)),
        plain=_is_plain(tag, said),
        own_line=tag in INLINE and said.get("display", "") in _LINE_OF_ITS_OWN,
        lines=space.startswith(("pre", "break-spaces")) and tag != "pre",
        spaces=space in ("pre", "pre-wrap", "break-spaces"),
    )


def has_own_line(tag: str, style: str) -> bool:
    """Returns whether an inline element is shown on a line of its own."""
    return tag in INLINE and "display" in style.lower() and meaning_of(tag, style).own_line


def _inside(tag: str, said: dict[str, str]) -> list[str]:
    decoration = f"{said.get('text-decoration', '')} {said.get('text-decoration-line', '')}"
    found = ["s"] if "line-through" in decoration else []
    if tag not in INLINE:
        return found
    if (raised := said.get("vertical-align", "")) in ("super", "sub"):
        found.append({"super": "sup", "sub": "sub"}[raised])
    if tag == "span" and said.get("font-weight", "") in _BOLD:
        found.append("strong")
    if tag == "span" and said.get("font-style", "") in ("italic", "oblique"):
        found.append("em")
    return found


def _attributes(tag: str, said: dict[str, str]) -> list[tuple[str, str]]:
    found = []
    if (direction := said.get("direction", "")) in ("rtl", "ltr"):
        found.append(("dir", direction))
    listed = said.get("list-style-type") or said.get("list-style", "")
    if tag == "ol" and (kind := next((_NUMBERING[word] for word in listed.split() if word in _NUMBERING), "")):
        found.append(("type", kind))
    return found


def _is_plain(tag: str, said: dict[str, str]) -> bool:
    if tag in ("b", "strong"):
        return said.get("font-weight", "") in _LIGHT
    return tag in ("em", "i") and said.get("font-style", "") == "normal"
