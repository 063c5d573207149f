"""Looks up pairs of values by an index of two columns."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

MAX_PAIRS = 250
"""Pairs in one condition: SQLite accepts expressions up to a depth of 1,000."""


def is_one_of(first: Any, second: Any, pairs: Iterable[tuple[Any, Any]]) -> ColumnElement[bool]:
    """Returns whether two columns have one of these pairs of values: at most ``MAX_PAIRS``.

    Each is a condition of its own, because for ``(first, second) IN (VALUES …)`` SQLite reads the whole table.
    """
    return or_(false(), *(and_(first == one, second == other) for one, other in pairs))
