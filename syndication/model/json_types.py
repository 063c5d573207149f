"""The fields of JSON that comes from outside, each of exactly its type, and what is wrong with one in words."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from reprlib import Repr
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from syndication.model.field_limits import MAX_ERRORS_LISTED

MAX_NUMBER = 2**53 - 1
"""The largest whole number that every JSON parser reads as it was written (RFC 8259 section 6)."""

MAX_DIMENSION = 2**31 - 1
"""Pixels and seconds: the largest number that an INTEGER of PostgreSQL holds."""

MAX_NAME_SHOWN = 60
"""Characters of a field's name in an error: strangers choose those that there are not."""

_SHORT = Repr()  # It looks at the first items of a list alone.

MAX_ID = 500
MAX_SECTION_NAME = 100
"""Characters: both are together in an index, of which PostgreSQL takes some 2,700 bytes a row."""


def _text(value: Any) -> Any:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("holds the character U+0000, which no database text may: take it out")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("holds half a surrogate pair, which is no character: take it out") from error
    return value


def _moment(value: Any) -> Any:
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise ValueError(f"is {kind(value)}: it should be a text like 2026-03-14T08:00:00+08:00 (RFC 3339)")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"is {short(value)}: it should be like 2026-03-14T08:00:00+08:00 (RFC 3339)") from error
    if moment.utcoffset() is None:
        raise ValueError(f"is {short(value)}, without a time zone: add one, like {value[:40]}+00:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"is {short(value)}: it should be in the years 1 to 9999, as UTC too") from error


def none_if_empty(value: Any) -> Any:
    """An empty text says the same as none."""
    return None if value == "" else value


def empty_list_if_none(value: Any) -> Any:
    """No list says the same as an empty one."""
    return [] if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
NonEmptyText = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
OptionalText = Annotated[Text | None, BeforeValidator(none_if_empty)]
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
    """Each wrong field, like ``authors.0.email``, and what is wrong with it, in words.

    ``known`` are the fields of an article, if it is one that is wrong. Beyond ``most`` of them they are only counted.
    """
    found = [(_place(problem["loc"]), _words(problem, known)) for problem in error.errors(include_url=False)[:most]]
    if (more := error.error_count() - len(found)) > 0:
        found.append(("", f"and {more:,} more"))
    return found


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:MAX_NAME_SHOWN] for part in loc) or "the body"


_TYPES = {
    "string_type": "a text",
    "list_type": "a list",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "model_type": "an object",
    "dict_type": "an object",
}


def _words(problem: Any, known: Collection[str]) -> str:
    of, value = problem["type"], problem["input"]
    top = len(problem["loc"]) == 1
    if of == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    if of == "missing":
        return "is missing: every article needs one" if top and problem["loc"][0] in known else "is missing"
    if of == "extra_forbidden":
        return _unknown(known if top else ())
    if of in ("string_too_short", "too_short", "string_too_long", "too_long"):
        return _length(value, problem["ctx"].get("max_length"))
    if of in _TYPES:
        return f"is {kind(value)}: it should be {_TYPES[of]}"
    return f"is {short(value)}: it {problem['msg'].removeprefix('Input ')}"


def _length(value: Any, most: int | None) -> str:
    unit = "character" if isinstance(value, str) else "item"
    if most is None:
        return f"is empty: it should have at least one {unit}"
    return f"has {len(value)} {unit}s: it should have at most {most}"


def _unknown(known: Collection[str]) -> str:
    return f"is not a field of an article: there are {', '.join(sorted(known))}" if known else "is not known here"


def short(value: Any) -> str:
    """A value as it may stand in a sentence."""
    text = repr(value[:80]) if isinstance(value, str) else _SHORT.repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", int: "a number"}


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    return "null" if value is None else _KINDS.get(type(value), "a number")
