"""The numbers of the dashboard's charts by bar: publications, polls and the share of 304. Pure.

``svg`` draws a chart; its rows are the same numbers as an accessible table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndication.dashboard.charts.time_axis import TimeAxis
from syndication.store.articles.hourly_counts import HourlyCount
from syndication.store.processes.poll_counts import NONE, PollSums

NO_POLLS = "No requests in this period"
NO_PUBLICATIONS = "No articles published in this period"


@dataclass(frozen=True, slots=True)
class Series:
    """One number per bar, or None."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The numbers of a chart; ``empty`` is the text of an empty chart."""

    title: str
    axis: TimeAxis
    kind: Literal["bars", "percent"]
    series: tuple[Series, ...]
    empty: str

    @property
    def is_empty(self) -> bool:
        """Returns whether there is nothing to show."""
        return not any(value is not None if self.kind == "percent" else value for value in self._values())

    @property
    def header(self) -> tuple[str, ...]:
        """Returns the column headings of the table."""
        return ("From", *(series.name for series in self.series))

    def rows(self) -> list[tuple[str, ...]]:
        """Returns the rows of the table: each bar's local start time and numbers."""
        columns = [[self._text(value) for value in series.values] for series in self.series]
        return list(zip(self.axis.labels(), *columns, strict=True))

    def _values(self) -> Iterable[float | None]:
        return (value for series in self.series for value in series.values)

    def _text(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value:.0f} %" if self.kind == "percent" else f"{value:,.0f}"


def publications(title: str, hours: Iterable[Sequence[HourlyCount]], axis: TimeAxis) -> Chart:
    """Returns the number of articles published; an article in several sections counts in each."""
    moments = ((hour.first, hour.count) for some in hours for hour in some)
    series = Series("Articles", tuple(axis.sum_values(moments, 0)))
    return Chart(title, axis, "bars", (series,), NO_PUBLICATIONS)


def polls(title: str, counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> Chart:
    """Returns the number of polls answered with the full feed and with 304."""
    sums = _polls(counted, axis)
    full = Series("Full feed (200)", tuple(bar.full for bar in sums))
    same = Series("Unchanged (304)", tuple(bar.not_modified for bar in sums))
    return Chart(title, axis, "bars", (full, same), NO_POLLS)


def share(title: str, counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> Chart:
    """Returns the percentage of polls answered with 304."""
    shares = tuple(None if bar.share is None else 100 * bar.share for bar in _polls(counted, axis))
    return Chart(title, axis, "percent", (Series("Unchanged (304)", shares),), NO_POLLS)


def _polls(counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> list[PollSums]:
    return axis.sum_values((item for some in counted for item in some.items()), NONE)
