"""Charts as SVG, for <img>: no scripts, no fonts, no external resources.

The output is deterministic. Colours match the page and follow the browser's light or dark scheme. ``layout`` computes
where everything goes, ``templates/chart.svg`` writes it.
"""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from syndication.dashboard.charts.layout import NARROW, WIDE, Layout
from syndication.dashboard.charts.series import Chart


def svg(chart: Chart, *, narrow: bool = False) -> bytes:
    """Returns the SVG, 900 pixels wide, or 350 if narrow."""
    size = NARROW if narrow else WIDE
    return _template().render(title=chart.title, size=size, layout=Layout(chart, size)).encode()


@cache
def _template() -> Template:
    loader = PackageLoader("syndication.dashboard.charts")
    return Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    ).get_template("chart.svg")
