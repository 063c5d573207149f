"""How often readers are asked to poll a feed now, and why, in plain words. Pure."""

from dataclasses import dataclass

from syndication.model.freshness import FEWEST, Cadence, burst_stories, expected_wait, max_age
from syndication.model.values import CachePolicy

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
"""Units of time and their seconds."""


@dataclass(frozen=True, slots=True)
class CacheTime:
    """A feed's current max-age in seconds, and the reason for it: part of a sentence, without a full stop."""

    seconds: int
    reason: str

    @property
    def sentence(self) -> str:
        """The whole sentence: "Readers are asked to poll every 2 minutes: 8 stories in the last 30 minutes."."""
        pace = f"every {every(self.seconds)}" if self.seconds else "whenever they need the feed"
        return f"Readers are asked to poll {pace}: {self.reason}."


def cache_time(policy: CachePolicy, cadence: Cadence | None, now: float) -> CacheTime:
    """Returns the cache time of a feed at ``now`` (seconds since 1970); ``cadence`` is None for too few stories."""
    low, high = policy.bounds
    seconds = max_age(policy, cadence, now)
    if low == high:
        return CacheTime(seconds, "a fixed time in the configuration")
    if cadence is None:
        return CacheTime(seconds, f"the configured time for a feed with fewer than {FEWEST} stories")
    burst = burst_stories(cadence, now)
    if burst:
        stories = f"{burst} or more" if burst == len(cadence.latest) < sum(cadence.hours) else f"{burst}"
        reason = f"{stories} {'story' if stories == '1' else 'stories'} in the last 30 minutes"
    else:
        reason = f"the next story is expected in about {about(expected_wait(cadence, now))}"
    limit = {low: "shortest", high: "longest"}.get(seconds)
    return CacheTime(seconds, reason + (f" ({limit} time that the configuration allows)" if limit else ""))


def every(seconds: int) -> str:
    """Returns a pace as it stands after "every", exactly: "minute", "90 seconds", "2 hours"."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0 and seconds >= size)
    return _number(seconds // size, unit).removeprefix("1 ")


def about(seconds: float) -> str:
    """Returns a rounded duration: "20 minutes", "3 hours"."""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= 2 * size), UNITS[-1])
    return _number(max(round(seconds / size), 1), unit)


def _number(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
