"""The differences of two states of an article, field by field and word by word. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syndication.model.article_json import FIELDS
from syndication.model.search_words import text_of
from syndication.model.word_difference import Piece, difference

_BLOCKS = re.compile(
    r"</?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|main|ol|p|pre"
    r"|section|table|tr|ul)\b[^<>]*>",
    re.IGNORECASE,
)

_SPACES, _BREAKS = re.compile(r"[^\S\n]+"), re.compile(r"\s*\n\s*")

TEXTS = ("summary", "html")
"""Fields with HTML."""

ORDER = ("title", "summary", "html")
"""The fields that come first: what a reader sees first."""

TIMES = ("published_at", "updated_at", "expires_at")
"""Fields that are compared as a whole: half a time says nothing, and each reader has a zone of their own."""

NOT_COMPARED = ("id", "status")
"""What no two states differ in: a state is of one article, and a withdrawal is no state of its text."""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field in which two states differ; ``markup``: the words are the same, and the HTML is compared."""

    field: str
    pieces: Sequence[Piece]
    markup: bool = False


def field_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldDifference]:
    """Returns the fields in which two articles in JSON differ, with HTML as it is written."""
    found = ((name, _pieces(name, field_text(before.get(name)), field_text(after.get(name)))) for name in FIELDS)
    return [FieldDifference(name, pieces) for name, pieces in found if pieces]


def _pieces(name: str, before: str, after: str) -> Sequence[Piece]:
    if name not in TIMES:
        return difference(before, after)
    both = [Piece("gone", before), Piece("new", after)] if before != after else []
    return [piece for piece in both if piece.text]


def state_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldDifference]:
    """Returns the fields in which two states of an article differ, with HTML as the text that readers see."""
    found = list(_differences(before, after))
    return sorted(found, key=lambda one: ORDER.index(one.field) if one.field in ORDER else len(ORDER))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldDifference]:
    for found in field_differences(before, after):
        if found.field in NOT_COMPARED:
            continue
        if found.field in TEXTS:
            words = difference(*(body_text(one.get(found.field) or "") for one in (before, after)))
            yield FieldDifference(found.field, words) if words else FieldDifference(found.field, found.pieces, True)
        else:
            yield found


def body_text(html: str) -> str:
    """Returns what an HTML text says, with a line for each of its blocks."""
    return _BREAKS.sub("\n", _SPACES.sub(" ", text_of(_BLOCKS.sub("\n", html)))).strip()


def field_text(value: Any) -> str:
    """Returns a value of an article in JSON as text: lists with an item on each line, objects without empty values."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return " | ".join(str(part) for part in value.values() if part not in (None, ""))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(field_text(item) for item in value)
    return str(value)
