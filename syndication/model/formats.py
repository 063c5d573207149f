"""What a language tag, a mail address and a media type look like: what does not would make a feed invalid."""

import re

# BCP 47 (RFC 5646 section 2.1), without the tags that it keeps for old times' sake alone.
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

# RFC 4287 section 3.2.3 asks for less; what every validator takes is a name, an @ and a host with a dot.
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\".]+(\.[^\s@<>()\[\]\\,;:\".]+)+")

_TOKEN = r"[a-z0-9!#$&^_.+*'`|~%-]+"  # noqa: S105  # RFC 9110 section 5.6.2
_MEDIA_TYPE = re.compile(
    rf"{_TOKEN}/{_TOKEN}(\s*;\s*{_TOKEN}=({_TOKEN}|\"[^\"\\]*\"))*",
    re.ASCII | re.IGNORECASE,
)


def language_tag(text: str) -> str | None:
    """``text`` as a language tag, zh_TW as zh-TW; None if it is none."""
    tag = text.strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def email_address(text: str) -> str | None:
    """``text`` if it looks like a mail address."""
    address = text.strip()
    return address if _EMAIL.fullmatch(address) else None


def media_type(text: str) -> str | None:
    """``text`` if it is a type and a subtype, perhaps with parameters (RFC 9110 section 8.3.1)."""
    found = text.strip()
    return found if _MEDIA_TYPE.fullmatch(found) else None
