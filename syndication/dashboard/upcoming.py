"""Upcoming automatic changes, day by day, in the newsroom's time zone."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

from flask import Response, request

from syndication.api import upcoming as api
from syndication.api.operations import caller
from syndication.dashboard.filters import time_filters
from syndication.dashboard.pages import Pages, call, is_live, page, parse_request, titles
from syndication.dashboard.verdict import current_health

pages = Pages("upcoming")

SHOWN = 100
"""Items per page."""

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
    isoday = time_filters().isoday
    return page(
        "parts/upcoming.html" if is_live() else "upcoming.html",
        days=[(day, list(of)) for day, of in groupby(items, key=lambda item: time_filters().day(item.at))],
        titles=titles(),
        workers=current_health().facts.workers,
        # A page that is full, or not the first one, does not have all of the next days.
        calendar=[] if query.after or following else _calendar([(isoday(i.at), i.event) for i in items if i.article]),
        following={"after": following["after"]} if following else None,
        paged=bool(query.after),
        after=query.after,
    )


def _calendar(changes: Iterable[tuple[str, str]]) -> list[tuple[str, int, int]]:
    """Returns the next days, each with how many articles are published and expire; ``changes`` are days and events."""
    found = Counter(changes)
    today = date.fromisoformat(time_filters().isoday(caller().now))
    days = [(today + timedelta(days=ahead)).isoformat() for ahead in range(DAYS)]
    return [(day, found[day, "appears"], found[day, "leaves"]) for day in days]
