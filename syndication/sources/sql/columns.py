"""A row whose columns have our fields' names, as an article. Pure.

A list (sections, tags, authors, enclosures) is a JSON array, an array of the database, or names separated by ``|``. A
time is one of the database, ISO 8601 text, or seconds since 1970; one without a zone is in the zone of the setting.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from syndication.errors import ArticleError
from syndication.model.access import access_level
from syndication.model.article_json import FIELDS, parse_article
from syndication.model.values import Article

TIMES = ("published_at", "updated_at", "expires_at")
LISTS = ("sections", "tags", "authors", "enclosures")
PARTS_OF_IMAGE = ("url", "caption", "credit", "alt", "width", "height")
SHORT = {"section": "sections", "author": "authors", "tag": "tags"}
"""Columns for a single value of a list."""

COLUMNS = (*FIELDS, *SHORT, *(f"image_{part}" for part in PARTS_OF_IMAGE))
REQUIRED = ("id", "title", "url")
SEPARATOR = "|"


def unknown_columns(names: Iterable[str]) -> list[str]:
    """Returns a sentence for each column that is none of ours, and for each that is missing."""
    names = list(names)
    found = []
    for name in names:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, 1)
            meant = f"did you mean {near[0]}?" if near else f"name it {', '.join(COLUMNS)}"
            found.append(f"articles selects {name!r}, which is no field of an article: {meant}")
    found += [f"articles selects no column {name!r}" for name in REQUIRED if name not in names]
    return found


def to_article(row: Mapping[str, Any], zone: ZoneInfo, slugs: Mapping[str, str]) -> Article:
    """Returns the article; raises ArticleError that names the column and what would be valid.

    ``slugs``: sections by title in lower case.
    """
    values: dict[str, Any] = {}
    image: dict[str, Any] = {}
    for name, value in row.items():
        if name == "access":
            values[name] = access_of(row)
        if value is None or name == "access":
            continue
        if name in SHORT:
            values[SHORT[name]] = [*values.get(SHORT[name], []), _text(value)]
        elif name.startswith("image_"):
            image[name.removeprefix("image_")] = _number(value) if name.endswith(("width", "height")) else _text(value)
        elif name in LISTS:
            values[name] = [*_list(name, value), *values.get(name, [])]
        elif name in TIMES:
            values[name] = _time(name, value, zone)
        elif name == "image":
            values[name] = _json(name, value) if str(value).lstrip().startswith("{") else {"url": _text(value)}
        else:
            values[name] = _text(value)
    if image.get("url"):
        values["image"] = image
    return parse_article({name: value for name, value in values.items() if value is not None}, slugs)


def access_of(row: Mapping[str, Any]) -> str:
    """Returns the access level of a story, empty if the column is not selected.

    Everything but ``public`` is for members, NULL and an empty text too: nothing is more public than somebody said.
    """
    return access_level(_text(row["access"])) if "access" in row else ""


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _list(name: str, value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [one for one in value if one is not None]
    text = _text(value).strip()
    if text.startswith("["):
        found = _json(name, text)
        return [one for one in found if one is not None] if isinstance(found, list) else [found]
    return list(dict.fromkeys(part.strip() for part in text.split(SEPARATOR) if part.strip()))


def _json(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return value
    try:
        return json.loads(_text(value))
    except ValueError as error:
        raise ArticleError(f"{name} is not valid JSON: {error}") from error


def _time(name: str, value: Any, zone: ZoneInfo) -> str | None:
    moment = _moment(name, value)
    if moment is None:
        return None
    if moment.utcoffset() is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC).isoformat()


def _moment(name: str, value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  # in the zone of the setting
    if isinstance(value, int | float | Decimal):
        return datetime.fromtimestamp(float(value), UTC)
    text = _text(value).strip()
    if not text or text.startswith("0000-00-00"):
        return None
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ArticleError(f"{name} is {text[:40]!r}: it should be a time like 2026-03-14 08:00:00") from error
