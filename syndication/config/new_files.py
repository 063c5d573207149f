"""The two configuration files of a new newsroom: checks each answer, and writes what was answered as TOML. Pure.

A check returns the value as it is stored, and raises ValueError with a sentence that says what would be right.
"""

import difflib
import json
import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from syndication.config.example_values import is_example_host
from syndication.config.selections import is_plain
from syndication.config.value_types import SLUG, Address, Authority, Language, Slug, TimeZone

PROXY = """\
# The web server in front of the service, which speaks https and passes on the reader's address (X-Forwarded-For).
# With a CDN before it that also does: 2.
trusted_proxies = 1
"""
"""What an https address needs, since the service itself speaks http."""

MAX_NAME = 200
"""Characters of a newsroom's or a section's name."""


@dataclass(frozen=True, slots=True)
class NewSection:
    """A section: its address and its name."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class NewNewsroom:
    """What was answered; ``authority_date`` is like 2026-01-01, and ``database_url`` None if the environment has it."""

    name: str
    base_url: str
    website: str
    authority: str
    authority_date: str
    language: str
    timezone: str
    sections: tuple[NewSection, ...]
    database_url: str | None


def check_newsroom_name(text: str) -> str:
    """Returns the name of a newsroom."""
    return _check_text(text, "the name")


def check_base_url(text: str) -> str:
    """Returns the public address of the feeds. A loopback address is right for a trial."""
    return _check_address(text, "the address of the feeds")


def check_website(text: str) -> str:
    """Returns the address of the website."""
    return _check_address(text, "the address of the website")


def check_authority(text: str) -> str:
    """Returns a domain that a newsroom owns."""
    authority = _check(Authority, text.strip(), "the domain")
    if "." not in authority.strip("."):
        raise ValueError(f"the domain should have a dot, like daily.example, not {authority!r}")
    if is_example_host(authority):
        raise ValueError(f"the domain {authority!r} is for examples (RFC 2606): enter one that the newsroom owns")
    return str(authority)


def check_language(text: str) -> str:
    """Returns a language tag."""
    return str(_check(Language, text.strip(), "the language"))


def check_timezone(text: str) -> str:
    """Returns a time zone; a misspelt one is answered with the nearest."""
    try:
        return str(_check(TimeZone, text.strip(), "the time zone"))
    except ValueError as error:
        known = {name.lower(): name for name in available_timezones()}
        near = difflib.get_close_matches(text.strip().lower(), known, 1)
        if not near:
            raise
        raise ValueError(f"there is no time zone {text.strip()!r}: did you mean {known[near[0]]}?") from error


def check_sections(text: str) -> tuple[NewSection, ...]:
    """Returns the sections of a list separated by commas, each ``Title`` or ``address=Title``."""
    return combine_sections([check_section(part) for part in text.split(",") if part.strip()])


def combine_sections(sections: list[NewSection]) -> tuple[NewSection, ...]:
    """Returns the sections; refuses two with one address."""
    seen: dict[str, str] = {}
    for section in sections:
        if section.slug in seen:
            raise ValueError(
                f"the sections {seen[section.slug]!r} and {section.title!r} would both be at {section.slug!r}:"
                f" write an address before one of them, like {section.slug}-2={section.title}"
            )
        seen[section.slug] = section.title
    return tuple(sections)


def check_section(text: str) -> NewSection:
    """Returns one section, ``Title`` or ``address=Title``; without an address, it is made of the title's letters."""
    given, equals, title = text.partition("=")
    title = _check_text(title if equals else given, "the name of a section")
    slug = given.strip() if equals else make_slug(title)
    if not slug:
        raise ValueError(
            f"the section {title!r} needs an address in the letters a to z: write it first, like world={title}"
        )
    return NewSection(str(_check(Slug, slug, "the address of a section")), title)


def make_slug(title: str) -> str:
    """Returns an address for a title, like arts-leisure; empty if it has no Latin letters or digits."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "".join(character if character.isalnum() else " " for character in plain).split()
    slug = "-".join(words)
    return slug if SLUG.fullmatch(slug) else ""


def suggest_authority(website: str) -> str | None:
    """Returns the domain of a website without www; None where that is no domain that anybody owns."""
    host = (urlsplit(website).hostname or "").removeprefix("www.").removeprefix("feeds.")
    try:
        return check_authority(host) if any(character.isalpha() for character in host) else None
    except ValueError:
        return None


def settings_text(newsroom: NewNewsroom) -> str:
    """Returns syndication.toml, with what was answered; all else has its default."""
    database = (
        f"[database]\nurl = {_quoted(newsroom.database_url)}\n"
        if newsroom.database_url is not None
        else "# [database] url comes from the environment (SYNDICATION_DATABASE__URL).\n"
    )
    return f"""\
# The settings of {newsroom.name}. Settings that are not here have their defaults: `syndication config` shows them all,
# and docs/operators.md explains them.

[site]
# The newsroom's name, shown in every feed.
title = {_quoted(newsroom.name)}
# The public address of the feeds.
base_url = {_quoted(newsroom.base_url)}
# The address of the website; relative addresses in articles are resolved against it.
home_url = {_quoted(newsroom.website)}
# Both are in the ID of every feed and entry. Never change them, or readers show every story again as new.
authority = {_quoted(newsroom.authority)}
authority_date = {_quoted(newsroom.authority_date)}
language = {_quoted(newsroom.language)}

{database}
[editors]
# The dashboard shows times in this time zone.
timezone = {_quoted(newsroom.timezone)}
{PROXY if newsroom.base_url.startswith("https:") else ""}"""


def sections_text(newsroom: NewNewsroom) -> str:
    """Returns sections.toml."""
    head = """\
# The sections. Each is served at /feeds/SLUG.atom, .rss and .json; /feeds/all.* has all stories. Articles are filed
# under the slug. To rename a section, change its slug and add formerly = ["old-slug"]: the old addresses redirect.
# `syndication reload` makes a running service read this file again.
"""
    tables = [
        f"\n[[section]]\nslug = {_quoted(section.slug)}\ntitle = {_quoted(section.title)}\n"
        for section in newsroom.sections
    ]
    return head + "".join(tables)


def _quoted(text: str) -> str:
    """Returns a basic string of TOML. JSON's escapes are TOML's; it leaves DEL as it is, which TOML forbids."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _check_text(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError(f"{what} is empty")
    if len(text) > MAX_NAME:
        raise ValueError(f"{what} has {len(text)} characters: it should have at most {MAX_NAME}")
    if not is_plain(text) or any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError(f"{what} has control characters: remove them")
    return text


def _check_address(text: str, what: str) -> str:
    address = str(_check(Address, text.strip(), what))
    host = urlsplit(address).hostname or ""
    if is_example_host(host):
        raise ValueError(f"{what} is {address!r}, and {host} is for examples (RFC 2606): enter your own")
    return address


def _check(kind: Any, text: str, what: str) -> Any:
    try:
        return TypeAdapter(kind).validate_python(text)
    except ValidationError as error:
        rule = error.errors()[0]["msg"].removeprefix("Value error, ").removeprefix("Input ")
        raise ValueError(f"{what} {rule}, not {text[:80]!r}") from error
