"""Limits for the markup of a feed file, checked before it is parsed.

The parser has no such limits, and the readers follow the tree: up to the root for the language of an element, down
into XHTML by recursion. The check is one pass over the bytes, which are UTF-8 by then.
"""

import re
from collections.abc import Iterator

from syndication.errors import ArticleError

MOST_ATTRIBUTES = 200
"""Attributes of one element. The root element of a feed with every known namespace has some fifty."""

LONGEST_TAG = 256 * 1024
"""Bytes of one tag. An attribute may contain a small image."""

DEEPEST = 500
"""Nested elements. A feed has ten, and its XHTML content no more than a web page."""

_MARKUP = re.compile(rb"<(?:!--|!\[CDATA\[|[!?]|(/?)[A-Za-z_:\x80-\xff])")

_CLOSINGS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<!": b">", b"<?": b"?>"}

# Up to the end of a tag; possessive, to avoid backtracking.
_REST = re.compile(rb"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")

_ATTRIBUTE = re.compile(rb"""[^\s=>/"']++\s*+=""")


def check_markup(content: bytes) -> None:
    """Raises ArticleError, with the line, for markup beyond a limit."""
    depth = 0
    for place, tag, closing in _tags(content):
        if len(tag) > LONGEST_TAG:
            raise _error(content, place, f"a tag of {len(tag):,} bytes; the limit is {LONGEST_TAG:,}")
        if len(tag) > 2 * MOST_ATTRIBUTES and (number := len(_ATTRIBUTE.findall(tag))) > MOST_ATTRIBUTES:
            raise _error(content, place, f"an element with {number:,} attributes; the limit is {MOST_ATTRIBUTES}")
        depth += -1 if closing else 0 if tag.endswith(b"/>") else 1
        if depth > DEEPEST:
            raise _error(content, place, f"more than {DEEPEST} nested elements, the limit")


def _tags(content: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Yields the offset and bytes of each tag outside comments and CDATA, and whether it closes an element."""
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
