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
    """One number per bar, or None; ``unit`` follows the number in a tooltip, as in "90 unchanged"."""

    name: str
    values: tuple[float | None, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The numbers of a chart; ``empty`` is the text of an empty chart.

    ``marks`` is a further series, of what may explain the others: it is marked above the bars.
    """

    title: str
    axis: TimeAxis
    kind: Literal["bars", "percent"]
    series: tuple[Series, ...]
    empty: str
    marks: Series | None = None

    @property
    def is_empty(self) -> bool:
        """Returns whether there is nothing to show."""
        return not any(value is not None if self.kind == "percent" else value for value in self._values())

    @property
    def header(self) -> tuple[str, ...]:
        """Returns the column headings of the table."""
        return ("From", *(series.name for series in self.columns))

    def rows(self) -> list[tuple[str, ...]]:
        """Returns the rows of the table: each bar's local start time and numbers."""
        columns = [[self._text(series, value) for value in series.values] for series in self.columns]
        return list(zip(self.axis.labels(), *columns, strict=True))

    def describe(self, place: int) -> str:
        """Returns the tooltip of a bar: its time and numbers; empty if there is nothing to say."""
        found = [(series, series.values[place]) for series in self.columns]
        words = [f"{self._text(series, value)} {series.unit}" for series, value in found if value is not None]
        said = any(value for _, value in found) or (self.kind == "percent" and words)
        return f"{self.axis.labels()[place]}: {', '.join(words)}" if said else ""

    @property
    def columns(self) -> tuple[Series, ...]:
        """Returns all series, that of the marks too."""
        return self.series if self.marks is None else (*self.series, self.marks)

    def _values(self) -> Iterable[float | None]:
        return (value for series in self.series for value in series.values)

    def _text(self, series: Series, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value:.0f} %" if self.kind == "percent" and series is not self.marks else f"{value:,.0f}"


def publications(title: str, hours: Iterable[Sequence[HourlyCount]], axis: TimeAxis) -> Chart:
    """Returns the number of articles published; an article in several sections counts in each."""
    return Chart(title, axis, "bars", (_published(hours, axis, "Articles"),), NO_PUBLICATIONS)


def polls(
    title: str,
    counted: Iterable[Mapping[datetime, PollSums]],
    axis: TimeAxis,
    hours: Iterable[Sequence[HourlyCount]] = (),
) -> Chart:
    """Returns the number of polls answered with the full feed and with 304; publications are marked."""
    sums = _polls(counted, axis)
    full = Series("Full feed (200)", tuple(bar.full for bar in sums), "full")
    same = Series("Unchanged (304)", tuple(bar.not_modified for bar in sums), "unchanged")
    return Chart(title, axis, "bars", (full, same), NO_POLLS, _published(hours, axis, "Articles published"))


def share(title: str, counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> Chart:
    """Returns the percentage of polls answered with 304."""
    shares = tuple(None if bar.share is None else 100 * bar.share for bar in _polls(counted, axis))
    return Chart(title, axis, "percent", (Series("Unchanged (304)", shares, "unchanged"),), NO_POLLS)


def _published(hours: Iterable[Sequence[HourlyCount]], axis: TimeAxis, name: str) -> Series:
    """Returns the articles by bar; those of an hour count where its first one appeared."""
    moments = ((hour.first, hour.count) for some in hours for hour in some)
    return Series(name, tuple(axis.sum_values(moments, 0)), "published")


def _polls(counted: Iterable[Mapping[datetime, PollSums]], axis: TimeAxis) -> list[PollSums]:
    return axis.sum_values((item for some in counted for item in some.items()), NONE)
