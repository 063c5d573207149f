"""Detects that a section has published nothing for unusually long, for that section and hour. Pure.

The current silence is compared with the silence at the same time of day on each of the previous days. A night without
news is usual; the same silence at noon may mean a broken feed.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count, islice, pairwise

from syndication.store.articles.hourly_counts import HourlyCount

DAYS = 28
"""Four of each weekday, so that a section that rests on Sundays is not reported on a Sunday."""

FEWEST_DAYS = 14
"""With fewer days to compare, nothing is reported."""

HISTORY = timedelta(days=DAYS + FEWEST_DAYS)
"""How far back the hours are read: days within the current silence do not count, so earlier ones are needed."""

RANK = 3
"""The third longest silence is the usual maximum: two of the days may have been holidays or outages."""

TIMES = 1.5
MORE = timedelta(minutes=30)
"""A silence is unusual if it is longer than usual by this factor and at least this time."""

SELDOM = timedelta(hours=23)
"""A section that publishes no more often has no usual time of day: its longest silences count at any hour."""

LATE = timedelta(hours=1)
"""Tolerance for late articles: if one usually appears at noon, the silence before noon is usual until 13:00."""


@dataclass(frozen=True, slots=True)
class Silence:
    """An unusual silence: its start, and the usual maximum on other days at this hour."""

    since: datetime
    usual: timedelta


def unusual_silence(hours: Sequence[HourlyCount], now: datetime, zone: tzinfo = UTC) -> Silence | None:
    """Returns the section's silence if it is unusual; ``hours`` cover HISTORY, ``zone`` is the newsroom's."""
    moments = _moments(hours, now)
    if not moments:
        return None
    since = moments[-1]
    lengths = list(islice(_earlier(moments, now, zone), DAYS))
    if len(lengths) < FEWEST_DAYS:
        return None
    usual = sorted(lengths)[-RANK]
    gaps = sorted(later - earlier for earlier, later in pairwise(moments))
    if gaps[len(gaps) // 2] >= SELDOM:
        usual = max(usual, gaps[-RANK:][0])
    lasted = now - since
    return Silence(since, usual) if lasted > TIMES * usual and lasted >= usual + MORE else None


def _moments(hours: Sequence[HourlyCount], now: datetime) -> list[datetime]:
    """Returns the known publication times: the first and the last of each hour."""
    known = {moment for hour in hours for moment in (hour.first, hour.last)}
    return sorted(moment for moment in known if moment <= now)


def _earlier(moments: Sequence[datetime], now: datetime, zone: tzinfo) -> Iterator[timedelta]:
    """Yields the silence at this time of day for each previous day, newest first."""
    local = now.astimezone(zone)
    for days in count(1):
        then = (local - timedelta(days=days)).astimezone(UTC)
        if then < moments[0] + LATE:
            return
        if then < moments[-1]:
            yield _longest(moments, then)


def _longest(moments: Sequence[datetime], then: datetime) -> timedelta:
    """Returns the longest silence at any moment of the hour up to ``then``."""
    index = bisect_right(moments, then) - 1
    longest = then - moments[index]
    while index > 0 and moments[index] > then - LATE:
        longest = max(longest, moments[index] - moments[index - 1])
        index -= 1
    return longest
