"""What the search form asks of the API, and its answer as CSV."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from http import HTTPStatus

from flask import request

from syndication.api import articles as api
from syndication.dashboard.csv_lines import BYTE_ORDER_MARK, csv_line
from syndication.dashboard.filters import time_filters
from syndication.dashboard.pages import call, parse_request
from syndication.store.articles.found_articles import MOST_LISTED
from syndication.web.problems import Problem

COLUMNS = ("id", "title", "url", "status", "published_at", "updated_at", "access")

DAYS = {"from": "since", "to": "until"}
"""The fields with a day of the newsroom's calendar, and what they limit."""


def asked_articles() -> tuple[dict[str, str], api.SearchQuery]:
    """Returns the fields that were filled in, without the cursor, and the question that they make."""
    given = given_fields()
    values = {name: value for name, value in given.items() if name not in DAYS}
    for name, limit in DAYS.items():
        if name in given:
            values[limit] = _begin_of(name, given[name], days=name == "to")
    query = parse_request(api.SearchQuery, **values)
    return {name: value for name, value in given.items() if name != "after"}, query


def given_fields() -> dict[str, str]:
    """Returns the fields that were filled in, and the cursor."""
    names = ("q", "status", "section", "feeds", *DAYS, "after")
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


def _begin_of(name: str, day: str, *, days: bool) -> str:
    """Returns when a day begins in the newsroom's time zone, or with ``days``, when it is over."""
    try:
        wanted = date.fromisoformat(day) + timedelta(days=days)
        return datetime.combine(wanted, time(), time_filters().zone).isoformat()
    except (ValueError, OverflowError) as error:
        words = f"must be a day like 2026-03-14, not {day[:40]!r}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{name} {words}", errors=[(name, words)]) from error


def csv_of(query: api.SearchQuery) -> Iterator[str]:
    """Yields the lines of what the API finds, page by page, at most ``MOST_LISTED`` of them."""
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    after, rows = query.after, 0
    while rows < MOST_LISTED:
        found = call(api.list_articles, query=query.model_copy(update={"limit": 200, "after": after}))
        for article in found.value.articles[: MOST_LISTED - rows]:
            yield csv_line(getattr(article, name) or "" for name in COLUMNS)
        rows += len(found.value.articles)
        if found.next_page is None:
            break
        after = found.next_page["after"]
