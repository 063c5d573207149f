"""Reads the dates of feeds: RFC 3339, the forms of ISO 8601 and RFC 822 that real feeds have, and the C library's.

A date without a time zone is in UTC; one that could mean two things is an error.
"""

import re
from datetime import UTC, datetime, timedelta

from syndication.errors import ArticleError
from syndication.importing.node import Node
from syndication.importing.zones import zone
from syndication.model.formats import is_leap_second
from syndication.model.json_types import short

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?"
)
_ZONE = r"(?P<zone>[^\d\s+-][\w/+:-]*|[+-][\d:]+|(?:GMT|UTC?)\s*[+-][\d:]+)?"
_WEEKDAY = r"(?:[^\W\d_]++\.?(?:\s*,\s*|\s+))?"
_MONTH = r"(?P<month>[^\W\d_]++)\.?"

_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # ISO 8601, RFC 3339 and W3CDTF: 2026-03-14T08:00:00+08:00, 2026-03-14 08:00, 2026-03-14, 2026-03, 2026
        rf"{_WEEKDAY}(?P<year>\d{{4}})(?:[-/.](?P<month>\d{{1,3}})(?:[-/.](?P<day>\d{{1,2}})(?:(?:\s*T\s*|\s+){_TIME})?)?)?\s*{_ZONE}",
        # 20260314T080000Z
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
        rf"(?:\s*T?\s*(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?\s*{_ZONE}",
        # RFC 822 and 2822: Sat, 14 Mar 2026 08:00:00 +0800
        # A minus belongs to the year: WordPress writes -0001 for a draft that has no date.
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]*{_MONTH},?[\s-]*(?<!\s-)(?P<year>\d{{2,4}}),?"
        rf"(?:\s*(?:-\s+)?{_TIME})?\s*{_ZONE}",
        # March 14, 2026 08:00:00, and with the dash of Drupal: March 14, 2026 - 08:00
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}),?"
        rf"(?:\s+(?:-\s+)?{_TIME})?\s*{_ZONE}",
        # asctime of C: Sat Mar 14 08:00:00 2026, also with a zone before the year
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+{_TIME}\s*{_ZONE}\s+(?P<year>\d{{4}})",
    )
)

LONGEST = 200
"""Characters: the patterns are not linear in all inputs."""


def date_of(node: Node, *names: str) -> datetime | None:
    """Returns the first date that can be read, in the order of the names; None if there is none.

    Raises ArticleError if there are some, and none can be read.
    """
    unreadable: ArticleError | None = None
    for text in (child.value for child in node.all(*names)):
        if text:
            try:
                return parse_date(text)
            except ArticleError as error:
                unreadable = unreadable or error
    if unreadable:
        raise unreadable
    return None


def parse_date(text: str) -> datetime:
    """Returns a date in UTC; raises ArticleError with what would be right."""
    written = " ".join(_without_comments(text).split()) if len(text) <= LONGEST else ""
    for form in _FORMS:
        if found := form.fullmatch(written):
            try:
                return _moment({key: value or "" for key, value in found.groupdict().items()})
            except ArticleError as error:
                raise ArticleError(f"the date is {short(text)}: {error}") from error
            except (ValueError, OverflowError, KeyError):
                continue
    raise ArticleError(f"the date is {short(text)}: it should be like Sat, 14 Mar 2026 08:00:00 +0800, or in RFC 3339")


def _moment(parts: dict[str, str]) -> datetime:
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if parts.get("half"):
        hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    midnight = (hour, minute, second) == (24, 0, 0)  # The end of the day (ISO 8601).
    leap = second == 60
    moment = datetime(
        _year(parts["year"]),
        _month(parts.get("month") or "1"),
        int(parts.get("day") or 1),
        0 if midnight else hour,
        minute,
        59 if leap else second,
        0 if leap else int((parts.get("fraction") or "0")[:6].ljust(6, "0")),
        zone(parts["zone"]),
    ).astimezone(UTC)
    if leap and not is_leap_second(moment):
        raise ValueError("no leap second")
    return moment + timedelta(days=midnight, seconds=leap)


def _year(text: str) -> int:
    """Returns a year with four digits (RFC 2822 section 4.3)."""
    year = int(text)
    return year + (2000 if year < 50 else 1900) if len(text) == 2 else year + 1900 if len(text) == 3 else year


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS[text.lower()]


def _without_comments(text: str) -> str:
    """Returns a date without its comments in brackets, which may be nested (RFC 822 section 3.4.3)."""
    kept: list[str] = []
    depth = 0
    characters = iter(text)
    for character in characters:
        if character == "\\":
            next(characters, "")
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
            kept.append(" ")
        elif not depth:
            kept.append(character)
    return "".join(kept)
