"""The schema of the tables for old feed addresses in ``sections.toml``."""

import re
from typing import Annotated, Literal
from urllib.parse import quote, unquote_to_bytes

from pydantic import AfterValidator, Field

from syndication.config.value_types import Switch, TomlTable
from syndication.model.sitemaps import is_for_sitemaps

RESERVED_PATHS = (
    *("feeds", "api", "editors", "static", "healthz", "readyz", "metrics", ".well-known"),
    *("opml.xml", "feeds.json", "robots.txt", "combine", "hub"),
)
"""The first parts of the paths that the service itself answers, besides sitemaps."""

_PATH_SAFE = "/:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?%"


def as_sent(address: str) -> str:
    """Returns an address as clients send it: in ASCII, with other characters percent-encoded."""
    path, question_mark, query = address.partition("?")
    return quote(unquote_to_bytes(path), safe=_PATH_SAFE) + question_mark + quote(query, safe=_QUERY_SAFE)


def reserved(address: str) -> str | None:
    """Returns the part of our own paths that an address begins with, or None."""
    first = address.partition("?")[0].strip("/").partition("/")[0]
    return first if first in RESERVED_PATHS or is_for_sitemaps(f"/{first}") else None


def check_address(value: str) -> str:
    """Returns the address as clients send it; raises ValueError for one that no old feed can have."""
    if not value.startswith("/") or re.search(r"[\x00-\x20#\\]", value):
        raise ValueError("should be a path on the old site, with its query if it has one, like /category/world/feed/")
    if not value.partition("?")[0].strip("/") and "?" not in value:
        raise ValueError("is the home page: name the address of a feed, like /feed/ or /?feed=rss2")
    sent = as_sent(value)
    if first := reserved(sent):
        raise ValueError(f"begins with /{first}, which the service itself answers: it cannot be an old address")
    return sent


def _path(value: str) -> str:
    """Returns the path as clients send it; raises ValueError for one that no old site can have had."""
    rule = "should be the path under which the old site was, like /blog, or empty"
    if value and not re.fullmatch(r"(/[^\s\x00-\x1f/?#\\]+)+", value):
        raise ValueError(rule)
    sent = as_sent(value)
    if first := reserved(sent):
        raise ValueError(f"begins with /{first}, which the service itself answers: it {rule}")
    return sent


class OldFeedTable(TomlTable):
    """[[old_feed]]: one address that a feed had."""

    address: Annotated[str, AfterValidator(check_address)]
    section: str
    format: Literal["atom", "rss", "json"] = "rss"
    redirect: Switch = False


class OldSiteTable(TomlTable):
    """[[old_site]]: all addresses that a system gives to feeds; names there map to sections here."""

    system: Literal["wordpress", "ghost", "hugo", "drupal"]
    path: Annotated[str, AfterValidator(_path)] = ""
    redirect: Switch = False
    categories: dict[str, str] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    authors: dict[str, str] = Field(default_factory=dict)
    terms: dict[str, str] = Field(default_factory=dict)
    sections: dict[str, str] = Field(default_factory=dict)
    bases: dict[str, str] = Field(default_factory=dict)
