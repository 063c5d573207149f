"""Finds the entries that were taken out of the middle of a feed. Pure.

A feed shows only its newest entries, so what vanishes from its end means nothing. What vanishes between two entries
that both stayed was taken out; unless the feed is another one, or in another order, than before.
"""

from collections.abc import Sequence

MOST_REMOVED = 5
"""More than one in so many entries that vanish at once is not believed: a feed whose filter changed looks like that."""


def taken_out(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Returns the ids of ``before`` that are missing in ``now``, while a newer and an older entry of then are there."""
    there = set(now)
    kept = [id for id in before if id in there]
    known = set(kept)
    if not kept or kept != [id for id in now if id in known]:
        return []
    first, last = before.index(kept[0]), before.index(kept[-1])
    missing = [id for id in before[first:last] if id not in there]
    return missing if len(missing) <= max(1, len(before) // MOST_REMOVED) else []
