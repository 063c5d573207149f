"""Checks the structure of JSON before parsing it: too many values, or too much nesting, would exhaust memory.

A number in a list is two bytes of JSON and a hundred bytes of memory once it is parsed and validated. So tokens are
counted first, stopping at the limit: the cost is one pass over the bytes, whatever they contain.
"""

import re
from dataclasses import dataclass

MAX_VALUES = 6_000
"""Values in one document: an article with every list full has some 4,000."""

MAX_DEPTH = 16
"""Levels of nested objects and lists: a batch or a preview of articles has 5."""

SHOWN = 60
"""Bytes of a field name shown in an error."""

# Skips each string whole, even an unterminated one; possessive quantifiers, so that nothing is matched twice.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)


class StructureLimitExceeded(Exception):  # noqa: N818  # describes the JSON
    """The JSON has too many values or is nested too deeply; ``field`` is the top-level member where this was found."""

    def __init__(self, field: str, words: str, *, deep: bool = False) -> None:
        super().__init__(f"{field} {words}" if field else f"The body {words}")
        self.field = field
        self.words = words
        self.deep = deep


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a list, in bytes ``start`` to ``end`` (exclusive)."""

    start: int
    end: int


def check_structure(body: bytes, most_values: int = MAX_VALUES) -> None:
    """Raises StructureLimitExceeded for JSON with too many values or too much nesting."""
    depth = values = 0
    field = b""
    for match in _TOKEN.finditer(body):
        token = body[match.start() : match.start() + 1]
        if token == b'"':
            if depth == 1:
                field = body[match.start() + 1 : min(match.end() - 1, match.start() + 1 + SHOWN)]
        elif token in b"]}":
            depth -= 1
        else:
            values += 1
            depth += token != b","
        if depth > MAX_DEPTH:
            words = f"must have at most {MAX_DEPTH} levels of nesting"
            raise StructureLimitExceeded(_name(field), words, deep=True)
        if values > most_values:
            raise StructureLimitExceeded(_name(field), f"must have at most {most_values:,} values in total")


def _name(field: bytes) -> str:
    return field.decode(errors="replace")


class NotAList(Exception):  # noqa: N818  # describes the JSON
    """The body is not an object with the list as its only member; the message says what is wrong."""


_SPACE = re.compile(rb"[ \t\r\n]*+")


def split_list(body: bytes, member: str, most: int) -> list[Item]:
    """Returns the position of each item in ``{"member": [...]}``, without parsing it; at most ``most`` + 1 items.

    Raises NotAList for any other shape. Errors inside an item are found when that item is parsed.
    """
    place = _opening(body, member)
    items: list[Item] = []
    depth, start = 1, place
    for match in _TOKEN.finditer(body, place):
        token = body[match.start() : match.start() + 1]
        if token in b"[{":
            depth += 1
        elif token in b"]}":
            depth -= 1
        if token == b'"' or depth > 1 or (depth == 1 and token != b","):
            continue
        item = Item(start, match.start())
        if items or depth or body[item.start : item.end].strip():
            items.append(item)
        start = match.end()
        if depth == 0:
            _check_end(body, start)
            return items
        if len(items) > most:
            return items
    raise NotAList("ends before the list does")


def _opening(body: bytes, member: str) -> int:
    """Returns the position after the list's opening bracket."""
    found = re.compile(rb'(?:\xef\xbb\xbf)?\s*+\{\s*+"' + member.encode() + rb'"\s*+:\s*+\[').match(body)
    if found is None:
        raise NotAList(f'must be an object with the single member {member}, like {{"{member}": [...]}}')
    return found.end()


def _check_end(body: bytes, place: int) -> None:
    rest = body[place : place + 200].strip()
    if rest[:1] != b"}" or body[place:].strip() != b"}":
        raise NotAList("must have no other members")
