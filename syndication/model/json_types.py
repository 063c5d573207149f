"""Field types for JSON from outside, each of exactly its type, and error messages for invalid fields."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from reprlib import Repr
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from syndication.model.field_limits import MAX_ERRORS_LISTED
from syndication.model.formats import parse_rfc3339

MAX_NUMBER = 2**53 - 1
"""The largest whole number that every JSON parser reads exactly (RFC 8259 section 6)."""

MAX_DIMENSION = 2**31 - 1
"""Pixels and seconds: the largest value of a PostgreSQL INTEGER."""

MAX_NAME_SHOWN = 60
"""Characters of a field name shown in an error: clients choose the names of unknown fields."""

_SHORT = Repr()  # Reads only the first items of a list.

MAX_ID = 500
MAX_SECTION_NAME = 100
"""Characters: both are in one index, and PostgreSQL limits an index row to some 2,700 bytes."""


def _text(value: Any) -> Any:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("must not contain the character U+0000, which databases cannot store")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("must not contain half a surrogate pair, which is not a character") from error
    return value


_MUST_BE_MOMENT = "must be a time like '2026-03-14T08:00:00+08:00' (RFC 3339)"


def _moment(value: Any) -> Any:
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise ValueError(f"{_MUST_BE_MOMENT}, not {kind(value)}")  # noqa: TRY004  # pydantic expects it
    try:
        moment = parse_rfc3339(value)
    except ValueError as error:
        raise ValueError(f"{_MUST_BE_MOMENT}, not {short(value)}") from error
    if moment.utcoffset() is None:
        raise ValueError(f"must have a time zone, like {short(value[:40] + '+00:00')}, not {short(value)}")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"must be in the years 1 to 9999 in UTC, not {short(value)}") from error


def none_if_empty(value: Any) -> Any:
    """Returns None for an empty string."""
    return None if value == "" else value


def empty_list_if_none(value: Any) -> Any:
    """Returns an empty list for None."""
    return [] if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
NonEmptyText = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Moment = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
]
Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]
Dimension = Annotated[int, Field(ge=0, le=MAX_DIMENSION)]
Id = Annotated[str, Field(min_length=1, max_length=MAX_ID), BeforeValidator(_text)]
SectionName = Annotated[str, Field(min_length=1, max_length=MAX_SECTION_NAME), BeforeValidator(_text)]


class StrictModel(BaseModel):
    """An object with exactly these fields, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def problems(
    error: ValidationError, known: Collection[str] = (), most: int = MAX_ERRORS_LISTED
) -> list[tuple[str, str]]:
    """Returns each invalid field, like ``authors.0.email``, with its error message.

    ``known`` are the fields of an article, if the object is one. Errors beyond ``most`` are only counted.
    """
    found = [(_place(problem["loc"]), _words(problem, known)) for problem in error.errors(include_url=False)[:most]]
    if (more := error.error_count() - len(found)) > 0:
        found.append(("", f"and {more:,} more"))
    return found


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:MAX_NAME_SHOWN] for part in loc) or "the body"


_TYPES = {
    "string_type": "a string",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "model_type": "an object",
    "dict_type": "an object",
}


def _words(problem: Any, known: Collection[str]) -> str:
    of, value = problem["type"], problem["input"]
    top = len(problem["loc"]) == 1
    if of == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    if of == "missing":
        return "is required"
    if of == "extra_forbidden":
        return _unknown(known if top else ())
    if of in ("string_too_short", "too_short", "string_too_long", "too_long"):
        return _length(value, problem["ctx"].get("max_length"))
    if of in _TYPES:
        wrong = short(value) if of.endswith("_parsing") else kind(value)
        return f"must be {_TYPES[of]}, not {wrong}"
    return f"{problem['msg'].removeprefix('Input ').replace('should', 'must', 1)}, not {short(value)}"


def _length(value: Any, most: int | None) -> str:
    if most is None:
        return "must not be empty"
    return f"must have at most {most} {'characters' if isinstance(value, str) else 'items'}, not {len(value)}"


def _unknown(known: Collection[str]) -> str:
    return f"is not a field of an article: use {', '.join(sorted(known))}" if known else "is not a known field"


def short(value: Any) -> str:
    """Returns a value shortened for an error message."""
    text = repr(value[:80]) if isinstance(value, str) else _SHORT.repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number"}


def kind(value: Any) -> str:
    """Returns the name of a JSON value's type, like ``a list``."""
    return "null" if value is None else _KINDS.get(type(value), "a number")
