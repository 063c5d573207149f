"""Plots: publications, polls and the share of 304, of one section or of all, over a day or a week."""

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
"""Seconds for which a plot is as new as its numbers, which are written once a minute."""

OVER = {"day": "the last day", "week": "the last week"}
KINDS = {"publications": "Articles published", "polls": "Polls", "share": "Share of polls that got a 304"}

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A picture's own style stands in it; nothing else may."""


@pages.get("/charts", "read")
def show_charts() -> Response:
    """The plots of a section, or of everything, and below them each section's polls."""
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
    """One plot."""
    section, over, narrow = _section(), _over(), request.args.get("narrow") == "1"
    if kind not in KINDS:
        raise not_found(f"plot {kind!r}")
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
    """The numbers of a plot; an empty ``section`` is all of them."""
    cache: TTLCache = current_app.extensions["ttl_cache"]
    return cache.get(("figure", kind, section, over), CACHE_SECONDS, lambda: _counted(kind, section, over))


def _counted(kind: str, section: str, over: str) -> Chart:
    database, settings = context().database, context().settings
    title = f"{KINDS[kind]}: {titles()[section] if section else 'all sections'}, {OVER[over]}"
    with database.read() as conn:
        now = database.now(conn)
        axis = _axis(kind, over, now, ZoneInfo(settings.editors.timezone))
        if kind == "publications":
            of = [settings.sections[section or ALL]]
            hours = hourly_counts.count_hourly(conn, of, axis.since, now)
            return drawn.publications(title, hours.values(), axis)
        counted = [
            poll_counts.read_polls(conn, [section], axis.since)[section]
            if section
            else poll_counts.total(conn, settings.sections, axis.since)
        ]
    return drawn.polls(title, counted, axis) if kind == "polls" else drawn.share(title, counted, axis)


def _axis(kind: str, over: str, now: datetime, zone: ZoneInfo) -> TimeAxis:
    """Bars of half an hour, or of three hours; publications are known by the hour."""
    if over == "week":
        return week(now, zone)
    return day(now, zone, minutes=60 if kind == "publications" else 30)


def _section() -> str:
    """The slug that is asked for; empty for all of them."""
    slug = request.args.get("section", "")
    return configured(slug).slug if slug else ""


def _over() -> str:
    over = request.args.get("over", "day")
    if over not in OVER:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "over should be day or week.")
    return over
