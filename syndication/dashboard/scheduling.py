"""Embargoes: set, moved and lifted, from an article or from the list of what is coming."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import articles as api
from syndication.api import scheduling
from syndication.api.operations import caller
from syndication.api.schemas import ArticlePath
from syndication.dashboard.filters import time_filters
from syndication.dashboard.form_times import read_time, time_turns, write_time
from syndication.dashboard.pages import Pages, Question, back, call, page, parse_request
from syndication.dashboard.story_promise import story_promise
from syndication.web.problems import Problem

pages = Pages("scheduling")

NO_TIME = "Choose a date and a time."


@pages.get("/article/schedule", "write")
def ask_schedule() -> Response:
    """Asks for the time at which a story is published."""
    return _form(_path())


LIFT = Question(
    "Publish it now?",
    "The story goes out within about a second. Feed readers keep what they have fetched, even if you withdraw it"
    " later.",
    "Publish now",
    "/article/schedule?id={id}&from={from}",
    only=("act", "now"),
)


@pages.post("/article/schedule", "write", ask=LIFT)
def schedule() -> BaseResponse:
    """Moves a story to another time, or publishes it now."""
    path, given = _path(), request.form.get("published_at", "")
    zone, at = time_filters().zone, None
    try:
        if request.form.get("act") != "now":
            at = read_time(given, zone, request.form.get("published_at_turn", ""))
            if at is None:
                raise ValueError(NO_TIME)
        body = parse_request(scheduling.ScheduleRequest, published_at=at) if at else None
        body = body or scheduling.ScheduleRequest(published_at=None)
        stored = call(scheduling.schedule_article, path=path, body=body, etag=request.form.get("etag", "")).value
    except ValueError as error:
        return _form(path, given, HTTPStatus.UNPROCESSABLE_ENTITY, errors={"published_at": str(error)})
    except Problem as problem:
        if problem.status not in (
            HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY,
        ):  # fmt: skip
            raise
        return _form(path, given, problem.status, errors={"": problem.detail})
    moment = stored.article.published_at
    is_ahead = moment is not None and moment > caller().now
    flash(story_promise("Scheduled." if is_ahead else "Published.", path.id))
    return back("/upcoming") if request.form.get("from") == "upcoming" else back("/article", id=path.id)


def _path() -> ArticlePath:
    return parse_request(ArticlePath, id=request.args.get("id", ""))


def _form(path: ArticlePath, given: str | None = None, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    reply = api.get_one_article(path=path)  # Each route has checked its own scope.
    found, zone = reply.value, time_filters().zone
    at = found.published_at
    typed, turn = write_time(at, zone) if at is not None and at > caller().now else ("", "")
    sent = given is not None
    return page(
        "schedule.html",
        status,
        id=path.id,
        article=found,
        etag=request.form.get("etag", "")
        if sent and status != HTTPStatus.PRECONDITION_FAILED
        else reply.headers["ETag"],
        given=given if sent else typed,
        turn=request.form.get("published_at_turn", "") if sent else turn,
        turns=time_turns(given if given is not None else typed, zone),
        ahead=bool(typed) and found.status == "published",
        public=found.status == "published" and not typed,
        origin="upcoming" if (request.args.get("from") or request.form.get("from")) == "upcoming" else "",
        **{"errors": {}} | shown,
    )
