"""One section: what stands in its feed, what does not and why, and how its versions differ."""

from flask import Response, request

from syndication.api import sections as api
from syndication.api import versions as api_versions
from syndication.api.operations import context
from syndication.api.schemas import SectionPath
from syndication.dashboard.chart_pages import figure
from syndication.dashboard.pages import Pages, ask, asked_for, next_page, page, titles
from syndication.dashboard.regenerations import shown
from syndication.model.values import FORMATS
from syndication.serve.catalogue import address

pages = Pages("sections")


@pages.get("/sections/<slug>", "read")
def show_section(slug: str) -> Response:
    """The section, its entries and what is left out."""
    path = asked_for(SectionPath, slug=slug)
    section = ask(api.get_section, api.SectionAnswer, path=path)
    return page(
        "section.html",
        section=section,
        entries=ask(api.list_entries, api.EntriesAnswer, path=path).entries,
        left_out=ask(api.list_left_out, api.LeftOutsAnswer, path=path).left_out,
        configured=api.configured(slug),
        title=titles()[slug],
        served=served_version(slug),
        figures={kind: figure(kind, slug, "day") for kind in ("polls", "share")},
        **shown(request.args.get("regeneration")),
    )


@pages.get("/sections/<slug>/versions", "read")
def show_versions(slug: str) -> Response:
    """The versions that are kept, and what changed in each; or how two of them differ."""
    path = asked_for(SectionPath, slug=slug)
    section = ask(api.get_section, api.SectionAnswer, path=path)
    query = asked_for(api_versions.VersionsQuery, before=request.args.get("before") or None)
    found = ask(api_versions.list_versions, api_versions.VersionsAnswer, path=path, query=query)
    following = next_page()
    return page(
        "versions.html",
        section=section,
        title=titles()[slug],
        versions=found.versions,
        following={"before": following["before"]} if following else None,
        before=query.before,
        difference=_difference(path),
    )


def served_version(slug: str) -> int:
    """The version that this web process serves; 0 is none."""
    found = (context().watcher.catalogue.documents.get(address(slug, format)) for format in FORMATS)
    return max((document.version for document in found if document), default=0)


def _difference(path: SectionPath) -> api_versions.DifferenceAnswer | None:
    """How the two versions differ that were asked for, in whichever order."""
    given = request.args.get("old"), request.args.get("new")
    if None in given:
        return None
    query = asked_for(api_versions.DifferenceQuery, old=given[0], new=given[1])
    if query.old > query.new:
        query = asked_for(api_versions.DifferenceQuery, old=given[1], new=given[0])
    return ask(api_versions.get_difference, api_versions.DifferenceAnswer, path=path, query=query)
