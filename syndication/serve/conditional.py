"""Whether the client's copy is still good (RFC 9110 section 13)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_TAG = re.compile(r'(?:W/)?"([^"]*)"(?:;[A-Za-z]+)?')

_SUFFIXES = ("-gzip", ";gzip", "-br", ";br", "-zstd", "--gzip")
"""What proxies that compress append to a tag (Apache's mod_deflate, Jetty, nginx modules)."""

ANY = frozenset("*")


@lru_cache(maxsize=4096)
def tags(if_none_match: str) -> frozenset[str]:
    """The opaque tags of a list, ``ANY`` for a star; compared weakly, so that W/ is of no account."""
    if if_none_match.strip() == "*":
        return ANY
    found = set()
    for tag in _TAG.findall(if_none_match) or [if_none_match.strip()]:
        found.add(tag)
        found.update(tag[: -len(suffix)] for suffix in _SUFFIXES if tag.endswith(suffix))
    return frozenset(found)


@lru_cache(maxsize=4096)
def seconds(if_modified_since: str) -> float | None:
    """The time as seconds since 1970, None for what is no valid date (section 13.1.3: ignore it)."""
    try:
        parsed = parsedate_to_datetime(if_modified_since)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        return (parsed - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def is_fresh(tag: str, modified: float | None, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether to answer 304; ``tag`` without quotes, ``modified`` in seconds since 1970.

    A recipient MUST ignore If-Modified-Since if the request contains If-None-Match (section 13.1.3).
    """
    if if_none_match is not None:
        wanted = tags(if_none_match)
        return wanted is ANY or tag in wanted
    if if_modified_since is None or modified is None:
        return False
    since = seconds(if_modified_since)
    return since is not None and modified <= since
