"""Where the parts of a chart go, in pixels from its upper left corner. Pure."""

import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count, groupby
from math import ceil

from syndication.dashboard.charts.series import Chart
from syndication.dashboard.charts.time_axis import DAY

COLOURS = ("first", "second")

MARGIN = 12

LINE_HEIGHT = 18

LABEL_CHARACTER, TITLE_CHARACTER = 7.0, 8.0
"""Widths of a character in labels and in the title; fonts differ, so these are generous."""

GAP = 0.08
"""The gap on each side of a bar, as a fraction of its slot."""


@dataclass(frozen=True, slots=True)
class ChartSize:
    """A chart's size, the maximum number of ticks above 0, and its labels.

    ``label_hours`` are the hours between labels of a day.
    """

    width: int
    height: int
    ticks: int
    label_hours: int
    dates: bool


WIDE = ChartSize(900, 260, ticks=5, label_hours=3, dates=True)
NARROW = ChartSize(350, 220, ticks=4, label_hours=6, dates=False)


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle of the bars or lines."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Words:
    """A text at a point, with the colour of what it names."""

    text: str
    x: float
    y: float
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """The part of a bar that shows one series."""

    colour: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Slot:
    """The full height of the plot at one bar, with its tooltip."""

    x: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a line."""

    x: float
    y: float

    def __str__(self) -> str:
        return f"{self.x} {self.y}"


class Layout:
    """The positions of a chart's parts."""

    def __init__(self, chart: Chart, size: ChartSize) -> None:
        self._chart, self._size = chart, size
        self._is_share = chart.kind == "percent"
        self._numbers = [0, 25, 50, 75, 100] if self._is_share else ticks(_highest(chart), size.ticks)

    @cached_property
    def heading(self) -> list[Words]:
        """The title, in as many lines as it needs."""
        columns = int((self._size.width - 2 * MARGIN) / TITLE_CHARACTER)
        if any(unicodedata.east_asian_width(character) in "WF" for character in self._chart.title):
            columns //= 2
        lines = textwrap.wrap(self._chart.title, columns)
        return [Words(line, MARGIN, MARGIN + 12 + LINE_HEIGHT * place) for place, line in enumerate(lines)]

    @cached_property
    def plot(self) -> Plot:
        """The rectangle between the title, the ticks, the labels and the legend."""
        bottom = self._size.height - MARGIN - LINE_HEIGHT * (1 + max(len(self._legend_rows), 1))
        return Plot(self._left, self._size.width - MARGIN, MARGIN + LINE_HEIGHT * len(self.heading) + 8, bottom)

    @property
    def ticks(self) -> list[Words]:
        """The numbers of the vertical axis, from 0; without text in an empty chart."""
        texts = ["" if self._chart.is_empty else self._tick_text(number) for number in self._numbers]
        at = zip(texts, self._numbers, strict=True)
        return [Words(text, self.plot.left - 6, self._y(number)) for text, number in at]

    @property
    def labels(self) -> list[Words]:
        """The times below the bars."""
        axis = self._chart.axis
        is_day = len(axis.starts) * axis.step <= DAY
        texts = axis.times(self._size.label_hours) if is_day else axis.days(dates=self._size.dates)
        y = self.plot.bottom + LINE_HEIGHT
        return [Words(text, self._middle(place), y) for place, text in enumerate(texts) if text]

    @property
    def bars(self) -> Iterator[Bar]:
        """The bars, with the series stacked on each other."""
        if self._is_share:
            return
        width = _round(self._slot * (1 - 2 * GAP))
        for place, values in enumerate(zip(*(series.values for series in self._chart.series), strict=True)):
            height = 0.0
            for colour, value in zip(COLOURS, values, strict=False):
                if value:
                    lower, height = height, height + value
                    x, y = self.plot.left + self._slot * (place + GAP), self._y(height)
                    yield Bar(colour, _round(x), y, width, _round(self._y(lower) - y))

    @cached_property
    def lines(self) -> list[list[Point]]:
        """The points of a share, as one line for each run without a gap."""
        if not self._is_share:
            return []
        values = enumerate(self._chart.series[0].values)
        runs = groupby(values, key=lambda item: item[1] is not None)
        return [
            [Point(self._middle(place), self._y(value or 0)) for place, value in run] for known, run in runs if known
        ]

    @property
    def dots(self) -> list[Point]:
        """All points of a share."""
        return [point for line in self.lines for point in line]

    @property
    def slots(self) -> list[Slot]:
        """The bars that have something to say, each with its tooltip."""
        words = [self._chart.describe(place) for place in range(len(self._chart.axis.starts))]
        width = _round(self._slot)
        return [
            Slot(_round(self.plot.left + self._slot * place), width, text) for place, text in enumerate(words) if text
        ]

    @property
    def marks(self) -> list[float]:
        """Where the marks are, from the left."""
        marks = self._chart.marks
        return [] if marks is None else [self._middle(place) for place, value in enumerate(marks.values) if value]

    @property
    def tip(self) -> Words:
        """Where the tooltip of the bar in focus is, without its text: beside the legend."""
        return Words("", self.plot.right, self._size.height - MARGIN)

    @property
    def legend(self) -> list[Words]:
        """The names of the series, if there are several, in as many rows as they need."""
        last, rows = self._size.height - MARGIN, self._legend_rows
        return [
            Words(text, x, last - LINE_HEIGHT * (len(rows) - 1 - row), colour)
            for row, words in enumerate(rows)
            for text, x, colour in words
        ]

    @property
    def empty(self) -> Words | None:
        """The sentence of an empty chart."""
        if not self._chart.is_empty:
            return None
        return Words(self._chart.empty, self._size.width / 2, _round((self.plot.top + self.plot.bottom) / 2))

    @cached_property
    def _left(self) -> float:
        widest = max((len(self._tick_text(number)) for number in self._numbers), default=0)
        return _round(MARGIN if self._chart.is_empty else MARGIN + widest * LABEL_CHARACTER + 6)

    @cached_property
    def _legend_rows(self) -> list[list[tuple[str, float, str]]]:
        """The text, the place from the left and the colour of each name, by row."""
        if not self._has_legend:
            return []
        marks, x = self._chart.marks, self._left
        rows: list[list[tuple[str, float, str]]] = [[]]
        names = [(series.name, colour) for colour, series in zip(COLOURS, self._chart.series, strict=False)]
        if marks is not None and any(marks.values):
            names.append((marks.name, "mark"))
        for name, colour in names:
            end = x + 18 + len(name) * LABEL_CHARACTER
            if rows[-1] and end > self._size.width - MARGIN:
                rows.append([])
                x, end = self._left, end - x + self._left
            rows[-1].append((name, _round(x), colour))
            x = end + 2 * MARGIN
        return rows

    @property
    def _has_legend(self) -> bool:
        return len(self._chart.series) > 1 and not self._chart.is_empty

    @property
    def _slot(self) -> float:
        return (self.plot.right - self.plot.left) / len(self._chart.axis.starts)

    def _middle(self, place: int) -> float:
        return _round(self.plot.left + self._slot * (place + 0.5))

    def _y(self, number: float) -> float:
        share = number / self._numbers[-1]
        return _round(self.plot.bottom - share * (self.plot.bottom - self.plot.top))

    def _tick_text(self, number: float) -> str:
        return f"{number:.0f} %" if self._is_share else short(number)


def ticks(largest: float, most: int) -> list[int]:
    """Returns round numbers for an axis: from 0, in steps of 1, 2 or 5 times a power of ten, up to ``largest``."""
    step = next(step for step in _steps() if step * most >= largest)
    return list(range(0, max(ceil(largest / step), 1) * step + 1, step))


def short(number: float) -> str:
    """Returns a number for an axis: 500, 20k or 1.5M."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:g}M"
    return f"{number / 1_000:g}k" if number >= 1_000 else f"{number:.0f}"


def _steps() -> Iterator[int]:
    return (factor * 10**power for power in count() for factor in (1, 2, 5))


def _highest(chart: Chart) -> float:
    return max(sum(value or 0 for value in bar) for bar in zip(*(s.values for s in chart.series), strict=True))


def _round(pixels: float) -> float:
    return round(pixels, 1)
