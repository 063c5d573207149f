"""One entry of a feed as bytes, in each format, and what stands between and after the entries of a document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

import zstandard

DIGEST_LENGTH = 16

SEPARATORS: Mapping[str, bytes] = {"atom": b"", "rss": b"", "json": b","}
"""Between two entries of a document, by format."""

ENDS: Mapping[str, bytes] = {"atom": b"</feed>", "rss": b"</channel></rss>", "json": b"]}"}
"""After the last entry of a document, by format."""

_BETWEEN = b"\0"
"""Between the formats: neither XML nor JSON has it."""

_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Fragments:
    """One entry in each format."""

    atom: bytes
    rss: bytes
    json: bytes
    _hashes: dict[str, bytes] = field(default_factory=dict, init=False, compare=False, repr=False)
    _uses: dict[bytes, bool] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def largest(self) -> int:
        """The bytes of the entry in its largest format."""
        return max(len(self.atom), len(self.rss), len(self.json))

    @property
    def hashes(self) -> Mapping[str, bytes]:
        """The SHA-256 of the entry's bytes by format, calculated once: most entries of a feed did not change."""
        if not self._hashes:
            self._hashes.update({format: sha256(self.piece(format)).digest() for format in SEPARATORS})
        return self._hashes

    @property
    def digest(self) -> str:
        """A digest of the entry's bytes in every format."""
        hashes = self.hashes
        return sha256(hashes["atom"] + hashes["rss"] + hashes["json"]).hexdigest()[:DIGEST_LENGTH]

    def piece(self, format: str) -> bytes:
        """Returns the entry's bytes in one format."""
        return self.json if format == "json" else self.atom if format == "atom" else self.rss

    def uses(self, mark: bytes) -> bool:
        """Returns whether the item in RSS has this in it, looked for once."""
        found = self._uses.get(mark)
        if found is None:
            found = self._uses[mark] = mark in self.rss
        return found

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
        return cls(atom, rss, json)

    @property
    def _joined(self) -> bytes:
        return _BETWEEN.join((self.atom, self.rss, self.json))
