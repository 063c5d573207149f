"""Splits long lists of ids into pieces that a statement of either database accepts."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

MAX_PARAMETERS = 500
"""Ids in one statement: far below SQLite's limit of 32,766 and PostgreSQL's of 65,535, and quick to plan."""


def batched(values: Sequence[T], size: int = MAX_PARAMETERS) -> Iterator[Sequence[T]]:
    """Yields ``values`` in order, at most ``size`` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
