"""Time zones as feeds write them: offsets, the names of RFC 822, and names of zones that mean one thing only."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syndication.errors import ArticleError

_OFFSET = re.compile(r"(?:GMT|UTC?)?\s*([+-])(\d{1,2}):?(\d{2})?", re.IGNORECASE)

_HOURS = {
    "UT": 0, "GMT": 0, "UTC": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "PKT": 5, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "ADT": -3,
}  # fmt: skip
"""Those of RFC 822 (CST is that of North America there, and EST too), and others without a second meaning in feeds."""

_PLACES = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}


def zone(text: str) -> tzinfo:
    """Returns the time zone; UTC for none. Raises ArticleError for an unknown one: guessed, it would be hours wrong."""
    name = text.strip()
    # RFC 2822 section 4.3: the letters of the military were used with both signs, so they say nothing.
    if not name or (len(name) == 1 and name.isascii() and name.isalpha() and name not in "Jj"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset[1], int(offset[2]), int(offset[3] or 0)
        if hours < 24 and minutes < 60:
            return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if sign == "-" else 1))
    if (known := _HOURS.get(name.upper())) is not None:
        return timezone(timedelta(hours=known))
    try:
        if name.upper() in _PLACES or "/" in name:
            return ZoneInfo(_PLACES.get(name.upper(), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ArticleError(f"the time zone is {name[:40]!r}, which can mean several or none: use an offset like +0800")
