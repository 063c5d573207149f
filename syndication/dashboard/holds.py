"""Holds of feeds by editors: hold, roll back, change and release."""

from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import holds
from syndication.api import sections as api
from syndication.api import versions as api_versions
from syndication.api.schemas import SectionPath
from syndication.dashboard.filters import time_filters
from syndication.dashboard.form_times import read_time, time_turns, write_time
from syndication.dashboard.pages import Pages, back, call, page, parse_request, titles
from syndication.web.problems import Problem, not_found

pages = Pages("holds")

FIELDS = ("reason", "until")


@pages.get("/sections/<slug>/hold", "feeds")
def ask_hold(slug: str) -> Response:
    """Asks for the reason and the end of a hold, and shows what a roll back changes."""
    return _form(slug, request.args.get("version", ""))


@pages.post("/sections/<slug>/hold", "feeds")
def hold(slug: str) -> BaseResponse:
    """Holds the feed, or rolls it back."""
    given = request.form
    version = given.get("version", "")
    values: dict[str, Any] = {"reason": given.get("reason", "")}
    try:
        values["until"] = read_time(given.get("until", ""), time_filters().zone, given.get("until_turn", ""))
    except ValueError as error:
        return _form(slug, version, HTTPStatus.UNPROCESSABLE_ENTITY, errors={"until": str(error)})
    try:
        values |= {name: _number(given[name]) for name in ("version", "replaces") if given.get(name)}
        body = parse_request(holds.HoldRequest, **values)
        held = call(holds.hold_section, path=parse_request(SectionPath, slug=slug), body=body).hold
    except Problem as problem:
        if problem.status not in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise
        found = {name: f"It {words}." for name, words in problem.errors if name in FIELDS}
        return _form(slug, version, problem.status, errors=found or {"": problem.detail})
    if held is not None:
        rolled = held.version < held.from_version
        flash(f"{'Rolled back to' if rolled else 'Held at'} version {held.version}.")
    return back(f"/sections/{slug}")


@pages.post("/sections/<slug>/hold/release", "feeds")
def release(slug: str) -> BaseResponse:
    """Releases the feed."""
    query = parse_request(holds.EndHoldQuery, number=request.form.get("number") or None)
    flash(call(holds.release_hold, path=parse_request(SectionPath, slug=slug), query=query).message)
    return back(f"/sections/{slug}")


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 else text


def _form(slug: str, version: str, status: HTTPStatus = HTTPStatus.OK, **shown: Any) -> Response:
    path = parse_request(SectionPath, slug=slug)
    section = api.get_section(path=path)  # Each route has checked its own scope.
    present = section.editor_hold
    asked = parse_request(holds.HoldRequest, reason="-", version=_number(version) if version else None).version
    if asked is not None and asked > section.version:
        raise not_found(f"version {asked}")
    target = asked or (present.version if present else section.version)
    changes = []
    if asked is not None and asked < section.version:
        query = parse_request(api_versions.DifferenceQuery, old=asked, new=section.version)
        changes = api_versions.get_difference(path=path, query=query).changes
    entries = api.list_entries(path=path).entries if changes else []
    until = present.until if present else None
    default, turn = write_time(until, time_filters().zone)
    given = {
        "reason": request.form.get("reason", present.reason if present else ""),
        "until": request.form.get("until", default),
        "until_turn": request.form.get("until_turn", turn),
    }
    return page(
        "hold.html",
        status,
        section=section,
        title=titles()[slug],
        present=present,
        version=asked or "",
        target=target,
        changes=changes,
        names={entry.article_id: entry.title for entry in entries},
        given=given,
        turns=time_turns(given["until"], time_filters().zone),
        **{"errors": {}} | shown,
    )
