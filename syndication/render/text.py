"""Rules for text: legal in XML, on one line, visible."""

import re

from syndication.model.visible_text import visible_or

# XML 1.0 section 2.2: tab, LF and CR are legal; other controls, lone surrogates, U+FFFE and U+FFFF are not.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# Controls that separate: VT, FF and the information separators, NEL, and Unicode's line and paragraph separators.
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")

# The white space of markup (HTML standard, "ASCII whitespace"). Every other space, like U+00A0 or U+3000, is text.
SPACES = re.compile("[\t\n\f\r ]+")


def legal(text: str) -> str:
    """Returns ``text`` without the characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text)


def one_line(text: str) -> str:
    """Returns legal text on one line: runs of ASCII white space and of controls that break lines become one space."""
    return SPACES.sub(" ", legal(_BREAKS.sub(" ", text))).strip(" ")


def visible_line(text: str | None) -> str:
    """Returns ``text`` on one line; empty if a reader would see nothing of it."""
    return visible_or(one_line(text or ""), "")
