"""Regenerating: a button, a bar, and what came of it."""

from collections import Counter
from http import HTTPStatus
from typing import Any

from flask import Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import regenerations as api
from syndication.api.schemas import IdPath
from syndication.dashboard.pages import Pages, back, call, expired_part, html, parse_request
from syndication.web.problems import Problem

pages = Pages("regenerations")

WORDS = {"published": "published anew", "unchanged": "unchanged", "failed": "failed"}


@pages.post("/regenerations", "regenerate")
def regenerate() -> BaseResponse:
    """Ask for some sections or all, and go back to the page on which it was asked."""
    form = request.form
    body = parse_request(
        api.RegenerationRequest,
        sections=form.getlist("section"),
        all_sections=form.get("what") == "all",
        reason=form.get("reason") or None,
    )
    if not body.sections and not body.all_sections:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "Choose at least one section, then regenerate.")
    asked = call(api.request_regeneration, api.RegenerationResponse, body=body)
    section = form.get("back", "")
    return back(f"/sections/{section}" if section in body.sections else "/", regeneration=asked.id)


@pages.get("/live/regenerations/<id>", "read")
def live_regeneration(id: str) -> Response:
    """The bar."""
    found = shown(id)
    if found["regeneration"] is None:
        return expired_part("regeneration", "This regeneration is so long ago that nothing is remembered of it.")
    return html(render_template("dashboard/parts/regeneration.html", **found))


def shown(id: str | None) -> dict[str, Any]:
    """What a page needs to show a regeneration; of one that nobody remembers, nothing."""
    if not id:
        return {"regeneration": None}
    try:
        found = call(api.get_regeneration, api.RegenerationResponse, path=parse_request(IdPath, id=id))
    except Problem as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return {"regeneration": None}
    counts: Counter[str] = Counter(outcome.state for outcome in found.sections)
    words = ", ".join(f"{counts[state]} {word}" for state, word in WORDS.items() if counts[state])
    return {"regeneration": found, "words": words}
