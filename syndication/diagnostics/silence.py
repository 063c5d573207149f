"""Whether a section has published nothing for unusually long, for that section and that hour. Pure.

How long it has been silent now is compared with how long it had been at the same time of day on each of the days
before. A night without news is usual; the same silence at noon may be a feed that broke.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count, islice

from syndication.store.articles.hourly_counts import HourlyCount

DAYS = 28
"""Four of each day of the week: a section that rests on Sundays is not called silent on one."""

FEWEST_DAYS = 14
"""With fewer days to compare with, nothing is unusual yet."""

HISTORY = timedelta(days=DAYS + FEWEST_DAYS)
"""How far back the hours are read: days within the present silence say nothing of what is usual, those before do."""

RANK = 3
"""The third longest silence is the usual bound: two days may have been holidays, or out of order themselves."""

TIMES = 1.5
MORE = timedelta(minutes=30)
"""Unusual is what is that many times as long, and at least so much longer."""

LATE = timedelta(hours=1)
"""A story that comes at noon may come so much later: until then the silence before noon is a usual one."""


@dataclass(frozen=True, slots=True)
class Silence:
    """An unusual silence: since when, and how long it is at most on other days at this hour."""

    since: datetime
    usual: timedelta


def unusual_silence(hours: Sequence[HourlyCount], now: datetime, zone: tzinfo = UTC) -> Silence | None:
    """The silence of a section, if it is unusual; ``hours`` are those of the HISTORY, ``zone`` is the newsroom's."""
    moments = _moments(hours, now)
    if not moments:
        return None
    since = moments[-1]
    lengths = list(islice(_earlier(moments, now, zone), DAYS))
    if len(lengths) < FEWEST_DAYS:
        return None
    usual = sorted(lengths)[-RANK]
    lasted = now - since
    return Silence(since, usual) if lasted > TIMES * usual and lasted >= usual + MORE else None


def _moments(hours: Sequence[HourlyCount], now: datetime) -> list[datetime]:
    """When something appeared, as far as it is known: between the first and the last of an hour it is not."""
    known = {moment for hour in hours for moment in (hour.first, hour.last)}
    return sorted(moment for moment in known if moment <= now)


def _earlier(moments: Sequence[datetime], now: datetime, zone: tzinfo) -> Iterator[timedelta]:
    """How long it was silent at this time of day, one day after the other back to the first that is known."""
    local = now.astimezone(zone)
    for days in count(1):
        then = (local - timedelta(days=days)).astimezone(UTC)
        if then < moments[0] + LATE:
            return
        if then < moments[-1]:
            yield _longest(moments, then)


def _longest(moments: Sequence[datetime], then: datetime) -> timedelta:
    """The longest silence at any moment of the hour up to ``then``."""
    place = bisect_right(moments, then) - 1
    longest = then - moments[place]
    while place > 0 and moments[place] > then - LATE:
        longest = max(longest, moments[place] - moments[place - 1])
        place -= 1
    return longest
