"""How much to measure, and with whose articles."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """``full`` is the size that the claims are about, ``quick`` a trial that only shows that it works.

    ``articles`` is a JSON Lines file of real articles, used instead of made-up ones.
    """

    full: bool = False
    quick: bool = False
    articles: Path | None = None

    def size(self, quick: T, usual: T, full: T | None = None) -> T:
        """The value for this run; without a ``full`` one the usual."""
        if self.quick:
            return quick
        return full if self.full and full is not None else usual
