"""Upcoming automatic changes, day by day, in the newsroom's time zone."""

from collections import Counter
from datetime import datetime, time, timedelta
from itertools import groupby

from flask import Response, request

from syndication.api import upcoming as api
from syndication.api.operations import caller, context
from syndication.dashboard.filters import time_filters
from syndication.dashboard.pages import Pages, call, is_live, page, parse_request, titles
from syndication.dashboard.verdict import current_health
from syndication.store.articles.upcoming import UpcomingEvent, read_moments

pages = Pages("upcoming")

SHOWN = 100
"""Items per page."""

CHANGES: tuple[UpcomingEvent, UpcomingEvent] = ("appears", "leaves")
"""What the calendar counts."""

DAYS = 7
"""Days of the calendar, today included."""


@pages.get("/upcoming", "preview")
def show_upcoming() -> Response:
    """Lists ending embargoes, expiring articles, and feeds whose entries age out."""
    query = parse_request(api.UpcomingQuery, limit=SHOWN, after=request.args.get("after") or None)
    found = call(api.list_upcoming, query=query)
    following = found.next_page
    # A section is due for its articles' changes too; those are listed already.
    listed = {(item.at, section) for item in found.value.items if item.article for section in item.sections}
    items = [item for item in found.value.items if item.article or (item.at, item.sections[0]) not in listed]
    return page(
        "parts/upcoming.html" if is_live() else "upcoming.html",
        days=[(day, list(of)) for day, of in groupby(items, key=lambda item: time_filters().day(item.at))],
        titles=titles(),
        workers=current_health().facts.workers,
        calendar=[] if query.after else _calendar(),
        listed={time_filters().isoday(item.at) for item in items},
        following={"after": following["after"]} if following else None,
        paged=bool(query.after),
        after=query.after,
    )


def _calendar() -> list[tuple[str, int, int]]:
    """Returns the next days, each with how many articles are published and expire; nothing if none does."""
    zone, now = time_filters().zone, caller().now
    today = now.astimezone(zone).date()
    until = datetime.combine(today + timedelta(days=DAYS), time(), zone)
    with context().database.read() as conn:
        counts = [
            Counter(at.astimezone(zone).date() for at in read_moments(conn, event, now, until)) for event in CHANGES
        ]
    days = [today + timedelta(days=ahead) for ahead in range(DAYS)]
    return [(day.isoformat(), counts[0][day], counts[1][day]) for day in days] if any(counts) else []
