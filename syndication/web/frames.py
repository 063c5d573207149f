"""How the front and the editors process talk: one request and one answer on each connection of a Unix socket.

Not HTTP: a request was parsed once, by the web server, and nothing may be understood in another way behind it. Both
ends are of the same release, because one starts the other.
"""

import json
import struct
from typing import Any

SIZES = struct.Struct("!IQ")
"""What comes first: the length of the head and the length of the body that follows it, both in bytes."""

LARGEST_HEAD = 1024 * 1024
"""A head holds headers, which the web server has bounded, and the versions that are served."""


def encode_head(head: dict[str, Any], body_length: int) -> bytes:
    """The sizes and the head; the body is sent behind it."""
    encoded = json.dumps(head, ensure_ascii=True).encode()
    return SIZES.pack(len(encoded), body_length) + encoded


def decode_sizes(sizes: bytes) -> tuple[int, int]:
    """The lengths of head and body; ValueError for a head that nobody of ours writes."""
    head, body = SIZES.unpack(sizes)
    if head > LARGEST_HEAD:
        raise ValueError(f"a head of {head} bytes")
    return head, body


def decode_head(head: bytes) -> dict[str, Any]:
    """The head as it was written."""
    decoded: dict[str, Any] = json.loads(head)
    return decoded
