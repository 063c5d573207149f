"""A look at the structure of JSON before it is parsed: whether it is small enough to become objects.

A number in a list is two bytes of JSON and a hundred bytes of memory once it is parsed and checked. So the tokens
are counted first, and the count stops at the limit: the cost is one pass over the bytes, whatever they are.
"""

import re
from dataclasses import dataclass

MAX_VALUES = 6_000
"""Values of one document: an article that is full in every list has some 4,000."""

MAX_DEPTH = 16
"""Objects and lists inside each other: a batch or a preview of articles has 5."""

SHOWN = 60
"""Bytes of a field's name in an error."""

# A string is passed over whole, also one without an end; possessive, so that nothing is tried twice.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)


class StructureLimitExceeded(Exception):  # noqa: N818  # it is what the JSON has
    """The JSON has too many values or is nested too deeply; ``field`` is the member in which that was seen."""

    def __init__(self, field: str, words: str, *, deep: bool = False) -> None:
        super().__init__(f"{field} {words}" if field else f"The body {words}")
        self.field = field
        self.words = words
        self.deep = deep


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a list: its bytes begin at ``start`` and end before ``end``."""

    start: int
    end: int


def check_structure(body: bytes, most_values: int = MAX_VALUES) -> None:
    """Raise TooMuchStructure for JSON with more values or more depth than is parsed here."""
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
            words = f"is nested too deeply: it should have at most {MAX_DEPTH} levels"
            raise StructureLimitExceeded(_name(field), words, deep=True)
        if values > most_values:
            raise StructureLimitExceeded(
                _name(field), f"has too many values: there should be at most {most_values:,} in all"
            )


def _name(field: bytes) -> str:
    return field.decode(errors="replace")


class NotAList(Exception):  # noqa: N818  # it is what the JSON has instead
    """The body is no object whose one member is the wanted list; the message says what it is."""


_SPACE = re.compile(rb"[ \t\r\n]*+")


def split_list(body: bytes, member: str, most: int) -> list[Item]:
    """Where each item of the list ``{"member": [...]}`` begins and ends, without parsing one; at most ``most`` + 1.

    Raises NotAList for another shape. What is wrong inside an item shows when that is parsed.
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
    raise NotAList("ends in the middle of the list")


def _opening(body: bytes, member: str) -> int:
    """The place behind the list's bracket."""
    found = re.compile(rb'(?:\xef\xbb\xbf)?\s*+\{\s*+"' + member.encode() + rb'"\s*+:\s*+\[').match(body)
    if found is None:
        raise NotAList(f'should be an object with the one member {member}, like {{"{member}": [...]}}')
    return found.end()


def _check_end(body: bytes, place: int) -> None:
    rest = body[place : place + 200].strip()
    if rest[:1] != b"}" or body[place:].strip() != b"}":
        raise NotAList("should have no other member beside the list")
