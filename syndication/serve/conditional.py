"""Whether the client's copy is still good (RFC 9110 section 13).

Strangers write these headers: each is read once, in time that grows with its length alone, and nothing of it is kept.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

_TAG = re.compile(r'(?:W/)?"([^"]*)"(?:;[A-Za-z]+)?')

_SUFFIXES = frozenset(("", "-gzip", ";gzip", "-br", ";br", "-zstd", "--gzip"))
"""What may follow our tag: nothing, or what proxies that compress append (Apache's mod_deflate, Jetty, nginx)."""

MAX_LIST_LENGTH = 4096
"""Characters of If-None-Match. A cache names the copies that it has, of each coding and some old ones: one of ours has
some thirty characters. A longer list is nobody's, and matches nothing."""

MAX_TAGS = 64
"""Tags that are read of a list."""

MAX_DATE_LENGTH = 64
"""Characters of If-Modified-Since: the longest form of a date has 33 (RFC 9110 section 5.6.7)."""


def is_fresh(tag: str, modified: float | None, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Whether to answer 304; ``tag`` without quotes, ``modified`` in seconds since 1970.

    A recipient MUST ignore If-Modified-Since if the request contains If-None-Match (section 13.1.3), one that is too
    long included: the answer is then the whole feed, and never a wrong 304.
    """
    if if_none_match is not None:
        return _matches(if_none_match, tag)
    if if_modified_since is None or modified is None:
        return False
    since = _seconds(if_modified_since)
    return since is not None and modified <= since


def _matches(if_none_match: str, tag: str) -> bool:
    """Whether a list holds the tag, or is a star; compared weakly (section 13.1.2), so that W/ is of no account."""
    if len(if_none_match) > MAX_LIST_LENGTH:
        return False
    if tag not in if_none_match:  # What most lists that do not match come to, at the cost of one search.
        return if_none_match.strip() == "*"
    if '"' not in if_none_match:
        return _is_ours(if_none_match.strip(), tag)
    return any(_is_ours(found[1], tag) for found in islice(_TAG.finditer(if_none_match), MAX_TAGS))


def _is_ours(found: str, tag: str) -> bool:
    return found.startswith(tag) and found[len(tag) :] in _SUFFIXES


def _seconds(if_modified_since: str) -> float | None:
    """The time as seconds since 1970, None for what is no valid date (section 13.1.3: ignore it)."""
    if len(if_modified_since) > MAX_DATE_LENGTH:
        return None
    try:
        parsed = parsedate_to_datetime(if_modified_since)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        return (parsed - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
