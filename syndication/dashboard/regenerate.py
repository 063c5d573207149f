"""The form that regenerates feeds, on the overview and on each section's page."""

from http import HTTPStatus

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import regenerations as api
from syndication.api.operations import context
from syndication.dashboard.form_errors import refused_form
from syndication.dashboard.overview import overview_page
from syndication.dashboard.pages import Pages, Question, back, call, parse_request
from syndication.dashboard.sections import section_page
from syndication.web.problems import Problem

pages = Pages("regenerate")

FIELDS = {"reason": "the reason", "sections": "sections"}
"""What the fields of the form are called in sentences."""

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
    section = form.get("back", "")
    try:
        body = parse_request(
            api.RegenerationRequest,
            sections=form.getlist("section"),
            all_sections=form.get("what") == "all",
            reason=form.get("reason") or None,
        )
        if not body.sections and not body.all_sections:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "Select at least one section.")
        asked = call(api.request_regeneration, body=body).value
    except Problem as problem:
        status, errors = refused_form(problem, FIELDS)
        if section in context().settings.sections:
            return section_page(section, status, errors=errors, reason=form.get("reason", ""))
        return overview_page(status, errors=errors)
    return back(f"/sections/{section}" if section in body.sections else "/", regeneration=asked.id)
