"""The content codings of a body (RFC 9110 section 8.4.1). The same body always has the same bytes."""

from collections.abc import Callable, Mapping

import brotli
import zstandard
from zlib_ng import gzip_ng, zlib_ng

# Measured on 50 entries of real articles: above these levels, time grows tenfold for a few per cent of size,
# and compression takes most of the time from commit to served.
GZIP_LEVEL, BROTLI_QUALITY, ZSTD_LEVEL = 5, 5, 3

_GZIP_WINDOW = 31
"""zlib's windowBits for a gzip header and the largest window."""


def _gzip(body: bytes) -> bytes:
    # RFC 1952 section 2.3.1: the header holds a time; with 0, the same body always has the same bytes.
    compressed: bytes = gzip_ng.compress(  # type: ignore[no-untyped-call]  # its stubs leave it out
        body, compresslevel=GZIP_LEVEL, mtime=0
    )
    return compressed


def gunzip(body: bytes) -> bytes:
    """Returns the content of one gzip member (RFC 1952), such as a document of ours."""
    return zlib_ng.decompress(body, _GZIP_WINDOW)


def _brotli(body: bytes) -> bytes:
    compressed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
    return compressed


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)


COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {"br": _brotli, "zstd": _zstd, "gzip": _gzip}
"""The compressor of each content coding. All release the GIL."""
