"""What the dashboard's plots show: publications, polls and the share of 304, as numbers by bar. Pure.

``svg`` makes a picture of a figure; its rows are the same numbers as a table, for those who see no picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndication.dashboard.charts.time_axis import TimeAxis
from syndication.store.articles.hourly_counts import HourlyCount
from syndication.store.processes.poll_counts import NONE, PollSums

NO_POLLS = "No polls in this time"
NO_PUBLICATIONS = "No publications in this time"


@dataclass(frozen=True, slots=True)
class Series:
    """One number for each bar, None where there is none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot in numbers; ``empty`` says what there is none of, and is shown in the place of a picture of nothing."""

    title: str
    axis: TimeAxis
    kind: Literal["bars", "percent"]
    series: tuple[Series, ...]
    empty: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not any(value is not None if self.kind == "percent" else value for value in self._values())

    @property
    def header(self) -> tuple[str, ...]:
        """The heads of the table's columns."""
        return ("From", *(series.name for series in self.series))

    def rows(self) -> list[tuple[str, ...]]:
        """The table: for each bar the local time at which it begins, and its numbers."""
        columns = [[self._text(value) for value in series.values] for series in self.series]
        return list(zip(self.axis.labels(), *columns, strict=True))

    def _values(self) -> Iterable[float | None]:
        return (value for series in self.series for value in series.values)

    def _text(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value:.0f} %" if self.kind == "percent" else f"{value:,.0f}"


def publications(title: str, hours: Iterable[Sequence[HourlyCount]], axis: TimeAxis) -> Chart:
    """How many articles appeared, in one section or in several: in several it may be the same article."""
    moments = ((hour.first, hour.count) for some in hours for hour in some)
    series = Series("Articles", tuple(axis.sum_values(moments, 0)))
    return Chart(title, axis, "bars", (series,), NO_PUBLICATIONS)


def polls(title: str, counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> Chart:
    """How often feeds were asked for, and whether the answer was the whole feed or that nothing is new."""
    sums = _polls(counted, axis)
    full = Series("Whole feed (200)", tuple(bar.full for bar in sums))
    same = Series("Nothing new (304)", tuple(bar.not_modified for bar in sums))
    return Chart(title, axis, "bars", (full, same), NO_POLLS)


def share(title: str, counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> Chart:
    """The share of polls, in percent, that were answered with nothing new."""
    shares = tuple(None if bar.share is None else 100 * bar.share for bar in _polls(counted, axis))
    return Chart(title, axis, "percent", (Series("Share of 304", shares),), NO_POLLS)


def _polls(counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> list[PollSums]:
    return axis.sum_values((item for some in counted for item in some.items()), NONE)
