"""What a file is, told by how it begins."""

from typing import Literal

FeedKind = Literal["xml", "json"]

SNIFFED = 2048
"""Bytes of a file that show its kind."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")


def feed_kind(first: bytes) -> FeedKind | None:
    """The kind of feed that a file with this first line is; None for JSON Lines."""
    if is_xml(first):
        return "xml"
    # JSON over several lines is a JSON Feed: JSON Lines has an object in each.
    if is_json_feed(first[:SNIFFED]) or first.strip() in (b"{", b"["):
        return "json"
    return None


def is_json_feed(start: bytes) -> bool:
    """Whether a file that begins so is a JSON Feed rather than JSON Lines."""
    return b"https://jsonfeed.org/version/" in start


def is_xml(start: bytes) -> bool:
    """Whether a file that begins so is RSS or Atom, in whatever encoding."""
    return start.startswith(_UTF16) or start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
