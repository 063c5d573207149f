"""Plain text in RSS that may be HTML instead, without saying so (RSS Best Practices, "Character Data")."""

import re
from html.entities import html5

from syndication.render.summary import plain
from syndication.render.text import one_line

_ELEMENTS = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "mark", "nobr", "p", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
"""The elements that titles have; a word in angle brackets that is none of them is text."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)(?:\s(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)?/?>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_EMPTY = ("br", "img", "wbr")


def text_or_html(text: str) -> str:
    """Returns plain text.

    HTML is what has only tags of titles, one of them closed or empty, or a character reference. Anything else is text,
    as ``AT&T: 1 < 2`` or ``Run <job_id>``.
    """
    return plain(text) if _is_html(text) else one_line(text)


def _is_html(text: str) -> bool:
    tags = [(closing, name.lower()) for closing, name in _TAG.findall(text)]
    if tags:
        return all(name in _ELEMENTS for _, name in tags) and any(closing or name in _EMPTY for closing, name in tags)
    return any(found[1] == "#" or found[1:] in html5 for found in _REFERENCE.findall(text))
