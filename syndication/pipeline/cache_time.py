"""The cache time that a version's documents say (``ttl``, ``sy:``): it moves with the next version, and only then."""

from collections.abc import Iterable
from datetime import datetime

from syndication.model.freshness import Cadence, max_age, minute_of
from syndication.model.values import CachePolicy
from syndication.store.publishing.published import PublishedState


def published_max_age(policy: CachePolicy, current: PublishedState) -> int | None:
    """Returns the cache time that the published documents say, within today's bounds; None: the fixed one.

    Rendering with it, to see what changed, keeps a new cadence alone from changing a byte.
    """
    low, high = policy.bounds
    return None if low == high or current.max_age is None else min(max(current.max_age, low), high)


def next_max_age(policy: CachePolicy, times: Iterable[datetime], now: datetime) -> int | None:
    """Returns the cache time that a version of ``now`` says, in seconds; None: the fixed one.

    ``times`` are when its entries were published.
    """
    low, high = policy.bounds
    return None if low == high else max_age(policy, Cadence.of(times), minute_of(now) * 60)
