"""Sections: the status of each feed, its entries and the articles left out."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, get_args

from pydantic import Field

from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.api.schemas import Cursor, RequestModel, ResponseModel, SectionPath, Time
from syndication.api.service_health import service_health
from syndication.api.visibility import visible_left_out, visible_outlines, visible_progress, visible_states
from syndication.diagnostics.cache_time import cache_time
from syndication.diagnostics.health import Severity, headline
from syndication.model.feed_addresses import feed_url
from syndication.model.freshness import Cadence, minute_of
from syndication.model.json_types import Text
from syndication.model.values import FORMATS, Section
from syndication.store import Connection
from syndication.store.db.cursors import INVALID_CURSOR, decode_cursor, encode_cursor
from syndication.store.publishing import published
from syndication.store.publishing.holds import EditorHold, Hold
from syndication.store.publishing.section_state import (
    Progress,
    SectionState,
    SectionStatus,
    configured_states,
    section_status,
)
from syndication.web.problems import Problem, not_found

operation = Operations("sections", "Sections", "The feeds: status, entries and versions.")


class HoldResponse(ResponseModel):
    """More than half of the feed's entries vanished at once: ``vanished`` of ``entries`` are still missing.

    The feed keeps them until they are back, until ``until``, or until it is released.
    """

    since: Time
    until: Time
    entries: int
    vanished: int


class EditorHoldResponse(ResponseModel):
    """An editor, ``by``, holds the feed at ``version`` since ``since``, for ``reason``.

    It ends at ``until`` (null: when somebody releases it). ``from_version`` was published when it began: a lower
    ``version`` means that the feed was rolled back. ``number`` identifies the hold.
    """

    number: int
    version: int
    from_version: int
    since: Time
    until: Time | None
    by: str
    reason: str


class SectionsQuery(RequestModel):
    """Search text and page."""

    q: Text = Field("", max_length=200, description="Text in the title or slug.")
    limit: Annotated[int, Field(ge=1, le=1000, description="The most sections in an answer.")] = 1000
    after: Cursor | None = Field(None, description="Cursor from the Link header of the previous page.")


class SectionResponse(ResponseModel):
    """A section and its ``state``: current, pending, stalled, failing, held or unpublished.

    Stalled: nobody updates it, as no worker is running, or a change waits for more than ten seconds.

    ``next_due`` is the next scheduled change. ``hold`` is null unless entries vanished and the feed keeps them,
    ``editor_hold`` unless an editor holds the feed at one version. ``missed_at`` is when a
    sweep last found changes that had not been noticed, in ``missed_entries`` entries. Readers are asked to poll every
    ``cache_seconds`` (max-age), for ``cache_reason``. Fields that would reveal changes
    of hidden articles need the scope preview: without it, ``next_due``, ``regenerated_at``, ``retry_at``,
    ``missed_at`` and ``missed_entries`` are null, ``state`` is never pending, and ``failures`` is 1 while the section
    is failing.
    """

    slug: str
    title: str
    state: SectionStatus
    version: int
    entries: int
    left_out: int
    updated_at: Time | None
    regenerated_at: Time | None
    next_due: Time | None
    failures: int
    retry_at: Time | None
    error: str | None
    hold: HoldResponse | None
    editor_hold: EditorHoldResponse | None
    missed_at: Time | None
    missed_entries: int | None
    cache_seconds: int
    cache_reason: str
    feeds: list[str]


class SectionsResponse(ResponseModel):
    """Configured sections, ``all`` first."""

    sections: list[SectionResponse]


class FindingResponse(ResponseModel):
    """A problem or a notice; ``standstill`` means that nothing new is published.

    ``section`` or ``source`` is set if only that one is affected.
    """

    severity: Severity
    message: str
    section: str | None
    source: str | None


class StatusResponse(ResponseModel):
    """The status of the service: ``workers`` and ``web`` are the numbers of running processes.

    ``oldest_change`` is when the oldest waiting change was noticed; it is null without the scope preview.
    ``sections`` has the number of sections in each state. ``headline`` is the verdict in one line, ``findings`` has
    each problem and notice, most severe first: the same that the dashboard and `syndication status` show.
    """

    headline: str
    findings: list[FindingResponse]
    workers: int
    web: int
    oldest_change: Time | None
    sections: dict[str, int]


class EntryResponse(ResponseModel):
    """An entry of a feed, last changed in ``version`` and added in ``since_version``."""

    place: int
    article_id: str
    entry_id: str
    title: str | None
    url: str | None
    published_at: Time
    version: int
    since_version: int


class EntriesResponse(ResponseModel):
    """The entries of a feed, in feed order."""

    section: str
    version: int
    entries: list[EntryResponse]


class LeftOutResponse(ResponseModel):
    """An article that cannot be shown in the feed, with the reason."""

    article_id: str
    reason: str
    since: Time


class LeftOutsResponse(ResponseModel):
    """The articles left out of a feed."""

    section: str
    left_out: list[LeftOutResponse]


@operation("GET", "/status", "read", {200: StatusResponse})
def get_status() -> StatusResponse:
    """Get the status of the service: what is wrong, running processes, the oldest waiting change, sections by state."""
    found = service_health()
    status, findings = found.status, found.findings
    counts = dict.fromkeys(get_args(SectionStatus), 0) | status.count(context().settings.sections)
    return StatusResponse(
        headline=headline(findings),
        findings=[
            FindingResponse(severity=one.severity, message=one.words, section=one.section, source=one.source)
            for one in findings
        ],
        workers=len(status.workers),
        web=len(status.web),
        oldest_change=instant(found.facts.oldest_change),
        sections=counts,
    )


@operation("GET", "/sections", "read", {200: SectionsResponse})
def list_sections(query: SectionsQuery) -> Reply[SectionsResponse]:
    """List the sections with their state, page by page, in the order of the configuration."""
    words = query.q.casefold()
    found = [
        section
        for slug, section in context().settings.sections.items()
        if words in slug or words in section.title.casefold()
    ]
    start = _position(found, query.after)
    page = found[start : start + query.limit]
    following = encode_cursor(None, page[-1].slug) if len(found) > start + query.limit else None
    with context().database.read() as conn:
        known, progress = _states(conn, [section.slug for section in page]), visible_progress(conn)
    answers = [_answer(section, known.get(section.slug), progress) for section in page]
    return Reply(SectionsResponse(sections=answers), next_page=next_page(query, after=following))


def _position(found: Sequence[Section], after: str | None) -> int:
    """Returns where the page after a cursor begins; raises a 422 Problem for one that is of no section here."""
    if after is None:
        return 0
    moment, slug = decode_cursor(after)
    places = [place for place, section in enumerate(found, 1) if section.slug == slug]
    if moment is not None or not places:
        words = INVALID_CURSOR.removeprefix("after ")
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"after {words}.", errors=[("after", words)])
    return places[0]


@operation("GET", "/sections/<slug>", "read", {200: SectionResponse})
def get_section(path: SectionPath) -> SectionResponse:
    """Get a section with its state."""
    section = configured(path.slug)
    with context().database.read() as conn:
        return _answer(section, _states(conn, [section.slug]).get(section.slug), visible_progress(conn))


@operation("GET", "/sections/<slug>/entries", "read", {200: EntriesResponse})
def list_entries(path: SectionPath) -> EntriesResponse:
    """List the entries of a feed, with the version in which each last changed."""
    section = configured(path.slug)
    with context().database.snapshot() as conn:
        current = published.find_published(conn, section.slug)
        entries = list(current.entries.values()) if current else []
        seen = visible_outlines(conn, [entry.article_id for entry in entries])
    rows = []
    for place, entry in enumerate(entries, 1):
        article = seen.get(entry.article_id)
        rows.append(
            EntryResponse(
                place=place,
                article_id=entry.article_id,
                entry_id=entry.entry_id,
                title=article.title if article else None,
                url=article.url if article else None,
                published_at=instant(entry.published_at),
                version=entry.version,
                since_version=entry.since_version,
            )
        )
    return EntriesResponse(section=section.slug, version=current.version if current else 0, entries=rows)


@operation("GET", "/sections/<slug>/left-out", "read", {200: LeftOutsResponse})
def list_left_out(path: SectionPath) -> LeftOutsResponse:
    """List the articles left out of a feed, with the reasons."""
    section = configured(path.slug)
    with context().database.snapshot() as conn:
        found = [item for item in visible_left_out(conn) if item.section == section.slug]
    rows = [
        LeftOutResponse(article_id=item.article_id, reason=item.reason, since=instant(item.since)) for item in found
    ]
    return LeftOutsResponse(section=section.slug, left_out=rows)


def _hold(hold: Hold) -> HoldResponse:
    return HoldResponse(
        since=instant(hold.since), until=instant(hold.until), entries=hold.entries, vanished=hold.vanished
    )


def editor_hold(hold: EditorHold) -> EditorHoldResponse:
    """Returns an editor's hold as the API shows it."""
    return EditorHoldResponse(
        number=hold.number,
        version=hold.version,
        from_version=hold.from_version,
        since=instant(hold.since),
        until=instant(hold.until),
        by=hold.by,
        reason=hold.reason,
    )


def configured(slug: str) -> Section:
    """Returns the section; raises a 404 Problem if it is not configured."""
    section: Section | None = context().settings.sections.get(slug)
    if section is None:
        raise not_found(f"section {slug!r}")
    return section


def _states(conn: Connection, slugs: Sequence[str]) -> dict[str, SectionState]:
    return visible_states(conn, configured_states(conn, slugs))


def _answer(section: Section, state: SectionState | None, progress: Progress) -> SectionResponse:
    settings = context().settings
    cadence = Cadence.from_text(state.cadence) if state else None
    polled = cache_time(section.cache, cadence, minute_of(caller().now) * 60)
    return SectionResponse(
        slug=section.slug,
        title=section.title,
        state=section_status(state, progress),
        version=state.version if state else 0,
        entries=state.entries if state else 0,
        left_out=state.left_out if state else 0,
        updated_at=instant(state.updated_at) if state else None,
        regenerated_at=instant(state.regenerated_at) if state else None,
        next_due=instant(state.next_due) if state else None,
        failures=state.failures if state else 0,
        retry_at=instant(state.retry_at) if state else None,
        error=state.error if state else None,
        hold=_hold(state.hold) if state and state.hold and state.is_held else None,
        editor_hold=editor_hold(state.editor_hold) if state and state.editor_hold else None,
        missed_at=instant(state.missed_at) if state else None,
        missed_entries=state.missed_entries if state else None,
        cache_seconds=polled.seconds,
        cache_reason=polled.reason,
        feeds=[feed_url(settings.site, section.slug, format) for format in FORMATS],
    )
