"""Upcoming automatic changes, day by day, in the newsroom's time zone."""

from itertools import groupby

from flask import Response, request

from syndication.api import upcoming as api
from syndication.dashboard.filters import time_filters
from syndication.dashboard.pages import Pages, call, is_live, page, parse_request, titles

pages = Pages("upcoming")

SHOWN = 100
"""Items per page."""


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
        following={"after": following["after"]} if following else None,
        paged=bool(query.after),
        after=query.after,
    )
