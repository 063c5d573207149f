"""Sentences with times in them. A time stays a time until it is shown, in the reader's time zone."""

from collections.abc import Callable
from datetime import datetime

Words = tuple[str | datetime, ...]
"""A sentence in parts."""

WriteTime = Callable[[datetime], str]


def words(*parts: "str | datetime | Words") -> Words:
    """Returns a sentence of these parts; a part may be a sentence itself."""
    found: list[str | datetime] = []
    for part in parts:
        found += part if isinstance(part, tuple) else (part,)
    return tuple(found)


def write(sentence: Words, write_time: WriteTime) -> str:
    """Returns the sentence as text."""
    return "".join(part if isinstance(part, str) else write_time(part) for part in sentence)


def utc(value: datetime) -> str:
    """Returns a time as the API and the command line write it in a sentence."""
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"
