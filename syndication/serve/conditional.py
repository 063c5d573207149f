"""Conditional requests: whether the client's copy is still current (RFC 9110 section 13).

The headers are untrusted input: each is read once, in time linear in its length, and not stored.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

_TAG = re.compile(r'(?:W/)?"([^"]*)"(?:;[A-Za-z]+)?')

_SUFFIXES = frozenset(("", "-gzip", ";gzip", "-br", ";br", "-zstd", "--gzip"))
"""Suffixes that compressing proxies append to an ETag (Apache's mod_deflate, Jetty, nginx)."""

MAX_LIST_LENGTH = 4096
"""The longest If-None-Match that is read, in characters. A cache lists its copies in each encoding and some old ones,
about 30 characters each. A longer list matches nothing."""

MAX_TAGS = 64
"""How many tags of a list are read."""

MAX_DATE_LENGTH = 64
"""The longest If-Modified-Since that is read, in characters: the longest date has 33 (RFC 9110 section 5.6.7)."""


def is_fresh(tag: str, modified: float | None, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Returns whether to answer 304; ``tag`` has no quotes, ``modified`` is in seconds since 1970.

    A recipient MUST ignore If-Modified-Since if the request contains If-None-Match (section 13.1.3), even one that is
    too long. The response is then the whole feed, never a wrong 304.
    """
    if if_none_match is not None:
        return _matches(if_none_match, tag)
    if if_modified_since is None or modified is None:
        return False
    since = _seconds(if_modified_since)
    return since is not None and modified <= since


def _matches(if_none_match: str, tag: str) -> bool:
    """Returns whether a list contains the tag or is "*"; the comparison is weak (section 13.1.2) and ignores W/."""
    if len(if_none_match) > MAX_LIST_LENGTH:
        return False
    if tag not in if_none_match:  # The usual mismatch, found by one search.
        return if_none_match.strip() == "*"
    if '"' not in if_none_match:
        return _is_ours(if_none_match.strip(), tag)
    return any(_is_ours(found[1], tag) for found in islice(_TAG.finditer(if_none_match), MAX_TAGS))


def _is_ours(found: str, tag: str) -> bool:
    return found.startswith(tag) and found[len(tag) :] in _SUFFIXES


def _seconds(if_modified_since: str) -> float | None:
    """Returns the time in seconds since 1970, or None for an invalid date, which is ignored (section 13.1.3)."""
    if len(if_modified_since) > MAX_DATE_LENGTH:
        return None
    try:
        parsed = parsedate_to_datetime(if_modified_since)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        return (parsed - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
