"""Caches the bytes of entries, cut out of whole documents: most entries of a regenerated feed did not change."""

from collections import OrderedDict
from typing import Any

from syndication.model.fragments import Fragments

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of fragments kept: about twenty thousand entries, as many as 200 feeds hold on a busy day."""


class FragmentCache:
    """The most recently used fragments, up to a size."""

    def __init__(self, memory: int = MAX_BYTES) -> None:
        self._memory = memory
        self.used = 0
        """The bytes in use."""
        self._kept: OrderedDict[Any, tuple[Fragments, int]] = OrderedDict()

    def get(self, key: Any) -> Fragments | None:
        """Returns the fragments of this entry if they are cached."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Any, fragments: Fragments, more: int = 0) -> None:
        """Adds fragments and evicts the least recently used ones; ``more`` is the size of the key."""
        size = len(fragments.atom) + len(fragments.rss) + len(fragments.json) + more
        _, before = self._kept.pop(key, (fragments, 0))
        self._kept[key] = (fragments, size)
        self.used += size - before
        while self.used > self._memory and len(self._kept) > 1:
            _, (_, freed) = self._kept.popitem(last=False)
            self.used -= freed

    def clear(self) -> None:
        """Removes everything."""
        self._kept.clear()
        self.used = 0


def cut(document: bytes, delimiters: tuple[bytes, bytes], end: bytes) -> tuple[bytes, list[bytes]]:
    """Returns the head of a document and its entries; the document is head + entries + ``end``.

    ``delimiters`` are the start and the end of an entry. Raises ValueError for any other structure.
    """
    begin, stop = delimiters
    if not document.endswith(end):
        raise ValueError(f"the document does not end in {end.decode()}")
    first = document.find(begin)
    if first < 0:
        return document[: -len(end)], []
    pieces = document[first : -len(end)].split(stop)
    if pieces.pop():
        raise ValueError("there is content after the last entry")
    return document[:first], [piece + stop for piece in pieces]
