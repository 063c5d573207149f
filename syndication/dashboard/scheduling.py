"""Embargoes: set, moved and lifted, from an article or from the list of what is coming."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import articles as api
from syndication.api import scheduling
from syndication.api.operations import caller
from syndication.api.schemas import ArticlePath
from syndication.dashboard.article_form import FORM_TIME, read_time
from syndication.dashboard.filters import time_filters
from syndication.dashboard.pages import Pages, back, call, page, parse_request
from syndication.dashboard.story_promise import story_promise
from syndication.web.problems import Problem

pages = Pages("scheduling")

NO_TIME = "Choose a date and a time."


@pages.get("/article/schedule", "write")
def ask_schedule() -> Response:
    """Asks for the time at which a story is published."""
    return _form(_path())


@pages.post("/article/schedule", "write")
def schedule() -> BaseResponse:
    """Moves a story to another time, or publishes it now."""
    path, given = _path(), request.form.get("published_at", "")
    zone, at = time_filters().zone, None
    try:
        if request.form.get("act") != "now":
            at = read_time(given, zone)
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
    found = reply.value
    at = found.published_at
    typed = at.astimezone(time_filters().zone).strftime(FORM_TIME) if at is not None and at > caller().now else ""
    return page(
        "schedule.html",
        status,
        id=path.id,
        article=found,
        etag=reply.headers.get("ETag", ""),
        given=typed if given is None else given,
        ahead=bool(typed) and found.status == "published",
        public=found.status == "published" and not typed,
        origin="upcoming" if (request.args.get("from") or request.form.get("from")) == "upcoming" else "",
        **{"errors": {}} | shown,
    )
