"""Regenerations: the form, the progress bar and the result."""

from collections import Counter
from http import HTTPStatus
from typing import Any

from flask import Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import regenerations as api
from syndication.api.schemas import IdPath
from syndication.dashboard.pages import Pages, Question, back, call, expired_part, html, parse_request
from syndication.web.problems import Problem

pages = Pages("regenerations")

LABELS = {
    "failed": ("failed", "failed"),
    "published": ("new version", "new versions"),
    "unchanged": ("unchanged", "unchanged"),
}
"""Singular and plural of each state."""


EVERYTHING = Question(
    "Regenerate all feeds?",
    "Workers build every feed from its stories again. Feeds whose content is the same get no new version, but with many"
    " feeds this takes minutes, and changes of stories wait meanwhile.",
    "Regenerate all",
    "/",
    only=("what", "all"),
)


@pages.post("/regenerations", "regenerate", ask=EVERYTHING)
def regenerate() -> BaseResponse:
    """Requests a regeneration of some or all sections, and returns to the page of the form."""
    form = request.form
    body = parse_request(
        api.RegenerationRequest,
        sections=form.getlist("section"),
        all_sections=form.get("what") == "all",
        reason=form.get("reason") or None,
    )
    if not body.sections and not body.all_sections:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "Select at least one section.")
    asked = call(api.request_regeneration, body=body).value
    section = form.get("back", "")
    return back(f"/sections/{section}" if section in body.sections else "/", regeneration=asked.id)


@pages.get("/live/regenerations/<id>", "read")
def live_regeneration(id: str) -> Response:
    """Returns the live progress bar."""
    found = shown(id)
    if found["regeneration"] is None:
        return expired_part("regeneration", "This regeneration has expired from the history.")
    return html(render_template("dashboard/parts/regeneration.html", **found))


def shown(id: str | None) -> dict[str, Any]:
    """Returns the template variables of a regeneration; none if it has been pruned."""
    if not id:
        return {"regeneration": None}
    try:
        found = call(api.get_regeneration, path=parse_request(IdPath, id=id))
    except Problem as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return {"regeneration": None}
    counts: Counter[str] = Counter(outcome.state for outcome in found.sections)
    words = ", ".join(f"{counts[state]} {label[counts[state] > 1]}" for state, label in LABELS.items() if counts[state])
    return {"regeneration": found, "words": words}
