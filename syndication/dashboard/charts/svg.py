"""Charts as SVG, for <img> and for the page itself: no scripts, no fonts, no external resources.

In the page, a chart has a tooltip for each bar, on the pointer and in focus, and the page's style sheet colours it. The
output is deterministic. Colours match the page and follow the browser's light or dark scheme. ``layout`` computes where
everything goes, ``templates/chart.svg`` writes it.
"""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from syndication.dashboard.charts.layout import NARROW, WIDE, ChartSize, Layout
from syndication.dashboard.charts.series import Chart


def svg(chart: Chart, *, narrow: bool = False) -> bytes:
    """Returns the SVG, 900 pixels wide, or 350 if narrow."""
    return _render(chart, NARROW if narrow else WIDE, inline=False).encode()


def inline_svg(chart: Chart) -> Markup:
    """Returns the SVG as a part of a page, as wide as its place there."""
    return Markup(_render(chart, WIDE, inline=True))  # noqa: S704  # a rendered template is escaped


def _render(chart: Chart, size: ChartSize, *, inline: bool) -> str:
    return _template().render(title=chart.title, size=size, layout=Layout(chart, size), inline=inline)


@cache
def _template() -> Template:
    loader = PackageLoader("syndication.dashboard.charts")
    return Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    ).get_template("chart.svg")
