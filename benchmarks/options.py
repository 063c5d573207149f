"""The options of all benchmarks: size, and source of the articles."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """``full`` is the size of the published figures, ``quick`` only tests that the benchmark works.

    ``articles`` is a JSON Lines file of real articles, used instead of generated ones. ``against`` is a commit or tag
    whose program is measured beside this one.
    """

    full: bool = False
    quick: bool = False
    articles: Path | None = None
    against: str | None = None

    def size(self, quick: T, usual: T, full: T | None = None) -> T:
        """Returns the value for this run; ``usual`` if there is no ``full`` one."""
        if self.quick:
            return quick
        return full if self.full and full is not None else usual
