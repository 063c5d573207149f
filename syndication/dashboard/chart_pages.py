"""Statistics: publications, polls and share of 304, for one section or all, over a day or a week."""

import csv
import io
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
from syndication.store import Connection
from syndication.store.articles import hourly_counts
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import PollSums
from syndication.web.problems import Problem, not_found

pages = Pages("charts")

CACHE_SECONDS = 60.0
"""Seconds for which a chart is cached; its numbers are written once a minute."""

MOST_SECTIONS = 24
"""Sections with a chart of their own below the others."""

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
        busiest=[] if section else _busiest(over),
        most_sections=MOST_SECTIONS,
    )


@pages.get("/charts.csv", "read")
def charts_csv() -> Response:
    """Returns the numbers of the charts as CSV: by hour for a day, by three hours for a week."""
    section, over = _section(), _over()
    database, settings = context().database, context().settings
    with database.read() as conn:
        now = database.now(conn)
        axis = _axis("publications", over, now, ZoneInfo(settings.editors.timezone))
        hours, counted = _read_publications(conn, section, axis, now), _read_polls(conn, section, axis)
    chart = drawn.polls("", counted, axis, hours)
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["from", "articles published", "full feed (200)", "unchanged (304)"])
    full, same, published = (series.values for series in chart.columns)
    for start, *numbers in zip(axis.starts, published, full, same, strict=True):
        table.writerow([start.astimezone(axis.zone).isoformat(), *numbers])
    response = Response(written.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"statistics-{section or 'all-sections'}-{over}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


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
            return drawn.publications(title, _read_publications(conn, section, axis, now), axis)
        counted = _read_polls(conn, section, axis)
        if kind == "share":
            return drawn.share(title, counted, axis)
        return drawn.polls(title, counted, axis, _read_publications(conn, section, axis, now))


def _read_publications(
    conn: Connection, section: str, axis: TimeAxis, now: datetime
) -> list[tuple[hourly_counts.HourlyCount, ...]]:
    of = context().settings.selections.wanting([section or ALL])
    return list(hourly_counts.count_hourly(conn, of, axis.since, now).values())


def _read_polls(conn: Connection, section: str, axis: TimeAxis) -> list[dict[datetime, PollSums]]:
    if section:
        return [poll_counts.read_polls(conn, [section], axis.since)[section]]
    return [poll_counts.total(conn, context().settings.sections, axis.since)]


def _busiest(over: str) -> list[str]:
    """Returns the configured sections with the most requests in the period."""
    database, settings = context().database, context().settings
    with database.read() as conn:
        since = _axis("polls", over, database.now(conn), ZoneInfo(settings.editors.timezone)).since
        return [slug for slug in poll_counts.busiest(conn, since, MOST_SECTIONS) if slug in settings.sections]


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
