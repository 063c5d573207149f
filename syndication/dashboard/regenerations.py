"""Regenerations: the progress bar and the result."""

from collections import Counter
from http import HTTPStatus
from typing import Any

from flask import Response, render_template

from syndication.api import regenerations as api
from syndication.api.schemas import IdPath
from syndication.dashboard.pages import Pages, call, expired_part, html, parse_request
from syndication.web.problems import Problem

pages = Pages("regenerations")

LABELS = {
    "failed": ("failed", "failed"),
    "published": ("new version", "new versions"),
    "unchanged": ("unchanged", "unchanged"),
}
"""Singular and plural of each state."""


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
