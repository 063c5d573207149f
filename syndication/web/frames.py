"""The protocol between the front and the editors process: one request and one response per Unix socket connection.

It is not HTTP: the web server has parsed the request once, and a second parser could read it differently. Both ends
are of the same release, because one starts the other.
"""

import json
import struct
from typing import Any

SIZES = struct.Struct("!IQ")
"""The first bytes: the lengths of the head and of the body that follows it, in bytes."""

LARGEST_HEAD = 1024 * 1024
"""A head holds headers, which the web server limits, and the served versions."""


def encode_head(head: dict[str, Any], body_length: int) -> bytes:
    """Returns the sizes and the head; the body follows."""
    encoded = json.dumps(head, ensure_ascii=True).encode()
    return SIZES.pack(len(encoded), body_length) + encoded


def decode_sizes(sizes: bytes) -> tuple[int, int]:
    """Returns the lengths of head and body; raises ValueError if the head is too large."""
    head, body = SIZES.unpack(sizes)
    if head > LARGEST_HEAD:
        raise ValueError(f"a head of {head} bytes")
    return head, body


def decode_head(head: bytes) -> dict[str, Any]:
    """Returns the decoded head."""
    decoded: dict[str, Any] = json.loads(head)
    return decoded
