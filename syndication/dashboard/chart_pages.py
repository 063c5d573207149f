"""Statistics: publications, polls and share of 304, for one section or all, over a day or a week."""

from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Response, current_app, request

from syndication.api.operations import context
from syndication.api.sections import configured
from syndication.dashboard.charts import series as drawn
from syndication.dashboard.charts.series import Chart
from syndication.dashboard.charts.svg import svg
from syndication.dashboard.charts.time_axis import TimeAxis, day, week
from syndication.dashboard.pages import Pages, page, titles
from syndication.dashboard.ttl_cache import TTLCache
from syndication.model.values import ALL
from syndication.store.articles import hourly_counts
from syndication.store.processes import poll_counts
from syndication.web.problems import Problem, not_found

pages = Pages("charts")

CACHE_SECONDS = 60.0
"""Seconds for which a chart is cached; its numbers are written once a minute."""

OVER = {"day": "last 24 hours", "week": "last 7 days"}
KINDS = {"publications": "Articles published", "polls": "Requests", "share": "Share of requests answered 304"}

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A chart contains its own style, and may load nothing."""


@pages.get("/charts", "read")
def show_charts() -> Response:
    """Shows the charts of one section or all, and below them the polls of each section."""
    section, over = _section(), _over()
    return page(
        "charts.html",
        section=section,
        over=over,
        time_spans=OVER,
        charts={kind: build_chart(kind, section, over) for kind in KINDS},
        titles=titles(),
    )


@pages.get("/charts/<kind>.svg", "read")
def chart_svg(kind: str) -> Response:
    """Returns one chart as SVG."""
    section, over, narrow = _section(), _over(), request.args.get("narrow") == "1"
    if kind not in KINDS:
        raise not_found(f"chart {kind!r}")
    cache: TTLCache = current_app.extensions["ttl_cache"]
    drawing = cache.get(
        ("plot", kind, section, over, narrow),
        CACHE_SECONDS,
        lambda: svg(build_chart(kind, section, over), narrow=narrow),
    )
    response = Response(drawing, content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = f"private, max-age={int(CACHE_SECONDS)}"
    return response


def build_chart(kind: str, section: str, over: str) -> Chart:
    """Returns the numbers of a chart; an empty ``section`` means all."""
    cache: TTLCache = current_app.extensions["ttl_cache"]
    return cache.get(("figure", kind, section, over), CACHE_SECONDS, lambda: _counted(kind, section, over))


def _counted(kind: str, section: str, over: str) -> Chart:
    database, settings = context().database, context().settings
    title = f"{KINDS[kind]}: {titles()[section] if section else 'all sections'}, {OVER[over]}"
    with database.read() as conn:
        now = database.now(conn)
        axis = _axis(kind, over, now, ZoneInfo(settings.editors.timezone))
        if kind == "publications":
            of = settings.selections.wanting([section or ALL])
            hours = hourly_counts.count_hourly(conn, of, axis.since, now)
            return drawn.publications(title, hours.values(), axis)
        counted = [
            poll_counts.read_polls(conn, [section], axis.since)[section]
            if section
            else poll_counts.total(conn, settings.sections, axis.since)
        ]
    return drawn.polls(title, counted, axis) if kind == "polls" else drawn.share(title, counted, axis)


def _axis(kind: str, over: str, now: datetime, zone: ZoneInfo) -> TimeAxis:
    """Returns bars of 30 minutes or 3 hours; publications are counted by the hour."""
    if over == "week":
        return week(now, zone)
    return day(now, zone, minutes=60 if kind == "publications" else 30)


def _section() -> str:
    """Returns the requested slug; empty for all sections."""
    slug = request.args.get("section", "")
    return configured(slug).slug if slug else ""


def _over() -> str:
    over = request.args.get("over", "day")
    if over not in OVER:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "over must be day or week.")
    return over
