"""Sources: how each is doing, what could not be stored, and what an operator may do."""

from flask import Response, flash
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import sources as api
from syndication.api.operations import context
from syndication.dashboard.filters import time_filters
from syndication.dashboard.pages import Pages, back, call, is_live, page, parse_request, titles
from syndication.diagnostics.source_words import STATUS_LABELS

pages = Pages("sources")


@pages.get("/sources", "read")
def show_sources() -> Response:
    """Lists the sources, with their last look and what could not be stored."""
    write_time = time_filters().text
    tables = context().settings.sources
    found = [call(api.get_source, path=_path(table.name), write_time=write_time) for table in tables]
    return page("parts/sources.html" if is_live() else "sources.html", sources=found, labels=STATUS_LABELS)


@pages.post("/sources/<name>/look", "regenerate")
def look_at_source(name: str) -> BaseResponse:
    """Looks at a source now."""
    flash(call(api.look_at_source, path=_path(name)).message)
    return back("/sources")


@pages.post("/sources/<name>/check", "preview")
def check_source(name: str) -> Response:
    """Reads a source without storing anything, and shows what its newest stories would become."""
    # Here and not at an address of its own: nothing is stored that another request could show.
    found = call(api.check_source, path=_path(name))
    return page("source_dry_run.html", source=api.configured(name), found=found, titles=titles())


@pages.post("/sources/<name>/pause", "admin")
def pause_source(name: str) -> BaseResponse:
    """Stops reading a source."""
    flash(call(api.pause_source, path=_path(name)).message)
    return back("/sources")


@pages.post("/sources/<name>/resume", "admin")
def resume_source(name: str) -> BaseResponse:
    """Reads a paused source again."""
    flash(call(api.resume_source, path=_path(name)).message)
    return back("/sources")


@pages.get("/sources/<name>/accept", "admin")
def confirm_accept(name: str) -> Response:
    """Asks before a source is believed."""
    # Without the check of the operation's own scope: whoever may accept may know what.
    found = api.get_source(_path(name), time_filters().text)
    return page("source_accept.html", source=found)


@pages.post("/sources/<name>/accept", "admin")
def accept_source(name: str) -> BaseResponse:
    """Believes a held source, and lets it take over articles of other writers."""
    flash(call(api.accept_source, path=_path(name)).message)
    return back("/sources")


def _path(name: str) -> api.SourcePath:
    return parse_request(api.SourcePath, name=name)
