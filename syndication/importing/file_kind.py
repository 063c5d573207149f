"""Detects the kind of a file from its first bytes."""

import re
from typing import Literal

FeedKind = Literal["xml", "json"]

SNIFFED = 2048
"""Bytes of a file used to detect its kind."""

_PAGE = re.compile(
    # Possessive: comments could be told apart in a great many ways.
    rb"(?:\xef\xbb\xbf)?+(?:<!--.*?-->|<\?xml[^>]*+>|\s)*+<(?:!doctype\s+html|html|head|body)[\s>]",
    re.IGNORECASE | re.DOTALL,
)

_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")


def feed_kind(first: bytes) -> FeedKind | None:
    """Returns the kind of feed in a file with this first line; None for JSON Lines."""
    if is_xml(first):
        return "xml"
    # JSON across several lines is a JSON Feed: JSON Lines has one object per line.
    if is_json_feed(first[:SNIFFED]) or first.strip() in (b"{", b"["):
        return "json"
    return None


def is_json_feed(start: bytes) -> bool:
    """Returns whether a file that starts with these bytes is a JSON Feed rather than JSON Lines."""
    return b"https://jsonfeed.org/version/" in start


_NINJS = re.compile(rb'"(?:pub_?status|versioncreated|headlines?|body_\w+|bodies)"\s*:', re.IGNORECASE)


def is_ninjs_file(content: bytes) -> bool:
    """Returns whether JSON across several lines is one ninjs item rather than a JSON Feed, by the names in it."""
    return not is_json_feed(content) and b'"items"' not in content and _NINJS.search(content) is not None


def is_xml(start: bytes) -> bool:
    """Returns whether a file that starts with these bytes is RSS or Atom, in any encoding."""
    return start.startswith(_UTF16) or start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def is_web_page(content: bytes) -> bool:
    """Returns whether a file is an HTML page: what was saved, or what a server sends when it has no feed to send."""
    return _PAGE.match(content[:4096]) is not None
