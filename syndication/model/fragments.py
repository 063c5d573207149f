"""One entry of a feed as bytes, in each format."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Self

import zstandard

DIGEST_LENGTH = 16

_BETWEEN = b"\0"
"""Between the formats: neither XML nor JSON has it."""

_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Fragments:
    """One entry in each format."""

    atom: bytes
    rss: bytes
    json: str

    @property
    def largest(self) -> int:
        """The bytes of the entry in its largest format."""
        return max(len(self.atom), len(self.rss), len(self.json.encode()))

    @property
    def digest(self) -> str:
        """A digest of the entry's bytes in every format."""
        return sha256(self._joined).hexdigest()[:DIGEST_LENGTH]

    def pack(self) -> bytes:
        """Returns it compressed, to be stored; the formats share their words, so three cost little more than one."""
        return zstandard.ZstdCompressor(level=_LEVEL).compress(self._joined)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Returns the entry that ``pack`` packed; raises ValueError for other bytes."""
        try:
            atom, rss, json = zstandard.ZstdDecompressor().decompress(packed).split(_BETWEEN)
        except zstandard.ZstdError as error:
            raise ValueError(f"a stored entry cannot be read: {error}") from error
        return cls(atom, rss, json.decode())

    @property
    def _joined(self) -> bytes:
        return _BETWEEN.join((self.atom, self.rss, self.json.encode()))
