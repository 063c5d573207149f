"""The common form of a value in both kinds of database, and the values that a kind cannot hold."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary

from syndication.store.db.types import UtcTime, utc_text

SMALL, LARGE = 2**31, 2**63
"""The limits of PostgreSQL's whole numbers, by type; SQLite's all have 64 bits."""


class InvalidValue(Exception):  # noqa: N818  # it is a state of the value
    """A value that cannot be copied; the message gives the reason, never the value, which may be secret."""


class NotUtf8(bytes):
    """A text of SQLite that is not UTF-8."""


def exact_text(raw: bytes) -> str | NotUtf8:
    """Returns a text as stored in SQLite; one that is not UTF-8 remains recognizable."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return NotUtf8(raw)


Reader = Callable[[Any], Any]
"""Converts a driver's value to the form that both databases share, or raises InvalidValue."""


def reader(column: Column[Any], target: str) -> Reader:
    """Returns the reader of a column's values for such a target: texts, whole numbers, bytes and times in UTC."""
    if isinstance(column.type, UtcTime):
        return _time
    if isinstance(column.type, LargeBinary):
        return _bytes
    if isinstance(column.type, Integer):  # Includes BigInteger.
        small = target == "postgresql" and not isinstance(column.type, BigInteger)
        return _below(SMALL if small else LARGE)
    return _text_without_nul if target == "postgresql" else _text


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, NotUtf8):
        raise InvalidValue("it is not UTF-8")
    raise InvalidValue(f"it is {_kind(value)}, not text")


def _text_without_nul(value: Any) -> str | None:
    text = _text(value)
    if text is not None and "\0" in text:
        raise InvalidValue("it contains U+0000 (NUL), which PostgreSQL cannot store")
    return text


def _below(limit: int) -> Reader:
    def read(value: Any) -> int | None:
        if value is None or (isinstance(value, int) and -limit <= value < limit):
            return value
        if isinstance(value, int):
            raise InvalidValue(f"it is {value}, over PostgreSQL's maximum of {limit - 1}")
        raise InvalidValue(f"it is {_kind(value)}, not a whole number")

    return read


def _bytes(value: Any) -> bytes | None:
    if value is None or (isinstance(value, bytes) and not isinstance(value, NotUtf8)):
        return value
    raise InvalidValue(f"it is {_kind(value)}, not bytes")


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        moment = datetime.fromisoformat(value)
        if utc_text(moment) == value:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidValue("it is not a time in the stored form, like 2026-01-31T08:00:00.000000Z")


def _kind(value: Any) -> str:
    kinds = {
        NotUtf8: "text that is not UTF-8",
        bytes: "a BLOB",
        str: "text",
        int: "a number",
        float: "a decimal number",
    }
    return kinds.get(type(value), f"of type {type(value).__name__}")
