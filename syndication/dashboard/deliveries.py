"""Deliveries: the changes of the last days with their moments, what waits and why, and asking again."""

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import delivery_list as api
from syndication.api import purges
from syndication.api import regenerations as api_regenerations
from syndication.api.operations import Reply
from syndication.api.schemas import SectionPath
from syndication.dashboard.csv_lines import BYTE_ORDER_MARK, csv_file, csv_line
from syndication.dashboard.filters import time_filters
from syndication.dashboard.pages import Pages, back, call, is_live, live_part, page, parse_request, titles
from syndication.dashboard.regenerations import shown
from syndication.diagnostics.waiting_changes import BLOCKED, DELAYED
from syndication.store.articles.found_articles import MOST_LISTED
from syndication.web.problems import Problem

pages = Pages("deliveries")

KIND_LABELS = {
    "published": "New", "edited": "Edited", "scheduled": "Scheduled", "appeared": "Publish time reached",
    "expired": "Expired", "withdrawn": "Withdrawn", "restored": "Restored", "deleted": "Deleted", "draft": "Draft",
    "many": "Import",
}  # fmt: skip
"""What each kind of change is called."""

ORDER_LABELS = {"slowest": "Slowest first", "newest": "Newest first"}

CHANGE_LABELS = {"added": "added", "changed": "changed", "gone": "removed", None: "changed"}

STAGE_LABELS = {
    "locked": "Database locked", "no-worker": "No worker", "failing": "Failing", "stuck": "Stuck",
    "silent": "Web process hangs", "no-web": "No web process", "held": "Held", "purge-given-up": "Cache not purged",
    "purge-retry": "Purge failed", "queued": "Waiting", "updating": "Updating", "loading": "Loading",
    "purging": "Purging", "embargo": "Under embargo",
}  # fmt: skip

COLUMNS = (
    "id", "article", "title", "kind", "written_at", "noticed_at", "section", "change", "version", "published_at",
    "served_at", "purged_at", "published_ms", "served_ms", "waiting",
)  # fmt: skip


@pages.get("/deliveries", "preview")
def show_deliveries() -> Response:
    """Lists changes, what waits first, with the reason."""
    asked, query = _asked()
    found = _read(query)
    following = found.next_page
    values: dict[str, Any] = {
        "items": found.value.items,
        "causes": found.value.causes,
        "asked": asked,
        "titles": titles(),
        "blocked": BLOCKED,
        "delayed": DELAYED,
        "kinds": KIND_LABELS,
        "stages": STAGE_LABELS,
        "changes": CHANGE_LABELS,
        "following": {**asked, "after": following["after"]} if following else None,
        "after": query.after,
    }
    if is_live():
        return live_part("parts/deliveries.html", **values, live=True)
    return page(
        "deliveries.html",
        **values,
        orders=ORDER_LABELS,
        paged=bool(query.after),
        **shown(request.args.get("regeneration")),
    )


@pages.get("/deliveries.csv", "preview")
def download_deliveries() -> Response:
    """Downloads what was found as CSV, a line for each feed of a change."""
    _, query = _asked()
    return csv_file(_lines(query), "deliveries.csv")


@pages.post("/deliveries/ask-again", "regenerate")
def ask_again() -> BaseResponse:
    """Regenerates the sections for which changes wait, or purges their caches again."""
    sections = request.form.getlist("section")
    if not sections:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "Select at least one section.")
    if request.form.get("what") == "purge":
        paths = [parse_request(SectionPath, slug=slug) for slug in sections]
        for message in dict.fromkeys([call(purges.purge_section, path=path).message for path in paths]):
            flash(message)
        return back("/deliveries")
    body = parse_request(api_regenerations.RegenerationRequest, sections=sections)
    asked = call(api_regenerations.request_regeneration, body=body).value
    return back("/deliveries", regeneration=asked.id)


def _asked() -> tuple[dict[str, str], api.DeliveriesQuery]:
    """Returns the filters that were given, without the cursor, and the question that they make."""
    names = ("section", "kind", "waiting", "order", "article", "after")
    given = {name: value for name in names if (value := request.args.get(name, "")).strip()}
    query = parse_request(api.DeliveriesQuery, **given)
    return {name: value for name, value in given.items() if name != "after"}, query


def _read(query: api.DeliveriesQuery) -> Reply[api.DeliveriesResponse]:
    def write_time(moment: datetime) -> str:
        return time_filters().text(moment)

    found: Reply[api.DeliveriesResponse] = call(
        api.list_deliveries, query=query, titles=titles(), write_time=write_time
    )
    return found


def _lines(query: api.DeliveriesQuery) -> Iterator[str]:
    """Yields the lines of what the API finds, page by page, at most ``MOST_LISTED`` changes."""
    yield BYTE_ORDER_MARK + csv_line(COLUMNS)
    after, rows = query.after, 0
    while rows < MOST_LISTED:
        found = _read(query.model_copy(update={"limit": 200, "after": after}))
        for change in found.value.items:
            yield from _of_change(change)
        rows += len(found.value.items)
        if found.next_page is None:
            break
        after = found.next_page["after"]


def _of_change(change: api.ChangeDeliveryResponse) -> Iterator[str]:
    article, waiting = change.article, change.waiting.message if change.waiting else None
    name = (article.id, article.title) if article else (None, f"{change.articles} stories")
    head = (change.id, *name, change.kind, change.written_at, change.noticed_at)
    for feed in change.feeds:
        moments = (feed.published_at, feed.served_at, feed.purged_at, feed.published_ms, feed.served_ms)
        yield csv_line((*head, feed.section, feed.change, feed.version, *moments, waiting))
    if not change.feeds:
        yield csv_line((*head, *[None] * 8, waiting))
