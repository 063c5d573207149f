"""One section: its entries, its left-out articles, and its versions."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import releases
from syndication.api import sections as api
from syndication.api import versions as api_versions
from syndication.api.operations import caller, context
from syndication.api.schemas import SectionPath
from syndication.dashboard.article_form import LABELS
from syndication.dashboard.chart_pages import build_chart
from syndication.dashboard.pages import Pages, Question, back, call, is_live, live_part, page, parse_request, titles
from syndication.dashboard.regenerations import shown
from syndication.dashboard.subscribers import subscribers_line
from syndication.dashboard.verdict import current_health
from syndication.diagnostics.cache_time import CacheTime
from syndication.store.publishing.section_state import MISSED_SHOWN

pages = Pages("sections")


@pages.get("/sections/<slug>", "read")
def show_section(slug: str) -> Response:
    """Shows the section, its entries and its left-out articles."""
    return section_page(slug)


def section_page(slug: str, status: HTTPStatus = HTTPStatus.OK, **sent: Any) -> Response:
    """Returns the section, or the part of it that keeps up; with what was sent of its form, if that was refused."""
    path = parse_request(SectionPath, slug=slug)
    section = call(api.get_section, path=path)
    known: dict[str, Any] = {
        "section": section,
        "entries": call(api.list_entries, path=path).entries,
        "left_out": call(api.list_left_out, path=path).left_out,
        "configured": api.configured(slug),
        "served": served_version(slug),
        "missed_recently": _missed_recently(section),
        "unpurged": slug in current_health().facts.unpurged,
        "subscribers": subscribers_line(slug),
        "polled": CacheTime(section.cache_seconds, section.cache_reason),
    }
    if is_live():
        return live_part("parts/section_live.html", **known)
    return page(
        "section.html",
        status,
        **{"errors": {}, "reason": ""} | sent,
        **known,
        title=titles()[slug],
        charts={kind: build_chart(kind, slug, "day") for kind in ("polls", "share")},
        **shown(request.args.get("regeneration")),
    )


RELEASE = Question(
    "Publish {slug} without the vanished stories?",
    "They leave the feed within about a second, and come back when the CMS writes them again.",
    "Publish without them",
    "/sections/{slug}",
)


@pages.post("/sections/<slug>/release", "regenerate", ask=RELEASE)
def release(slug: str) -> BaseResponse:
    """Publishes a held section without the vanished entries."""
    released = call(releases.release_section, path=parse_request(SectionPath, slug=slug))
    flash(released.message)
    return back(f"/sections/{slug}")


@pages.get("/sections/<slug>/versions", "read")
def show_versions(slug: str) -> Response:
    """Shows the version history with the changes of each version, or the difference between two."""
    path = parse_request(SectionPath, slug=slug)
    section = call(api.get_section, path=path)
    query = parse_request(api_versions.VersionsQuery, before=request.args.get("before") or None)
    found = call(api_versions.list_versions, path=path, query=query)
    following = found.next_page
    return page(
        "versions.html",
        section=section,
        title=titles()[slug],
        versions=found.value.versions,
        following={"before": following["before"]} if following else None,
        before=query.before,
        difference=_difference(path),
        labels=LABELS,
    )


def _missed_recently(section: api.SectionResponse) -> bool:
    return section.missed_at is not None and datetime.fromisoformat(section.missed_at) > caller().now - MISSED_SHOWN


def served_version(slug: str) -> int:
    """Returns the published version as this process knows it; 0 if none."""
    version: int = context().loader.catalogue.memory.versions.get(slug, 0)
    return version


def _difference(path: SectionPath) -> api_versions.DifferenceResponse | None:
    """Returns the difference between the two requested versions, given in either order."""
    given = request.args.get("old"), request.args.get("new")
    if None in given:
        return None
    query = parse_request(api_versions.DifferenceQuery, old=given[0], new=given[1])
    if query.old > query.new:
        query = parse_request(api_versions.DifferenceQuery, old=given[1], new=given[0])
    return call(api_versions.get_difference, path=path, query=query)
