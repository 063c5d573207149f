"""What the markup of a feed file may be before it is parsed.

feedparser looks for each attribute of an element among all before it, and goes through what is open for each tag: 1 MB
of attributes took it 67 seconds. Read in one pass, in bytes: every encoding of feeds but UTF-16 writes markup as ASCII.
"""

import re
from collections.abc import Iterator

from syndication.errors import ArticleError

MOST_ATTRIBUTES = 200
"""Of one element; the head of a feed with every namespace there is has some fifty."""

LONGEST_TAG = 256 * 1024
"""Bytes of one tag. An attribute may hold a small picture."""

DEEPEST = 500
"""Elements within each other: a feed has ten, and what is written as XHTML in it no more than a page may have."""

_MARKUP = re.compile(rb"<(?:!--|!\[CDATA\[|[!?]|(/?)[A-Za-z_:\x80-\xff])")

_CLOSINGS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<!": b">", b"<?": b"?>"}

# Up to the end of a tag; possessive, so that nothing is tried twice.
_REST = re.compile(rb"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")

_ATTRIBUTE = re.compile(rb"""[^\s=>/"']++\s*+=""")


def check_markup(content: bytes) -> None:
    """Raise ArticleError, which names the line, for markup beyond a bound."""
    if b"\x00" in content[:4]:  # UTF-16 has a zero in each letter of markup.
        content = content.decode("utf-16", "replace").encode()
    depth = 0
    for place, tag, closing in _tags(content):
        if len(tag) > LONGEST_TAG:
            raise _error(content, place, f"a tag of {len(tag):,} bytes: at most {LONGEST_TAG:,}")
        if len(tag) > 2 * MOST_ATTRIBUTES and (number := len(_ATTRIBUTE.findall(tag))) > MOST_ATTRIBUTES:
            raise _error(content, place, f"an element with {number:,} attributes: at most {MOST_ATTRIBUTES}")
        depth += -1 if closing else 0 if tag.endswith(b"/>") else 1
        if depth > DEEPEST:
            raise _error(content, place, f"more than {DEEPEST} elements within each other, which is the most")


def _tags(content: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Each tag, where it begins, and whether it closes an element; none in comments and CDATA."""
    place = 0
    while found := _MARKUP.search(content, place):
        closing = _CLOSINGS.get(found[0])
        if closing is not None:
            end = content.find(closing, found.end())
            place = end + len(closing) if end >= 0 else len(content)
            continue
        rest = _REST.match(content, found.end())
        place = rest.end() if rest else len(content)
        yield found.start(), content[found.start() : place], bool(found[1])


def _error(content: bytes, place: int, words: str) -> ArticleError:
    line = content.count(b"\n", 0, place) + 1
    return ArticleError(f"line {line} has {words}")
