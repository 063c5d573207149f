"""The text of a body as HTML. Control characters become the space or the line break that they were, or nothing.

Word processors break lines with U+000B (UAX 14, class BK), others with U+000C, U+0085, U+2028 and U+2029.
"""

import re
from html import escape

_SPECIAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufffe\uffff]")

_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]+")

# Unicode calls these four separators white space.
_SEPARATORS = re.compile("[\x1c-\x1f]+")

_NOTHING = re.compile("[\x00-\x08\x0e-\x1b\x7f\ufffe\uffff]")


_LINE_END = re.compile("\r\n?|\n")
_MANY_SPACES = re.compile("  +")

needs_care = re.compile("[&<>\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufffe\uffff]").search
"""Finds a character for which a text is not its own HTML."""


def written_text(text: str) -> str:
    """Returns text as HTML: a line break between words is a ``br``, elsewhere it is white space."""
    if _SPECIAL.search(text) is None:
        return escaped(text)
    lines = _BREAKS.split(_without_controls(text))
    if len(lines) == 1:
        return escaped(lines[0])
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), -1)
    if last <= first:
        return escaped("\n".join(lines))
    before, after = lines[:first], lines[last + 1 :]
    inner = "<br>".join(map(escaped, lines[first : last + 1]))
    return escaped("\n".join([*before, ""])) + inner + escaped("\n".join(["", *after]))


def preformatted(text: str) -> str:
    """Returns text of a ``pre`` as HTML, with every line break as a line end."""
    if _SPECIAL.search(text) is None:
        return escaped(text)
    return escaped(_BREAKS.sub("\n", _without_controls(text)))


def white_space(html: str, *, spaces: bool) -> str:
    """Returns text, written as HTML, with each line end as a ``br`` and, if they are shown, each space as one."""
    if spaces:
        html = _MANY_SPACES.sub(lambda found: "\u00a0" * (len(found[0]) - 1) + " ", html)
    return _LINE_END.sub("<br>", html)


def attribute_text(text: str) -> str:
    """Returns the value of an attribute, with every break as a space, escaped for double quotes."""
    if _SPECIAL.search(text) is not None:
        text = _BREAKS.sub(" ", _without_controls(text))
    return escaped(text).replace('"', "&quot;")


def _without_controls(text: str) -> str:
    return _NOTHING.sub("", _SEPARATORS.sub(" ", text))


def escaped(text: str) -> str:
    """Returns text with ``&``, ``<`` and ``>`` as references."""
    return escape(text, quote=False)
