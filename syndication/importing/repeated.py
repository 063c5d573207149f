"""Entries of one file with the same ID: the latest version counts (RFC 4287 section 4.1.1), the others are reported."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from syndication.errors import ArticleError
from syndication.importing.fields import FEED, Fields
from syndication.model.article_json import parse_article
from syndication.model.formats import parse_rfc3339

Found = tuple[int, Fields | str]
"""An entry's number, and its fields or its error."""

REPLACED = "it has the ID of item"
"""How the error of an entry begins that another one replaces."""

_UNKNOWN = datetime.min.replace(tzinfo=UTC)


def latest(pieces: Iterable[list[Found]]) -> list[list[Found]]:
    """Returns the entries with an error in place of each that another one replaces.

    Of two with the same date the first counts, because feeds begin with what is new. One that cannot be imported
    replaces nothing.
    """
    pieces = list(pieces)
    by_id: dict[str, dict[int, Fields]] = {}
    for number, found in (one for piece in pieces for one in piece):
        if isinstance(found, dict) and isinstance(found["id"], str):
            by_id.setdefault(found["id"], {})[number] = found
    replaced = {number: by for same in by_id.values() if len(same) > 1 for number, by in _replaced(same)}
    return [[(number, _checked(found, replaced.get(number))) for number, found in piece] for piece in pieces]


def _replaced(same: Mapping[int, Fields]) -> Iterator[tuple[int, int]]:
    """Yields the number of each entry that another one replaces, and that one's number."""
    valid = [number for number, fields in same.items() if _is_valid(fields)]
    if valid:
        best = max(valid, key=lambda number: (_date(same[number]), -number))
        yield from ((number, best) for number in valid if number != best)


def _checked(found: Fields | str, by: int | None) -> Fields | str:
    return found if by is None else f"{REPLACED} {by}, which is the latest version"


def _is_valid(fields: Fields) -> bool:
    try:
        parse_article({key: value for key, value in fields.items() if key != FEED}, {})
    except ArticleError:
        return False
    return bool(fields["published_at"])


def _date(found: Fields) -> datetime:
    moments = [_moment(found["updated_at"]), _moment(found["published_at"])]
    return next((moment for moment in moments if moment is not None), _UNKNOWN)


def _moment(value: Any) -> datetime | None:
    try:
        return parse_rfc3339(value).astimezone(UTC) if isinstance(value, str) and value else None
    except (ValueError, OverflowError):
        return None
