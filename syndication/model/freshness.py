"""How long readers may wait before they ask again: from a feed's own recent cadence and the hour of day. Pure.

A feed's publication times give the expected time until its next story; max-age is a tenth of that, within the bounds of
its ``CachePolicy``. So a reader that asks at that pace shows a story after a twentieth of the usual gap between two.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from syndication.model.values import CachePolicy

HOUR, DAY = 3600, 86400

SHARE = 10
"""max-age is the expected time until the next story, divided by this."""

BURST_SECONDS, BURST_STORIES = 1800, 3
"""So many stories within so many seconds are breaking news: their own pace counts at once."""

LATEST = 12
"""How many of the newest times are kept for that."""

FEWEST = 3
"""Fewer stories have no cadence; the feed's fixed ``browser`` time is used."""

FLAT = 0.2
"""The share of stories that are expected at any hour alike: a story may come at night, too."""

LONGEST_WAIT = 30 * DAY

STEPS = (
    *range(1, 15), *range(15, 60, 5), *range(60, 300, 30), *range(300, 900, 60), *range(900, HOUR, 300),
    *range(HOUR, DAY, 900),
    DAY,
)  # fmt: skip
"""The values of max-age between the bounds, in seconds, so that the header does not move each minute."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """When a feed's stories were published; times in seconds since 1970.

    ``hours`` has the number of stories by UTC hour of day, since ``first``; ``latest`` the newest times, newest first.
    """

    first: int
    hours: tuple[int, ...]
    latest: tuple[int, ...]

    @classmethod
    def of(cls, times: Iterable[datetime]) -> "Cadence | None":
        """Returns the cadence of a feed with these publication times; None for fewer than FEWEST."""
        newest = sorted((int(time.timestamp()) for time in times), reverse=True)
        if len(newest) < FEWEST:
            return None
        hours = [0] * 24
        for second in newest:
            hours[second % DAY // HOUR] += 1
        return cls(newest[-1], tuple(hours), tuple(newest[:LATEST]))

    def to_text(self) -> str:
        """Returns the stored form: JSON."""
        return json.dumps([self.first, self.hours, self.latest], separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str | None) -> "Cadence | None":
        """Returns the cadence of a stored form; None for none, or for one that no program of ours wrote."""
        try:
            first, hours, latest = json.loads(text or "")
            known = cls(int(first), tuple(map(int, hours)), tuple(map(int, latest)))
        except (ValueError, TypeError):
            return None
        return known if len(known.hours) == 24 and sum(known.hours) > 0 and min(known.hours) >= 0 else None


def max_age(policy: CachePolicy, cadence: Cadence | None, now: float) -> int:
    """Returns the max-age of a feed at ``now`` (seconds since 1970), in seconds, within the bounds of its policy."""
    low, high = policy.bounds
    if low == high or cadence is None:
        return policy.browser
    wanted = expected_wait(cadence, now) / SHARE
    return min(max(_step(wanted), low), high)


def expected_wait(cadence: Cadence, now: float) -> float:
    """Returns the expected seconds until the next story: by the hours to come, or by the burst that is going on."""
    usual, burst = _usual_wait(cadence, now), burst_stories(cadence, now)
    return min(usual, BURST_SECONDS / burst) if burst else usual


def burst_stories(cadence: Cadence, now: float) -> int:
    """Returns how many stories the burst has that is going on at ``now``, LATEST at most; 0: there is none."""
    burst = sum(now - BURST_SECONDS < second for second in cadence.latest)
    return burst if burst >= BURST_STORIES else 0


def _usual_wait(cadence: Cadence, now: float) -> float:
    """Returns when the rates of the hours from ``now`` on add up to one story.

    Without stories the time since ``first`` grows, and the rates fall.
    """
    stories = sum(cadence.hours)
    span = max(now - cadence.first, HOUR)
    if span < DAY:  # Nothing is known of the other hours.
        return min(span / stories, LONGEST_WAIT)
    rates = _rates(cadence.hours, span / DAY)
    days, missing = divmod(1.0, sum(rates))
    wait, left = days * DAY, HOUR - now % HOUR
    hour = int(now % DAY // HOUR)
    for _ in range(25):
        rate = rates[hour] / HOUR
        if rate * left >= missing:
            wait += missing / rate
            break
        missing -= rate * left
        wait += left
        hour, left = (hour + 1) % 24, HOUR
    return min(wait, LONGEST_WAIT)


def _rates(hours: tuple[int, ...], days: float) -> list[float]:
    """Returns the stories expected in each hour of a day, smoothed over the hours beside it."""
    even = sum(hours) / 24
    around = [(hours[h - 1] + 2 * hours[h] + hours[(h + 1) % 24]) / 4 for h in range(24)]
    return [((1 - FLAT) * own + FLAT * even) / days for own in around]


def _step(seconds: float) -> int:
    """Returns the largest step that is not longer; 0 below the first."""
    place = bisect_right(STEPS, seconds)
    return STEPS[place - 1] if place else 0


def minute_of(now: datetime) -> int:
    """Returns the minute since 1970: all processes calculate with whole minutes, and agree."""
    return int(now.astimezone(UTC).timestamp()) // 60
