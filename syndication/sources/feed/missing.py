"""Finds the entries that were taken out of the middle of a feed. Pure.

A feed shows only its newest entries, so what vanishes from its end means nothing. What vanishes between two entries
that both stayed was taken out; unless the feed is another one, or in another order, than before. An entry that is
pinned at the end stays there while the older ones before it leave, so these may be no gap.
"""

from collections.abc import Collection, Sequence
from itertools import takewhile

MOST_REMOVED = 5
"""More than one in so many entries that vanish at once is not believed: a feed whose filter changed looks like that."""


def taken_out(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Returns the ids of ``before`` that are missing in ``now``, while a newer and an older entry of then are there.

    Next to the last entry, what makes room for new entries is not counted.
    """
    there = set(now)
    kept = [id for id in before if id in there]
    known = set(kept)
    if not kept or kept != [id for id in now if id in known]:
        return []
    first, last = before.index(kept[0]), before.index(kept[-1])
    missing = [id for id in before[first:last] if id not in there]
    if _last_stays(before, now):
        missing = missing[: len(missing) - _missing_at_end(before[:last], there)]
    return missing if len(missing) <= max(1, len(before) // MOST_REMOVED) else []


def _last_stays(before: Sequence[str], now: Sequence[str]) -> bool:
    """Returns whether the last entry may be pinned there: new ones came, and made none of them the last."""
    came = not set(now) <= set(before)
    return came and len(now) >= len(before) and now[-1] == before[-1]


def _missing_at_end(ids: Sequence[str], there: Collection[str]) -> int:
    return len(list(takewhile(lambda one: one not in there, reversed(ids))))
