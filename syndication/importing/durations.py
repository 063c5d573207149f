"""Reads durations: ``itunes:duration`` in its forms, and that of Media RSS, which is in seconds."""

import re

from syndication.importing.fields import number
from syndication.model.json_types import MAX_DIMENSION

# Hours and minutes may be missing: 1:02:03, 34:00, 2040; seconds may have a fraction.
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)", re.ASCII)
_ISO = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.ASCII | re.IGNORECASE)


def seconds(text: str) -> int | None:
    """Returns a duration in whole seconds; None if it is unusable or nothing, as programs write for an unknown one."""
    found = _CLOCK.fullmatch(text.strip()) or _ISO.fullmatch(text.strip())
    if found is None or len(text) > 40:
        return None
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    return number(hours * 3600 + minutes * 60 + rest, MAX_DIMENSION) or None
