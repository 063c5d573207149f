"""The overview: the status of every feed, and one line on the health of the service."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Any

from flask import Response, current_app, render_template, request
from markupsafe import Markup

from syndication.api.operations import caller, context
from syndication.dashboard.first_steps import find_first_steps
from syndication.dashboard.form_errors import Errors
from syndication.dashboard.pages import Pages, html, page, titles
from syndication.dashboard.quiet_sections import find_silences
from syndication.dashboard.regenerations import shown
from syndication.dashboard.ttl_cache import TTLCache
from syndication.dashboard.verdict import MOST_ROWS, current_health, worst
from syndication.diagnostics import health
from syndication.model.values import Section
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import PollSums
from syndication.store.publishing import documents
from syndication.store.publishing.section_state import Progress, SectionState, section_status

pages = Pages("overview")

CACHE_SECONDS = 1.0
"""Seconds for which one database query serves all viewers."""


@dataclass(frozen=True, slots=True)
class Row:
    """One section; times are UTC, ``size`` is the uncompressed size of its documents in bytes."""

    slug: str
    title: str
    state: str
    words: str
    entries: int
    left_out: int
    version: int
    updated_at: datetime | None
    next_due: datetime | None
    polls: int
    not_modified: int
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """The live part of the page, and its digest to detect changes."""

    text: Markup
    digest: str


@pages.get("/", "read")
def show() -> Response:
    """Shows the overview."""
    return overview_page()


def overview_page(status: HTTPStatus = HTTPStatus.OK, errors: Errors | None = None) -> Response:
    """Returns the overview, with what was wrong with its form."""
    return page(
        "overview.html", status, part=_part().text, errors=errors or {}, **shown(request.args.get("regeneration"))
    )


@pages.get("/live/overview", "read")
def live() -> Response:
    """Returns the live part; 204 if it is unchanged."""
    part = _part()
    if request.args.get("seen") == part.digest:
        return Response(status=HTTPStatus.NO_CONTENT)
    return html(part.text)


def _part() -> Part:
    cache: TTLCache = current_app.extensions["ttl_cache"]
    may = {"may_preview": caller().may("preview"), "may_regenerate": caller().may("regenerate")}
    key = ("overview", *may.values(), caller().may("write"), caller().may("admin"))
    return cache.get(key, CACHE_SECONDS, lambda: _render(may))


def _render(may: dict[str, bool]) -> Part:
    values = _read() | may
    bare = render_template("dashboard/parts/overview.html", digest="", **values)
    digest = hashlib.sha256(bare.encode()).hexdigest()[:16]
    return Part(Markup(bare.replace("?seen=", f"?seen={digest}", 1)), digest)  # noqa: S704  # a rendered template is escaped


def _read() -> dict[str, Any]:
    database, settings = context().database, context().settings
    many = len(settings.sections) > MOST_ROWS
    found, silences, named = current_health(), find_silences(), titles()
    status, oldest, findings = found.status, found.facts.oldest_change, found.findings
    with database.read() as conn:
        asked = poll_counts.last_hour(conn, found.facts.now)
        first_steps = find_first_steps(conn, status, caller().may("preview"), caller().now)
        chosen = _chosen(settings.sections, status.states) if many else list(settings.sections)
        sizes = documents.read_sizes(conn, chosen)
    unpurged = found.facts.unpurged
    rows = [
        _row(
            settings.sections[slug],
            named[slug],
            status.states.get(slug),
            asked.get(slug, poll_counts.NONE),
            silences.get(slug, ""),
            status.progress,
            sizes.get(slug, 0),
            is_purged=slug not in unpurged,
        )
        for slug in chosen
    ]
    counts = status.count(settings.sections)
    polls = [sums for slug, sums in asked.items() if slug in settings.sections]
    return {
        "rows": rows,
        "feeds": len(settings.sections),
        "workers": status.workers,
        "web": status.web,
        "current": counts.get("current", 0),
        "oldest": oldest,
        "pending": counts.get("pending", 0),
        "polls": sum(sums.total for sums in polls),
        "not_modified": sum(sums.not_modified for sums in polls),
        "headline": health.headline(findings),
        "first_steps": first_steps,
        "findings": findings,
        "severity": worst(found) or "well",
    }


def _chosen(sections: Mapping[str, Section], states: Mapping[str, SectionState]) -> list[str]:
    """Returns the sections in the table: first those that are not up to date, then the first of the configuration."""
    special = [slug for slug, state in states.items() if slug in sections and section_status(state) != "current"]
    first = sorted(special[:MOST_ROWS], key=lambda slug: section_status(states[slug]) == "pending")
    return list(islice(dict.fromkeys([*first, *sections]), MOST_ROWS))


def _row(
    section: Section,
    title: str,
    state: SectionState | None,
    asked: PollSums,
    silence: str,
    progress: Progress,
    size: int,
    *,
    is_purged: bool,
) -> Row:
    name, words = _state(state, silence, progress, is_purged=is_purged)
    return Row(
        slug=section.slug,
        title=title,
        state=name,
        words=words,
        entries=state.entries if state else 0,
        left_out=state.left_out if state else 0,
        version=state.version if state else 0,
        updated_at=state.updated_at if state else None,
        next_due=state.next_due if state else None,
        polls=asked.total,
        not_modified=asked.not_modified,
        size=size,
    )


def _state(state: SectionState | None, silence: str, progress: Progress, *, is_purged: bool) -> tuple[str, str]:
    """Returns the status and its details."""
    status = section_status(state, progress)
    if status == "failing" and state is not None:
        return status, state.error or ""
    if status == "held" and state is not None and state.editor_hold is not None:
        by = state.editor_hold
        return status, f"{'rolled back to' if by.is_rolled_back else 'at'} version {by.version} by {by.by}"
    if status == "held" and state is not None and state.hold is not None:
        return status, state.hold.words
    if status == "current" and not is_purged:
        return "unpurged", ""
    return ("silent", silence) if status == "current" and silence else (status, "")
