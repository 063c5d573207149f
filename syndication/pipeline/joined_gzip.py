"""gzip of a document whose pieces are compressed once: a new entry on top costs its own compression and a few others.

A member (RFC 1952 section 2.3) is a header, raw deflate data (RFC 1951), and the CRC-32 and length of the whole. Each
piece ends at a byte boundary, with an empty stored block (RFC 1951 section 3.2.4), so the data of pieces can be joined.
A piece may refer to the 32,768 bytes before it (section 2): it is compressed with the entries before it as a preset
dictionary, which need not be sent, because the decoder has just written them. So the data of a piece depends on these
bytes and its own alone. The head, which has a time and changes with each version, is no part of any dictionary.

The same document always has the same bytes, whatever is cached, or taken out of a body that is stored.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from zlib_ng import zlib_ng

from syndication.pipeline.piece_index import KEY_LENGTH, pack_index

LEVEL = 6
"""Measured on 50 entries of real articles: 1 % longer than a whole body at level 5; 7 takes half as long again."""

WINDOW = 32_768
"""How far back deflate refers (RFC 1951 section 2)."""

GROUP = 8_192
"""About the bytes compressed together. Each piece has code tables of its own, some 100 bytes: for short entries, that
would be a third of them."""

MAX_BYTES = 50 * 1024 * 1024
"""Bytes of compressed pieces kept, unless said otherwise: those of a hundred feeds of real articles."""

TASK = 65_536
"""Bytes that a thread compresses at a time: less costs more for handing it over than it takes."""

COLD = 65_536
"""The fewest bytes that are taken out of a stored body instead of being compressed: reading it takes as long."""

_RAW, _MEMORY = -15, 9
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""RFC 1952 section 2.3.1: deflate, no name, no time, an unknown system."""

_OVERHEAD = 300
"""Bytes of a cached piece besides its data: the key, the objects and their place."""

_REVISION = f"{LEVEL} {_MEMORY} {zlib_ng.ZLIBNG_RUNTIME_VERSION}".encode()
"""What else decides a piece's bytes. Another version of the library may make others, which may not be mixed."""

Key = bytes
"""A digest of all that a piece's bytes depend on: see ``_key``."""

Stored = Callable[[], Mapping[Key, bytes]]
"""Reads the pieces of the version that is stored."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A document: its bytes, the length of its ``head``, the lengths and SHA-256 of its entries, in order.

    ``separator`` is between two entries; what comes after the last one is the end.
    """

    body: bytes
    head: int
    sizes: Sequence[int]
    hashes: Sequence[bytes]
    separator: bytes


class Joined(NamedTuple):
    """A document in gzip, and the index of its pieces."""

    body: bytes
    pieces: bytes


@dataclass(frozen=True, slots=True)
class _Group:
    """Entries that are compressed together: where they begin and end in the document."""

    key: Key
    parts: Parts
    start: int
    stop: int

    def compress(self) -> bytes:
        """Returns its data, with the entries before it as the dictionary."""
        body, first = self.parts.body, max(self.parts.head, self.start - WINDOW)
        return _deflate(body[self.start : self.stop], body[first : self.start])


class PieceCache:
    """The most recently used compressed pieces, up to a size; for one thread."""

    def __init__(self, memory: int = MAX_BYTES) -> None:
        self._memory = memory
        self.used = 0
        """The bytes in use."""
        self._kept: OrderedDict[Key, bytes] = OrderedDict()

    def get(self, key: Key) -> bytes | None:
        """Returns the piece's data if it is cached."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Key, data: bytes) -> None:
        """Adds a piece and evicts the least recently used ones."""
        before = self._kept.pop(key, None)
        self.used += _size(key, data) - (0 if before is None else _size(key, before))
        self._kept[key] = data
        while self.used > self._memory and self._kept:
            self.used -= _size(*self._kept.popitem(last=False))


def gzip_joined(
    documents: Sequence[Parts], cache: PieceCache, pool: ThreadPoolExecutor, stored: Stored | None = None
) -> list[Joined]:
    """Returns each document as one gzip member, in order. The threads compress what is not cached.

    If that is most of it, as after a start, what did not change is taken from what is ``stored``.
    """
    grouped = [list(_groups(parts)) for parts in documents]
    found = {group.key: cache.get(group.key) for groups in grouped for group in groups}
    missing = {group.key: group for groups in grouped for group in groups if found[group.key] is None}
    if stored is not None and _is_cold(missing.values(), documents):
        kept = stored()
        for key in [key for key in missing if key in kept]:
            del missing[key]
            found[key] = kept[key]
            cache.put(key, kept[key])
    tasks: list[Future[list[tuple[Key, bytes]]]] = [pool.submit(_compress, some) for some in _shares(missing.values())]
    around = [_around(parts, groups) for parts, groups in zip(documents, grouped, strict=True)]
    for task in tasks:
        for key, data in task.result():
            found[key] = data
            cache.put(key, data)
    joined = []
    for groups, (start, end) in zip(grouped, around, strict=True):
        pieces = [(group.key, found[group.key] or b"") for group in groups]
        body = b"".join([start, *(data for _, data in pieces), end])
        joined.append(Joined(body, pack_index(body, len(start), ((key, len(data)) for key, data in pieces))))
    return joined


def _is_cold(missing: Iterable[_Group], documents: Sequence[Parts]) -> bool:
    """Returns whether more is missing than what is new: that, and what may refer to it, is in no stored version."""
    size = sum(group.stop - group.start for group in missing)
    return size > COLD and 2 * size > sum(len(parts.body) for parts in documents)


def _around(parts: Parts, groups: Sequence[_Group]) -> tuple[bytes, bytes]:
    """Returns what comes before and after the data of the entries: the end, CRC-32 and length (RFC 1952, 2.3.1)."""
    body, stop = parts.body, groups[-1].stop if groups else parts.head
    crc: int = zlib_ng.crc32(body)
    trailer = crc.to_bytes(4, "little") + (len(body) & 0xFFFF_FFFF).to_bytes(4, "little")
    return _HEADER + _deflate(body[: parts.head]), _deflate(body[stop:], last=True) + trailer


def _groups(parts: Parts) -> Iterator[_Group]:
    """Yields the entries in groups, whose ends depend on nothing but the last entry: another one moves no other end."""
    last, start, position = len(parts.sizes) - 1, parts.head, parts.head
    hashes: list[bytes] = []
    before: deque[tuple[bytes, int]] = deque()
    for n, (size, hash) in enumerate(zip(parts.sizes, parts.hashes, strict=True)):
        position += size + (len(parts.separator) if n else 0)
        hashes.append(hash)
        if n < last and not _ends_group(hash, size):
            continue
        # The length of a window says where it begins, and whether that is the first entry, without a separator.
        name, window = b"".join(hashes), min(start - parts.head, WINDOW)
        yield _Group(_key(parts.separator, name, b"".join(one for one, _ in before), window), parts, start, position)
        before.append((name, position))
        # Those before the window of the next group.
        while before[0][1] <= position - WINDOW:
            before.popleft()
        hashes, start = [], position


def _key(separator: bytes, name: bytes, before: bytes, window: int) -> Key:
    """Returns the key of entries: ``name`` is the SHA-256 of each, ``before`` those of the groups in the window."""
    fixed = b"%b %b %d %d\n" % (_REVISION, separator.hex().encode(), len(name), window)
    return sha256(fixed + name + before).digest()[:KEY_LENGTH]


def _ends_group(hash: bytes, size: int) -> bool:
    """Returns whether a group ends with an entry: for a share of the entries that gives groups of ``GROUP`` bytes."""
    return int.from_bytes(hash[:4]) * GROUP < size << 32


def _shares(groups: Iterable[_Group]) -> Iterator[list[_Group]]:
    share, size = list[_Group](), 0
    for group in groups:
        share.append(group)
        size += group.stop - group.start
        if size >= TASK:
            yield share
            share, size = [], 0
    if share:
        yield share


def _compress(groups: Sequence[_Group]) -> list[tuple[Key, bytes]]:
    return [(group.key, group.compress()) for group in groups]


def _deflate(text: bytes, window: bytes = b"", *, last: bool = False) -> bytes:
    made = zlib_ng.compressobj(LEVEL, zlib_ng.DEFLATED, _RAW, _MEMORY, zlib_ng.Z_DEFAULT_STRATEGY, window)
    data: bytes = made.compress(text) + made.flush(zlib_ng.Z_FINISH if last else zlib_ng.Z_SYNC_FLUSH)
    return data


def _size(key: Key, data: bytes) -> int:
    return _OVERHEAD + len(data) + len(key)
