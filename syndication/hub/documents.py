"""The documents that are being pushed, in memory: one copy of each, however many subscribers it goes to."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

Key = tuple[str, str, int]
"""Section, format and version."""

KEPT_BYTES = 16 * 1024 * 1024
"""Documents that are kept though nobody is being sent them: their next subscribers come in a moment."""

MOST_BYTES = 64 * 1024 * 1024
"""Beyond, no further feeds are begun until some are done."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class PushedDocument:
    """A document as it is sent: its bytes and the headers that all subscribers get."""

    section: str
    format: str
    version: int
    digest: str
    published_at: datetime | None
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...]

    @property
    def key(self) -> Key:
        """What it is found by."""
        return self.section, self.format, self.version


class DocumentMemory:
    """Finds each document as long as anybody holds it, and the last ones within ``kept`` bytes."""

    def __init__(self, kept: int = KEPT_BYTES) -> None:
        self._kept = kept
        self._all: WeakValueDictionary[Key, PushedDocument] = WeakValueDictionary()
        self._last: OrderedDict[Key, PushedDocument] = OrderedDict()

    @property
    def size(self) -> int:
        """The bytes of all documents in memory."""
        return sum(len(document.body) for document in list(self._all.values()))

    def find(self, key: Key) -> PushedDocument | None:
        """Returns a document that is in memory."""
        return self._all.get(key)

    def add(self, document: PushedDocument) -> None:
        """Keeps a document; older ones that nobody holds are dropped beyond the limit."""
        self._all[document.key] = document
        self._last[document.key] = document
        while len(self._last) > 1 and sum(len(one.body) for one in self._last.values()) > self._kept:
            self._last.popitem(last=False)
