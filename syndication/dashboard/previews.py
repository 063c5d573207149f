"""Previews of articles, rendered by a worker before publication."""

import json
import time
from http import HTTPStatus
from typing import Any

from flask import Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import previews as api
from syndication.api.schemas import IdPath
from syndication.dashboard.documents import LABELS, render_reader_preview
from syndication.dashboard.pages import Pages, back, call, expired_part, html, parse_request
from syndication.web.problems import Problem, not_found

pages = Pages("previews")

POLL_SECONDS = 0.05
"""The pause between two looks for the answer of a worker."""


@pages.post("/article/preview", "preview")
def preview() -> BaseResponse:
    """Requests a preview of the article from a worker."""
    id = request.args.get("id", "")
    body = parse_request(api.PreviewRequest, changes=[{"id": id}])
    asked = call(api.request_preview, body=body).value
    return back("/article", id=id, preview=asked.id)


@pages.get("/live/previews/<id>", "preview")
def live_preview(id: str) -> Response:
    """Returns the live part with the preview."""
    found = shown(id)
    if found["preview"] is None:
        return expired_part("preview", "This preview has expired after 10 minutes. Request a new one.")
    return html(render_template("dashboard/parts/preview.html", **found))


@pages.get("/previews/<id>/view", "preview")
def preview_view(id: str) -> Response:
    """Returns the content of the frame: the reader preview of the entry."""
    found = call(api.get_preview, path=parse_request(IdPath, id=id))
    if "json" not in found.entry:
        raise not_found(f"entry in the preview {id!r}")
    return render_reader_preview("Preview", [json.loads(found.entry["json"])])


def await_preview(asked: api.PreviewResponse, seconds: float) -> api.PreviewResponse:
    """Returns the preview once a worker has rendered it, or as it is after ``seconds``; at once if no worker runs."""
    until = time.monotonic() + seconds
    while asked.state == "requested" and not asked.message and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
        asked = call(api.get_preview, path=IdPath(id=asked.id))
    return asked


def shown(id: str | None) -> dict[str, Any]:
    """Returns the template variables of a preview; none if it has expired."""
    if not id:
        return {"preview": None}
    try:
        found = call(api.get_preview, path=parse_request(IdPath, id=id))
    except Problem as problem:
        if problem.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
            raise
        return {"preview": None}
    return {"preview": found, "format_labels": LABELS}
