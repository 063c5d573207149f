"""Takes the content coding off a body, and stops soon after a limit: a small body can hold gigabytes."""

import re
import zlib

import brotli

from syndication.sources.reader import SourceError

PIECE = 2**16
MOST_MEMBERS = 1_000
"""A member of a gzip file costs time without a single byte in it; servers send one."""

_PADDING = re.compile(rb"\0*")


def decompressed(packed: bytes, coding: str, limit: int, host: str) -> bytes:
    """Returns the body without its content coding (RFC 9110, section 8.4); one at most is understood."""
    coding = coding.strip().lower()
    if not packed or coding in ("", "identity"):
        return packed
    decode = {"gzip": _gunzip, "x-gzip": _gunzip, "br": _unbrotli}.get(coding)
    if decode is None:
        raise SourceError(f"{host} answered in an encoding that was not asked for")
    try:
        body = decode(packed, limit)
    except (zlib.error, brotli.error) as error:
        raise SourceError(f"{host} answered with a body that cannot be decompressed") from error
    if len(body) > limit:
        raise SourceError(f"{host} answered with more than {limit:,} bytes")
    return body


def _gunzip(packed: bytes, limit: int) -> bytes:
    """Returns all members of a gzip file (RFC 1952, section 2.2); stops soon after ``limit`` bytes."""
    body, at = bytearray(), 0
    for _ in range(MOST_MEMBERS):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            # By pieces, because what follows a member is copied, and would be again for each member.
            piece = packed[at : at + PIECE]
            if not piece:
                raise zlib.error("it ends too early")
            body += member.decompress(piece, limit + 1 - len(body))
            if len(body) > limit:
                return bytes(body)
            at += len(piece) - len(member.unused_data)
        at = _PADDING.match(packed, at).end()  # type: ignore[union-attr]  # matches nothing too
        if at == len(packed):
            return bytes(body)
    raise SourceError(f"the answer is compressed in more than {MOST_MEMBERS:,} parts")


def _unbrotli(packed: bytes, limit: int) -> bytes:
    stream, body, at = brotli.Decompressor(), bytearray(), 0
    while not stream.is_finished() and len(body) <= limit:
        piece = packed[at : at + PIECE] if stream.can_accept_more_data() else b""
        more = stream.process(piece, output_buffer_limit=PIECE)
        if not piece and not more and stream.can_accept_more_data():
            raise brotli.error("it ends too early")
        at += len(piece)
        body += more
    return bytes(body)
