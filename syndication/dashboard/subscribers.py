"""Subscribers by push: by section, one by one, what was delivered, and what other hubs answered."""

from typing import Any

from flask import Response, current_app, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import hub as api
from syndication.api import hub_acts
from syndication.api.hub_schemas import HubQuery, PushesQuery, SubscriptionPath, SubscriptionsQuery
from syndication.dashboard.filters import lag
from syndication.dashboard.pages import Pages, Question, back, call, is_live, live_part, page, parse_request, titles
from syndication.dashboard.ttl_cache import TTLCache
from syndication.diagnostics.subscriber_words import OUTCOME_LABELS, STATE_LABELS, delivered_words
from syndication.model.values import FORMATS

pages = Pages("subscribers")

CACHE_SECONDS = 1.0
"""Seconds for which one count of a section's subscribers serves all viewers."""

FEW = 10
"""Attempts shown on a subscriber's own page; the log has all."""

CLASSES = {"current": "current", "waiting": "waits", "failing": "silent", "parked": "silent", "paused": "plain"}
"""How states look. None is red: it is other people's servers that do not answer."""

OUTCOME_CLASSES = {"done": "current", "failed": "silent", "gone": "plain", "parked": "silent"}

HUB_LABELS = {
    "working": "Passes on", "unwatched": "Unknown", "waiting": "Not confirmed yet", "retrying": "Retrying",
    "failing": "Failing", "silent": "Not passed on",
}  # fmt: skip

HUB_CLASSES = {
    "working": "current", "unwatched": "silent", "waiting": "unpublished", "retrying": "waits", "failing": "failing",
    "silent": "failing",
}  # fmt: skip


@pages.get("/subscribers", "read")
def show_subscribers() -> Response:
    """Shows the subscribers by section and host, and the other hubs that are told."""
    found = call(api.get_hub, query=HubQuery())
    values = {"found": found, "hub_labels": HUB_LABELS, "hub_classes": HUB_CLASSES, **_words()}
    if is_live():
        return live_part("parts/subscribers.html", **values)
    return page("subscribers.html", **values)


@pages.get("/subscribers/list", "read")
def list_subscribers() -> Response:
    """Lists subscribers: of a section, in a state, of a host."""
    asked, before = _asked("section", "state", "host", "format")
    query = parse_request(SubscriptionsQuery, **asked, before=before)
    found = call(api.list_subscriptions, query=query)
    values = {
        "items": found.value.subscriptions,
        "asked": asked,
        "line": subscribers_line(asked["section"]) if "section" in asked else None,
        **_pages(asked, before, found.next_page),
        **_words(),
    }
    if is_live():
        return live_part("parts/subscriber_list.html", **values)
    return page("subscriber_list.html", **values)


@pages.get("/subscribers/pushes", "read")
def show_pushes() -> Response:
    """Shows the attempts to push versions, newest first."""
    asked, before = _asked("section", "outcome", "subscription")
    found = call(api.list_pushes, query=parse_request(PushesQuery, **asked, before=before))
    values = {
        "items": found.value.pushes,
        "asked": asked,
        **_pages(asked, before, found.next_page),
        **_words(),
    }
    if is_live():
        return live_part("parts/pushes.html", **values)
    return page("pushes.html", **values)


@pages.get("/subscribers/<number>", "read")
def show_subscriber(number: str) -> Response:
    """Shows one subscription, and its last attempts."""
    found = call(api.get_subscription, path=_path(number))
    log = call(api.list_pushes, query=parse_request(PushesQuery, subscription=found.number, limit=FEW))
    values = {"one": found, "pushes": log.value.pushes, "more": log.next_page is not None, **_words()}
    if is_live():
        return live_part("parts/subscriber.html", **values)
    return page("subscriber.html", **values)


@pages.post("/subscribers/<number>/pause", "admin")
def pause_subscriber(number: str) -> BaseResponse:
    """Pauses a subscription."""
    flash(call(hub_acts.pause_subscription, path=_path(number)).message)
    return back(f"/subscribers/{number}")


@pages.post("/subscribers/<number>/resume", "admin")
def resume_subscriber(number: str) -> BaseResponse:
    """Resumes a paused or parked subscription."""
    flash(call(hub_acts.resume_subscription, path=_path(number)).message)
    return back(f"/subscribers/{number}")


@pages.post("/subscribers/<number>/push", "regenerate")
def push_again(number: str) -> BaseResponse:
    """Delivers the present version once more."""
    flash(call(hub_acts.push_again, path=_path(number)).message)
    return back(f"/subscribers/{number}")


REMOVE = Question(
    "Remove this subscriber?",
    "{host} gets nothing more of this feed, and is told so. It may subscribe again.",
    "Remove",
    "/subscribers/{number}",
)


@pages.post("/subscribers/<number>/remove", "admin", ask=REMOVE)
def remove_subscriber(number: str) -> BaseResponse:
    """Removes a subscription."""
    flash(call(hub_acts.remove_subscription, path=_path(number)).message)
    return back("/subscribers/list")


REMOVE_HOST = Question(
    "Remove all subscribers of {host}?",
    "They get nothing more of any feed, and are told so. They may subscribe again.",
    "Remove all",
    "/subscribers",
)


@pages.post("/subscribers/remove-host", "admin", ask=REMOVE_HOST)
def remove_host() -> BaseResponse:
    """Removes all subscriptions of a host."""
    path = parse_request(hub_acts.HostPath, host=request.form.get("host", ""))
    flash(call(hub_acts.remove_host, path=path).message)
    return back("/subscribers")


def subscribers_line(section: str) -> str | None:
    """Returns how many subscribers a section has, and how many have its newest version; None: it has none."""
    cache: TTLCache = current_app.extensions["ttl_cache"]
    found = cache.get(("subscribers", section), CACHE_SECONDS, lambda: api.section_subscribers(section))
    if found is None:
        return None
    return delivered_words(found.states.model_dump(), lag(found.newest_ms) if found.newest_ms is not None else None)


def _path(number: str) -> SubscriptionPath:
    return parse_request(SubscriptionPath, number=number)


def _asked(*names: str) -> tuple[dict[str, str], str | None]:
    """Returns the filters that were given, and where the page begins."""
    asked = {name: value for name in names if (value := request.args.get(name, "").strip())}
    return asked, request.args.get("before") or None


def _pages(asked: dict[str, str], before: str | None, following: Any) -> dict[str, Any]:
    return {"following": {**asked, "before": following["before"]} if following else None, "before": before}


def _words() -> dict[str, Any]:
    return {
        "titles": titles(),
        "formats": list(FORMATS),
        "states": STATE_LABELS,
        "classes": CLASSES,
        "outcomes": OUTCOME_LABELS,
        "outcome_classes": OUTCOME_CLASSES,
    }
