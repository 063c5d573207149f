"""Entries' bytes, cut out of whole documents and kept: most entries of a regenerated feed did not change."""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of fragments kept: some twenty thousand entries, as many as stand in 200 feeds on a busy day."""

DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Fragments:
    """One entry in each format."""

    atom: bytes
    rss: bytes
    json: str

    @property
    def largest(self) -> int:
        """Bytes of the entry in the format in which it has most."""
        return max(len(self.atom), len(self.rss), len(self.json.encode()))

    @property
    def digest(self) -> str:
        """Covers the entry's bytes in every format."""
        return sha256(b"\0".join((self.atom, self.rss, self.json.encode()))).hexdigest()[:DIGEST_LENGTH]


class FragmentCache:
    """The fragments used last, up to a size."""

    def __init__(self, memory: int = MAX_BYTES) -> None:
        self._memory = memory
        self.used = 0
        """Bytes that are kept."""
        self._kept: OrderedDict[Any, tuple[Fragments, int]] = OrderedDict()

    def get(self, key: Any) -> Fragments | None:
        """The fragments of this entry, if they are still here."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Any, fragments: Fragments, more: int = 0) -> None:
        """Keep them, and let go of those that were not used for longest; ``more`` is what the key takes."""
        size = len(fragments.atom) + len(fragments.rss) + 2 * len(fragments.json) + more
        _, before = self._kept.pop(key, (fragments, 0))
        self._kept[key] = (fragments, size)
        self.used += size - before
        while self.used > self._memory and len(self._kept) > 1:
            _, (_, freed) = self._kept.popitem(last=False)
            self.used -= freed

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.used = 0


def cut(document: bytes, delimiters: tuple[bytes, bytes], end: bytes) -> tuple[bytes, list[bytes]]:
    """The head of a document and its entries; the document is head + entries + ``end``.

    ``delimiters`` are how an entry begins and ends. Raises ValueError if the document is not made so.
    """
    begin, stop = delimiters
    if not document.endswith(end):
        raise ValueError(f"the document does not end in {end.decode()}")
    first = document.find(begin)
    if first < 0:
        return document[: -len(end)], []
    pieces = document[first : -len(end)].split(stop)
    if pieces.pop():
        raise ValueError("something stands behind the last entry")
    return document[:first], [piece + stop for piece in pieces]
