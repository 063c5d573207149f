"""The types of settings: each validates a value and says what would be right."""

import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from syndication.config.selections import parse_term
from syndication.model.addresses import web_address
from syndication.model.body_limits import MIB
from syndication.model.field_limits import MAX_FEED_HTML
from syndication.model.formats import email_address, language_tag

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = ("all", "tag", "author")
"""Slugs with another meaning than a configured section."""

SECRET_LENGTH = 24


def _slug(value: str) -> str:
    if value in RESERVED:
        raise ValueError(f"is reserved (with {', '.join(RESERVED)}): choose another slug")
    if not SLUG.fullmatch(value):
        raise ValueError("should be lower-case letters and digits separated by single hyphens, like arts-leisure")
    return value


def _term(value: str) -> str:
    parse_term(value)
    return value


def _optional_slug(value: str) -> str:
    return _slug(value) if value else ""


def _address(value: str) -> str:
    if not re.fullmatch(r"[!-~]*", value) or re.search(r'[<>"{}|\\^`]', value):
        raise ValueError("should contain only ASCII and no spaces: write %20, and xn-- for a host")
    address = web_address(value)
    if address is None or re.match(r"https?://[^/]*:0(/|$)", address):
        raise ValueError("should start with https:// (or http://) and a host, like https://feeds.daily.example")
    if "?" in address or "#" in address:
        raise ValueError("should not contain ? or #, like https://feeds.daily.example")
    return address.rstrip("/")


def _optional_address(value: str) -> str:
    return _address(value) if value else ""


def _optional_color(value: str) -> str:
    if value and not re.fullmatch(r"#([0-9A-Fa-f]{3}){1,2}", value):
        raise ValueError("should be a colour like #9c2f12 (three or six hexadecimal digits), or empty")
    return value.lower()


def _language(value: str) -> str:
    if language_tag(value) != value:
        raise ValueError("should be a language tag like en, zh-Hant or zh-TW (BCP 47)")
    return value


def _optional_language(value: str) -> str:
    return _language(value) if value else ""


def _optional_email(value: str) -> str:
    if value and email_address(value) != value:
        raise ValueError("should be an email address like desk@daily.example, or empty")
    return value


def _authority(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(@[A-Za-z0-9.-]+)?", value):
        raise ValueError("should be a domain name that the newsroom owns, like daily.example (RFC 4151)")
    return value.lower()


def _article_size(value: int) -> int:
    if value > MAX_FEED_HTML // MIB:
        raise ValueError(f"should be at most {MAX_FEED_HTML // MIB}: no feed accepts a longer article")
    return value


def _day(value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("should be a date like 2026-01-01")
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("should be a valid date, like 2026-01-01") from error
    return value


def _clock_time(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("should be a time of day in UTC, like 03:30")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("should be a time zone from the IANA database, like Asia/Taipei or UTC") from error
    return value


def _secret(value: str) -> str:
    if value and len(value) < SECRET_LENGTH:
        # The error never shows the secret.
        raise ValueError(f"should have at least {SECRET_LENGTH} characters: `openssl rand -base64 32` generates one")
    return value


def _switch(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError("should be true or false")  # noqa: TRY004  # pydantic expects it
    return value


def _section_title(value: str) -> str:
    if "{section}" not in value or re.search(r"[{}]", re.sub(r"\{(section|site)\}", "", value)):
        raise ValueError("should have {section}, may have {site}, and no other braces, like {section} – {site}")
    return value


def _templates(value: str) -> str:
    """Validates URLs separated by spaces, each with optional placeholders."""
    for template in value.split():
        # A path begins with a slash itself.
        address = re.sub(r"\{(key|section|format)\}", "x", template.replace("{path}", "/x"))
        if re.search(r"[{}]", address):
            raise ValueError("should have no placeholders other than {key}, {section}, {format} and {path}")
        if not re.fullmatch(r"[!-~]*", address) or "@" in _address(address.partition("?")[0]):
            raise ValueError("should contain only ASCII and no user name: put credentials in the header Authorization")
    return value


def _story_address(value: str) -> str:
    """Validates the template of a story's address; a relative one belongs to site.home_url."""
    address = re.sub(r"\{(id|slug|section|year|month|day)\}", "x", value)
    if re.search(r"[{}]", address):
        raise ValueError("should have no placeholders other than {id}, {slug}, {section}, {year}, {month} and {day}")
    if value and not ("{id}" in value or "{slug}" in value):
        raise ValueError("should have {slug} or {id}, so that each story has an address of its own")
    if value and not re.fullmatch(r"/[!-~]*", address):
        _address(address.partition("?")[0].partition("#")[0])
    return value


def _method(value: str) -> str:
    if not re.fullmatch(r"[A-Z]+", value):
        raise ValueError("should be an HTTP method in capitals, like POST or PURGE")
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    """Validates headers. An underscore means a hyphen, which the name of a variable cannot contain."""
    # Headers from the environment come last, and override the file's whatever their case.
    named = {name.lower().replace("_", "-"): (name.replace("_", "-"), content) for name, content in value.items()}
    for name, (_, content) in named.items():
        if not re.fullmatch(r"[a-z0-9-]+", name) or name in ("content-length", "transfer-encoding"):
            raise ValueError(
                "should be headers by name, like Authorization, but not Content-Length or Transfer-Encoding"
            )
        if not re.fullmatch(r"[ -~]*", content):
            raise ValueError("should have ASCII values, each on one line")
    return dict(named.values())


Slug = Annotated[str, AfterValidator(_slug)]
TermText = Annotated[str, AfterValidator(_term)]
OptionalSlug = Annotated[str, AfterValidator(_optional_slug)]
StoryAddress = Annotated[str, AfterValidator(_story_address)]
Address = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[str, AfterValidator(_optional_address)]
OptionalColor = Annotated[str, AfterValidator(_optional_color)]
Language = Annotated[str, AfterValidator(_language)]
OptionalLanguage = Annotated[str, AfterValidator(_optional_language)]
OptionalEmail = Annotated[str, AfterValidator(_optional_email)]
Seconds = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=1000)]
Content = Literal["full", "summary"]
Switch = Annotated[bool, BeforeValidator(_switch)]
Text = Annotated[str, Field(min_length=1)]

Authority = Annotated[str, AfterValidator(_authority)]
Day = Annotated[str, AfterValidator(_day)]
SectionTitle = Annotated[str, AfterValidator(_section_title)]
Secret = Annotated[str, AfterValidator(_secret)]
ClockTime = Annotated[str, AfterValidator(_clock_time)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
AddressTemplates = Annotated[str, AfterValidator(_templates)]
HttpMethod = Annotated[str, AfterValidator(_method)]
HttpHeaders = Annotated[dict[str, Text], AfterValidator(_headers)]
ArticleMegabytes = Annotated[int, Field(ge=1), AfterValidator(_article_size)]


class TomlTable(BaseModel):
    """A table of the file; rejects unknown keys and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
