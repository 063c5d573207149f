"""The period of a chart, divided into bars, in the newsroom's time zone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import TypeVar

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Not strftime, whose names depend on the process's locale.

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Bars of ``step`` each; the last one contains now. ``starts`` are UTC, labels are in ``zone``."""

    starts: tuple[datetime, ...]
    step: timedelta
    zone: tzinfo

    @property
    def since(self) -> datetime:
        """Returns the start of the first bar."""
        return self.starts[0]

    @property
    def until(self) -> datetime:
        """Returns the end of the last bar."""
        return self.starts[-1] + self.step

    def sum_values(self, values: Iterable[tuple[datetime, V]], zero: V) -> list[V]:
        """Returns the sum of the values per bar; values outside the period are ignored."""
        found = [zero] * len(self.starts)
        for moment, value in values:
            index = (moment - self.since) // self.step
            if 0 <= index < len(found):
                found[index] = found[index] + value  # type: ignore[operator]  # any type with addition
        return found

    def labels(self) -> list[str]:
        """Returns the local start of each bar, for a table."""
        return [_full(start.astimezone(self.zone)) for start in self.starts]

    def times(self, hours: int) -> list[str]:
        """Returns a time for each bar in which a period of ``hours`` begins, and an empty string for the others."""
        return [f"{moment:%H:%M}" if moment else "" for moment in self._begun(timedelta(hours=hours))]

    def days(self, *, dates: bool) -> list[str]:
        """Returns a day for each bar in which one begins, and an empty string for the others."""
        return [_day(moment, dates=dates) if moment else "" for moment in self._begun(DAY)]

    def _begun(self, every: timedelta) -> list[datetime | None]:
        """Returns the period that begins within each bar; after a clock change, the two start at different times."""
        edges = [_floor((edge - INSTANT).astimezone(self.zone), every) for edge in (*self.starts, self.until)]
        return [after if after != before else None for before, after in pairwise(edges)]


def day(now: datetime, zone: tzinfo, minutes: int = 30) -> TimeAxis:
    """Returns the last 24 hours in bars of ``minutes``, which must divide a day."""
    return _time_axis(now, zone, DAY, timedelta(minutes=minutes))


def week(now: datetime, zone: tzinfo, hours: int = 3) -> TimeAxis:
    """Returns the last 7 days in bars of ``hours``, which must divide 24."""
    return _time_axis(now, zone, 7 * DAY, timedelta(hours=hours))


def _time_axis(now: datetime, zone: tzinfo, length: timedelta, step: timedelta) -> TimeAxis:
    local = now.astimezone(zone)
    last = now.astimezone(UTC) - _since_midnight(local) % step
    bars = length // step
    return TimeAxis(tuple(last - step * place for place in reversed(range(bars))), step, zone)


def _since_midnight(local: datetime) -> timedelta:
    """Returns the time since local midnight by the clock, also on the day of a clock change."""
    return timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _floor(local: datetime, every: timedelta) -> datetime:
    wall = local.replace(tzinfo=None)
    return wall - _since_midnight(wall) % every


def _day(local: datetime, *, dates: bool) -> str:
    return f"{WEEKDAYS[local.weekday()]} {local.day}" if dates else WEEKDAYS[local.weekday()]


def _full(local: datetime) -> str:
    return f"{_day(local, dates=True)} {MONTHS[local.month - 1]}, {local:%H:%M}"
