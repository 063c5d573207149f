"""Where the pieces of a stored gzip body lie, and what each was made from: it is stored beside the body.

A worker whose memory has no pieces of a feed takes what did not change out of the published body. A piece is named by
a digest of everything that its bytes depend on (``joined_gzip``), so it is right in any version of any document.

    CRC-32 of all that follows and of the body, the offset of the first piece, then for each piece its key and length

The checksum is of both, because a wrong piece would make a document that no client can read. So an index that is not of
this body (an older program wrote the body and left the index), or one of them being damaged, gives no pieces at all.
"""

import struct
from collections.abc import Iterable

from zlib_ng import zlib_ng

KEY_LENGTH = 20
"""Bytes of a key: a shortened SHA-256."""

_CHECKSUM, _FIRST, _PIECE = struct.Struct(">I"), struct.Struct(">I"), struct.Struct(f">{KEY_LENGTH}sI")


def pack_index(body: bytes, first: int, pieces: Iterable[tuple[bytes, int]]) -> bytes:
    """Returns the index of a body whose pieces, with these keys and lengths, begin at ``first``."""
    rest = _FIRST.pack(first) + b"".join(_PIECE.pack(*piece) for piece in pieces)
    return _CHECKSUM.pack(zlib_ng.crc32(body, zlib_ng.crc32(rest))) + rest


def read_pieces(body: bytes, index: bytes) -> dict[bytes, bytes]:
    """Returns the pieces of a stored body by their keys; none unless the index is of this body."""
    rest = index[_CHECKSUM.size :]
    if len(rest) < _FIRST.size or (len(rest) - _FIRST.size) % _PIECE.size:
        return {}
    if _CHECKSUM.unpack_from(index)[0] != zlib_ng.crc32(body, zlib_ng.crc32(rest)):
        return {}
    found: dict[bytes, bytes] = {}
    (start,) = _FIRST.unpack_from(rest)
    for key, length in _PIECE.iter_unpack(rest[_FIRST.size :]):
        found[key] = body[start : start + length]
        start += length
    return found
