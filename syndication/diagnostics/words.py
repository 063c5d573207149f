"""Sentences with times in them. A time stays a time until it is shown, in the reader's time zone."""

from collections.abc import Callable
from datetime import datetime, timedelta

Words = tuple[str | datetime, ...]
"""A sentence in parts."""

SPANS = ((86400, "d"), (3600, "h"), (60, "min"))
"""Units and their seconds."""

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


def span(seconds: float | timedelta) -> str:
    """Returns a duration: "3 min"."""
    number = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    for size, unit in SPANS:
        if number >= size:
            return f"{number / size:.0f} {unit}"
    return f"{max(number, 0):.0f} s"
