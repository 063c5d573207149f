"""Charts as SVG by pygal, for <img>: no scripts, no fonts, no external resources.

The output is deterministic. Colours match the page and follow the browser's light or dark scheme.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import ceil
from typing import Any

import pygal
from pygal.style import Style

from syndication.dashboard.charts.series import Chart
from syndication.dashboard.charts.time_axis import DAY, TimeAxis

# pygal installs an import hook for maps; it uses an API that Python 3.11 deprecates and 3.12 removes.
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("pygal")]

STYLE = """
svg { --ink: #1c1b19; --soft: #625e57; --line: #dedad1; --first: #9c2f12; --second: #1f5f8b }
@media (prefers-color-scheme: dark) {
  svg { --ink: #ece9e2; --soft: #a8a398; --line: #3a3732; --first: #f0a184; --second: #8fc7ee }
}
text { fill: var(--soft); font: 12px system-ui, sans-serif }
.title { fill: var(--ink); font-size: 14px; font-weight: 600 }
.axis.x text, .no_data { text-anchor: middle }
.axis.y text { text-anchor: end }
.no_data { font-size: 14px }
.background { fill: none }
.line { fill: none; stroke: var(--line) }
.axis.y .guides:first-child .line { stroke: var(--soft) }
.color-0 { fill: var(--first) }
.color-1, .percent .color-0 { fill: var(--second) }
.series .line { stroke: var(--second); stroke-width: 2; stroke-linejoin: round }
"""

UNUSED_ELEMENTS = ("script", "desc", "title")
"""Elements that pygal adds for its script and for tooltips, which do not work in an <img>."""

TOOLTIP = "plot tooltip-overlay"

GAP = 0.08
"""The gap on each side of a bar, as a fraction of its slot."""


@dataclass(frozen=True, slots=True)
class ChartSize:
    """A chart's size in pixels, the maximum number of ticks above 0, and its labels.

    ``label_hours`` are the hours between labels of a day. pygal leaves too little room for legends with many columns;
    ``legend_room`` adds some.
    """

    width: int
    height: int
    ticks: int
    label_hours: int
    dates: bool
    legend_columns: int
    legend_room: int


WIDE = ChartSize(900, 260, ticks=5, label_hours=3, dates=True, legend_columns=4, legend_room=24)
NARROW = ChartSize(350, 220, ticks=4, label_hours=6, dates=False, legend_columns=2, legend_room=6)

MARGIN = 12
LOWER_MARGIN = 6
"""Smaller, because there is empty space below the axis labels."""


def svg(chart_data: Chart, *, narrow: bool = False) -> bytes:
    """Returns the SVG, 900 pixels wide, or 350 if narrow."""
    chart = _chart(chart_data, NARROW if narrow else WIDE)
    if chart_data.is_empty:
        chart.add("", [])
    else:
        for series in chart_data.series:
            chart.add(series.name, list(series.values))
    rendered: bytes = chart.render()
    return rendered


def ticks(largest: float, count: int) -> list[int]:
    """Returns round numbers for an axis: from 0, in steps of 1, 2 or 5 times a power of ten, up to ``largest``."""
    step = next(step for step in _steps() if step * count >= largest)
    return list(range(0, max(ceil(largest / step), 1) * step + 1, step))


def short(number: float) -> str:
    """Returns a number for an axis: 500, 20k or 1.5M."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:g}M"
    return f"{number / 1_000:g}k" if number >= 1_000 else f"{number:.0f}"


def percent(number: float) -> str:
    """Returns a percentage for an axis."""
    return f"{number:.0f} %"


def _steps() -> Iterator[int]:
    return (factor * 10**power for power in count() for factor in (1, 2, 5))


def _chart(chart_data: Chart, size: ChartSize) -> Any:
    is_share, has_legend = chart_data.kind == "percent", len(chart_data.series) > 1 and not chart_data.is_empty
    numbers = [0, 25, 50, 75, 100] if is_share else ticks(_highest(chart_data), size.ticks)
    kind = pygal.Line if is_share else pygal.StackedBar
    chart = kind(
        title=chart_data.title,
        classes=(chart_data.kind,),
        width=size.width,
        height=size.height,
        explicit_size=True,
        margin=MARGIN,
        margin_bottom=size.legend_room if has_legend else LOWER_MARGIN,
        x_labels=_labels(chart_data.axis, size),
        truncate_label=-1,
        y_labels=numbers,
        range=(0, numbers[-1]),
        show_y_labels=not chart_data.is_empty,
        value_formatter=percent if is_share else short,
        show_legend=has_legend,
        legend_at_bottom=True,
        legend_at_bottom_columns=size.legend_columns,
        allow_interruptions=True,
        dots_size=2,
        no_data_text=chart_data.empty,
        no_prefix=True,
        style=Style(label_font_size=12, legend_font_size=12, title_font_size=14, font_family="sans-serif"),
        css=(),
        js=(),
    )
    chart._series_margin = GAP
    chart.add_xml_filter(_remove_animation)
    return chart


def _labels(axis: TimeAxis, size: ChartSize) -> list[str]:
    if len(axis.starts) * axis.step <= DAY:
        return axis.times(size.label_hours)
    return axis.days(dates=size.dates)


def _highest(chart_data: Chart) -> float:
    return max(sum(value or 0 for value in bar) for bar in zip(*(s.values for s in chart_data.series), strict=True))


def _remove_animation(root: Any) -> Any:
    """Removes scripts, comments and tooltips, and sets the style."""
    heading = next(element for element in root if _kind(element) == "title")
    for element in list(root.iter()):
        if element is not heading and _is_unused(element):
            element.getparent().remove(element)
        elif _kind(element) == "style":
            element.text = STYLE
        elif element.get("class") == "title plot_title":
            element.set("x", str(MARGIN))
    return root


def _kind(element: Any) -> str | None:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else None


def _is_unused(element: Any) -> bool:
    kind = _kind(element)
    if kind is None or kind in UNUSED_ELEMENTS or element.get("class") == TOOLTIP:
        return True
    # Vertical guides, and empty labels.
    parent = element.getparent()
    within = parent.get("class") if parent is not None else None
    if kind == "path" and "axis x" in (within, within and parent.getparent().get("class")):
        return True
    return kind == "text" and not element.text
