"""Repairs what breaks XML in real feeds where only one reading is possible; everything else stays an error.

The parser then sees no DOCTYPE, no named entity, no comment and no processing instruction: nothing can expand or load.
"""

import re

from syndication.errors import ArticleError
from syndication.importing.entities import Entities

# Where something may need repair: anything but tags, the five entities of XML and plain text.
_PLACE = re.compile(
    rb"<!\[CDATA\[|<!--|<\?|<![Dd][Oo][Cc][Tt][Yy][Pp][Ee]\b"
    rb"|&(?!(?:amp|lt|gt|quot|apos);)(?:(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z_][\w.:-]*+);)?"
    rb"|<(?![A-Za-z_:/!?\x80-\xff])"
    rb"|\]\]>"
)

_CLOSINGS = {b"<![CDATA[": b"]]>", b"<!--": b"-->", b"<?": b"?>"}

# What delimits a DOCTYPE: an apostrophe within a comment begins no string.
_DOCTYPE = re.compile(rb"""<!--|"[^"]*+"|'[^']*+'|\[|\]|>""")

# XML 1.0 section 2.2, as bytes of UTF-8. U+000B and U+000C are line ends of word processors.
_ILLEGAL = bytes(code for code in range(0x20) if code not in b"\t\n\r\x0b\x0c")
_LINE_ENDS = bytes.maketrans(b"\x0b\x0c", b"\n\n")
_NONCHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")

_END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?(?:rss|feed|RDF)\s*>")

PREAMBLE = 4096
"""Bytes before the feed itself in which warnings of the program that wrote it are ignored."""


def repair(content: bytes) -> bytes:
    """Returns XML in UTF-8 that a strict parser reads; line numbers stay. Raises ArticleError with the line."""
    content = _trim(content.translate(_LINE_ENDS, _ILLEGAL))
    if b"\xef\xbf" in content:
        content = _NONCHARACTERS.sub(b"", content)
    entities = Entities()
    pieces: list[bytes] = []
    place = 0
    while found := _PLACE.search(content, place):
        pieces.append(content[place : found.start()])
        try:
            replacement, place = _replace(content, found, entities)
        except ArticleError as error:
            raise ArticleError(f"line {_line(content, found.start())} has {error}") from error
        pieces.append(replacement)
    return b"".join([*pieces, content[place:]])


def _replace(content: bytes, found: re.Match[bytes], entities: Entities) -> tuple[bytes, int]:
    """Returns what stands for the markup found, and where it ends."""
    markup, start, end = found[0], found.start(), found.end()
    if markup in _CLOSINGS:
        closing = content.find(_CLOSINGS[markup], end)
        if closing < 0:
            return content[start:], len(content)  # The parser reports it.
        end = closing + len(_CLOSINGS[markup])
        return (content[start:end] if markup == b"<![CDATA[" else _blank(content[start:end])), end
    if markup.upper() == b"<!DOCTYPE":
        end, subset = _doctype(content, end)
        entities.declare(subset)
        return _blank(content[start:end]), end
    if markup.startswith(b"&"):
        return entities.replace(markup), end
    return (b"&lt;" if markup == b"<" else b"]]&gt;"), end


def _doctype(content: bytes, place: int) -> tuple[int, bytes]:
    """Returns the end of a DOCTYPE and its internal subset, without comments; ``place`` is after its name."""
    subset: list[bytes] = []
    inside = False
    while found := _DOCTYPE.search(content, place):
        if inside:
            subset.append(content[place : found.start()])
        place, delimiter = found.end(), found[0]
        if delimiter == b"<!--":
            closing = content.find(b"-->", place)
            place = closing + 3 if closing >= 0 else len(content)
        elif delimiter in b"[]":
            inside = delimiter == b"["
        elif inside:
            subset.append(delimiter)
        elif delimiter == b">":
            return place, b"".join(subset)
    raise ArticleError("a DOCTYPE that does not end")


def _trim(content: bytes) -> bytes:
    """Returns the document without what programs and proxies print before and after it."""
    declaration = content.find(b"<?xml ", 0, PREAMBLE)
    if declaration > 0 and b"<!--" not in content[:declaration]:
        content = _blank(content[:declaration]) + content[declaration:]
    last = content.rfind(b"</")
    end = _END.match(content, last) if last >= 0 else None
    if end is None:
        # Something with a tag follows the feed, such as the script of a counter.
        ends = list(_END.finditer(content))
        end = ends[-1] if ends else None
    return content[: end.end()] if end else content


def _blank(markup: bytes) -> bytes:
    return b"\n" * markup.count(b"\n")


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
