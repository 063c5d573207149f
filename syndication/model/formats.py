"""Formats of times, language tags, email addresses and media types; invalid ones would make a feed invalid."""

import re
from datetime import UTC, datetime, timedelta

# BCP 47 (RFC 5646 section 2.1), without its grandfathered tags.
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}"  # language
    r"(-[a-z]{4})?"  # script
    r"(-([a-z]{2}|[0-9]{3}))?"  # region
    r"(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(-[a-wyz0-9](-[a-z0-9]{2,8})+)*"  # extensions
    r"(-x(-[a-z0-9]{1,8})+)?"
    r"|x(-[a-z0-9]{1,8})+",
    re.ASCII | re.IGNORECASE,
)

# RFC 4287 section 3.2.3 requires less; every validator accepts a name, an @ and a host with a dot.
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\".]+(\.[^\s@<>()\[\]\\,;:\".]+)+")

_TOKEN = r"[a-z0-9!#$&^_.+*'`|~%-]+"  # noqa: S105  # RFC 9110 section 5.6.2
_MEDIA_TYPE = re.compile(
    rf"{_TOKEN}/{_TOKEN}(\s*;\s*{_TOKEN}=({_TOKEN}|\"[^\"\\]*\"))*",
    re.ASCII | re.IGNORECASE,
)


def rfc3339(moment: datetime) -> str:
    """Returns a time in RFC 3339 format, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_LEAP_SECOND = re.compile(r"([^.,]*[0-9]{2}:?[0-9]{2}:?)60(?:[.,][0-9]+)?([Z+-].*|)", re.ASCII)


def parse_rfc3339(text: str) -> datetime:
    """Returns a time in RFC 3339, whose offset is optional here; raises ValueError for any other text.

    T and Z may be lower case (section 5.6). A leap second, which Python does not have, is the second after it.
    """
    text = text.upper()
    leap = _LEAP_SECOND.fullmatch(text)
    if leap is None:
        return datetime.fromisoformat(text)
    moment = datetime.fromisoformat(f"{leap[1]}59{leap[2]}")
    if not is_leap_second(moment):
        raise ValueError("a second 60 that was no leap second")
    return moment + timedelta(seconds=1)


def is_leap_second(moment: datetime) -> bool:
    """Returns whether a leap second may follow this second: they come at the end of a month in UTC (section 5.7)."""
    try:
        after = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    except OverflowError:
        return False
    return (after.day, after.hour, after.minute, after.second) == (1, 0, 0, 0)


def language_tag(text: str) -> str | None:
    """Returns ``text`` as a language tag (zh_TW becomes zh-TW), or None if it is invalid."""
    tag = text.strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def email_address(text: str) -> str | None:
    """Returns ``text`` without surrounding spaces if it looks like an email address, else None."""
    address = text.strip()
    return address if _EMAIL.fullmatch(address) else None


def media_type(text: str) -> str | None:
    """Returns ``text`` if it is a media type, with or without parameters (RFC 9110 section 8.3.1), else None."""
    found = text.strip()
    return found if _MEDIA_TYPE.fullmatch(found) else None
