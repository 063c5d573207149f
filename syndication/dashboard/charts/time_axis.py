"""The stretch of time that a plot shows, cut into bars, in the newsroom's time zone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import TypeVar

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Not strftime's names, which are those of the process's locale.

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Bars of ``step`` each, the last of which holds now; ``starts`` are UTC, labels are in ``zone``."""

    starts: tuple[datetime, ...]
    step: timedelta
    zone: tzinfo

    @property
    def since(self) -> datetime:
        """Where the first bar begins."""
        return self.starts[0]

    @property
    def until(self) -> datetime:
        """Where the last bar ends."""
        return self.starts[-1] + self.step

    def sum_values(self, values: Iterable[tuple[datetime, V]], zero: V) -> list[V]:
        """The values added up by the bar in which their moments lie; those of other times are left out."""
        found = [zero] * len(self.starts)
        for moment, value in values:
            place = (moment - self.since) // self.step
            if 0 <= place < len(found):
                found[place] = found[place] + value  # type: ignore[operator]  # whatever can be added
        return found

    def labels(self) -> list[str]:
        """The local time at which each bar begins, for a table."""
        return [_full(start.astimezone(self.zone)) for start in self.starts]

    def times(self, hours: int) -> list[str]:
        """The time for each bar in which so many hours of a day begin, an empty text for the others."""
        return [f"{moment:%H:%M}" if moment else "" for moment in self._begun(timedelta(hours=hours))]

    def days(self, *, dates: bool) -> list[str]:
        """The day for each bar in which one begins, an empty text for the others."""
        return [_day(moment, dates=dates) if moment else "" for moment in self._begun(DAY)]

    def _begun(self, every: timedelta) -> list[datetime | None]:
        """What begins within each bar: after the clocks were changed, bars do not begin with the days themselves."""
        edges = [_floor((edge - INSTANT).astimezone(self.zone), every) for edge in (*self.starts, self.until)]
        return [after if after != before else None for before, after in pairwise(edges)]


def day(now: datetime, zone: tzinfo, minutes: int = 30) -> TimeAxis:
    """The last 24 hours, in bars of so many minutes: a divisor of a day."""
    return _time_axis(now, zone, DAY, timedelta(minutes=minutes))


def week(now: datetime, zone: tzinfo, hours: int = 3) -> TimeAxis:
    """The last seven days, in bars of so many hours: a divisor of 24."""
    return _time_axis(now, zone, 7 * DAY, timedelta(hours=hours))


def _time_axis(now: datetime, zone: tzinfo, length: timedelta, step: timedelta) -> TimeAxis:
    local = now.astimezone(zone)
    last = now.astimezone(UTC) - _since_midnight(local) % step
    bars = length // step
    return TimeAxis(tuple(last - step * place for place in reversed(range(bars))), step, zone)


def _since_midnight(local: datetime) -> timedelta:
    """What the clock on the wall says, also on the day on which it is changed."""
    return timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _floor(local: datetime, every: timedelta) -> datetime:
    wall = local.replace(tzinfo=None)
    return wall - _since_midnight(wall) % every


def _day(local: datetime, *, dates: bool) -> str:
    return f"{WEEKDAYS[local.weekday()]} {local.day}" if dates else WEEKDAYS[local.weekday()]


def _full(local: datetime) -> str:
    return f"{_day(local, dates=True)} {MONTHS[local.month - 1]}, {local:%H:%M}"
