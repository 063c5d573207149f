"""Takes the content coding off a body, and stops soon after a limit: a small body can hold gigabytes."""

import zlib

import brotli

from syndication.sources.reader import SourceError

PIECE = 2**16


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
    """Returns all members of a gzip file; stops soon after ``limit`` bytes."""
    body = bytearray()
    while packed and len(body) <= limit:
        member = zlib.decompressobj(wbits=31)
        body += member.decompress(packed, limit + 1 - len(body))
        if not member.eof and len(body) <= limit:
            raise zlib.error("it ends too early")
        packed = member.unused_data.lstrip(b"\0")
    return bytes(body)


def _unbrotli(packed: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    body = bytearray(stream.process(packed, output_buffer_limit=PIECE))
    while not stream.is_finished() and len(body) <= limit:
        more = stream.process(b"", output_buffer_limit=PIECE)
        if not more and stream.can_accept_more_data():
            raise brotli.error("it ends too early")
        body += more
    return bytes(body)
