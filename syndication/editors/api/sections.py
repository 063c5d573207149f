"""Sections: the state of each feed, what stands in it and what does not, and how its versions differ."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Literal

from flask import Response
from pydantic import Field

from syndication.editors.api.operations import PREFIX, Operations, answer, caller, context, instant
from syndication.editors.api.schemas import Answer, Limit, Query, SectionPath
from syndication.editors.problems import Problem, not_found
from syndication.feeds import Article, Section
from syndication.store import Connection, changes, documents, editions, history, workers
from syndication.store.articles import load_articles
from syndication.store.sections import SectionState, states

operation = Operations("sections", "Sections", "The feeds: their state, their entries, their versions.")


class SectionAnswer(Answer):
    """A section and its state: current, waiting, failing, or not rendered yet.

    ``next_due`` is when it changes by itself; it is told to those who may preview, as it may be an embargo's end.
    """

    slug: str
    title: str
    state: Literal["current", "waiting", "failing", "not-rendered"]
    version: int
    entries: int
    left_out: int
    updated_at: str | None
    regenerated_at: str | None
    next_due: str | None
    failures: int
    retry_at: str | None
    error: str | None
    feeds: list[str]


class SectionsAnswer(Answer):
    """Every configured section, ``all`` first."""

    sections: list[SectionAnswer]


class StatusAnswer(Answer):
    """How the service is: ``oldest_change`` is when the oldest change not yet processed was noticed."""

    workers: int
    oldest_change: str | None
    sections: dict[str, int]


class EntryAnswer(Answer):
    """An entry of a feed; ``version`` is where it last changed, ``since_version`` where it came."""

    place: int
    article_id: str
    entry_id: str
    title: str | None
    url: str | None
    published_at: str | None
    version: int
    since_version: int


class EntriesAnswer(Answer):
    """What stands in the feed, in its order."""

    section: str
    version: int
    entries: list[EntryAnswer]


class LeftOutAnswer(Answer):
    """An article that should stand in the feed and cannot, and why."""

    article_id: str
    reason: str
    since: str | None


class LeftOutsAnswer(Answer):
    """Everything that is left out of the feed."""

    section: str
    left_out: list[LeftOutAnswer]


class ChangeAnswer(Answer):
    """How an entry changed. A gone one was withdrawn, deleted, unpublished, expired, moved, left-out or pushed-out."""

    article_id: str
    change: Literal["added", "changed", "gone"]
    reason: str | None


class VersionAnswer(Answer):
    """A version of the feed and how it differs from the one before; bytes of all formats, uncompressed."""

    version: int
    at: str | None
    entries: int
    bytes: int
    changes: list[ChangeAnswer]


class VersionsAnswer(Answer):
    """One page, the newest first; the next one is in the header Link."""

    section: str
    versions: list[VersionAnswer]


class DifferenceAnswer(Answer):
    """What happened from one version to another."""

    section: str
    old: int
    new: int
    changes: list[ChangeAnswer]


class VersionsQuery(Query):
    """Which page."""

    limit: Limit = 20
    before: int | None = Field(None, ge=1, le=2**53, description="Only versions before this one.")


class DifferenceQuery(Query):
    """Two versions of the section; 0 is the empty feed before the first."""

    old: int = Field(ge=0, le=2**53)
    new: int = Field(ge=1, le=2**53)


@operation("GET", "/status", "read", {200: StatusAnswer})
def get_status() -> Response:
    """How the service is: workers alive, the oldest change not yet processed, sections by state."""
    with context().database.read() as conn:
        now = context().database.now(conn)
        alive = len(workers.alive(conn, now))
        oldest = changes.oldest(conn)
        found = _answers(conn)
    counts = dict.fromkeys(("current", "waiting", "failing", "not-rendered"), 0)
    for section in found:
        counts[section.state] += 1
    return answer(StatusAnswer(workers=alive, oldest_change=instant(oldest), sections=counts))


@operation("GET", "/sections", "read", {200: SectionsAnswer})
def list_sections() -> Response:
    """Every section with its state."""
    with context().database.read() as conn:
        return answer(SectionsAnswer(sections=_answers(conn)))


@operation("GET", "/sections/<slug>", "read", {200: SectionAnswer})
def get_section(path: SectionPath) -> Response:
    """One section with its state."""
    section = _configured(path.slug)
    with context().database.read() as conn:
        return answer(next(found for found in _answers(conn) if found.slug == section.slug))


@operation("GET", "/sections/<slug>/entries", "read", {200: EntriesAnswer})
def list_entries(path: SectionPath) -> Response:
    """What stands in the feed, and the version in which each entry last changed."""
    section = _configured(path.slug)
    with context().database.snapshot() as conn:
        edition = editions.perhaps_edition(conn, section.slug)
        entries = list(edition.entries.values()) if edition else []
        seen = _seen(conn, [entry.article_id for entry in entries])
    rows = []
    for place, entry in enumerate(entries, 1):
        article = seen.get(entry.article_id)
        rows.append(
            EntryAnswer(
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
    return answer(EntriesAnswer(section=section.slug, version=edition.version if edition else 0, entries=rows))


@operation("GET", "/sections/<slug>/left-out", "read", {200: LeftOutsAnswer})
def list_left_out(path: SectionPath) -> Response:
    """What should stand in the feed and cannot, and why."""
    section = _configured(path.slug)
    with context().database.snapshot() as conn:
        found = [item for item in documents.left_out(conn) if item.section == section.slug]
        seen = _seen(conn, [item.article_id for item in found])
    rows = [
        LeftOutAnswer(article_id=item.article_id, reason=item.reason, since=instant(item.since))
        for item in found
        if item.article_id in seen
    ]
    return answer(LeftOutsAnswer(section=section.slug, left_out=rows))


@operation("GET", "/sections/<slug>/versions", "read", {200: VersionsAnswer})
def list_versions(path: SectionPath, query: VersionsQuery) -> Response:
    """The versions that are kept, the newest first, and what changed in each."""
    section = _configured(path.slug)
    with context().database.snapshot() as conn:
        found = history.read(conn, section.slug, query.limit + 1, query.before)
    page = found[: query.limit]
    rows = [
        VersionAnswer(
            version=item.version,
            at=instant(item.at),
            entries=item.entries,
            bytes=item.bytes,
            changes=_changes(item.changes),
        )
        for item in page
    ]
    response = answer(VersionsAnswer(section=section.slug, versions=rows))
    if len(found) > query.limit:
        address = f"{PREFIX}/sections/{section.slug}/versions?limit={query.limit}&before={page[-1].version}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response


@operation("GET", "/sections/<slug>/difference", "read", {200: DifferenceAnswer})
def get_difference(path: SectionPath, query: DifferenceQuery) -> Response:
    """What happened between two versions: entries added, changed, and gone and why."""
    section = _configured(path.slug)
    if query.new < query.old:
        words = f"is {query.new}: it should not be before old, {query.old}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"new {words}", errors=[("new", words)])
    with context().database.snapshot() as conn:
        kept = history.kept(conn, section.slug)
        found = history.difference(conn, section.slug, query.old, query.new) if query.new in kept else None
    if found is None:
        there = f"{kept.start} to {kept.stop - 1}" if kept else "none yet"
        detail = f"Versions {query.old} to {query.new} are not all kept: {there} are."
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", detail)
    changed = DifferenceAnswer(section=section.slug, old=query.old, new=query.new, changes=_changes(found))
    return answer(changed)


def _configured(slug: str) -> Section:
    section: Section | None = context().settings.sections.get(slug)
    if section is None:
        raise not_found(f"section {slug!r}")
    return section


def _answers(conn: Connection) -> list[SectionAnswer]:
    known = {state.section: state for state in states(conn)}
    return [_answer(section, known.get(slug)) for slug, section in context().settings.sections.items()]


def _answer(section: Section, state: SectionState | None) -> SectionAnswer:
    settings = context().settings
    return SectionAnswer(
        slug=section.slug,
        title=section.title,
        state=_state(state),
        version=state.version if state else 0,
        entries=state.entries if state else 0,
        left_out=state.left_out if state else 0,
        updated_at=instant(state.updated_at) if state else None,
        regenerated_at=instant(state.regenerated_at) if state else None,
        next_due=instant(state.next_due) if state and caller().may("preview") else None,
        failures=state.failures if state else 0,
        retry_at=instant(state.retry_at) if state else None,
        error=state.error if state else None,
        feeds=[f"{settings.site.base_url}/feeds/{section.slug}.{format}" for format in ("atom", "rss", "json")],
    )


def _state(state: SectionState | None) -> Literal["current", "waiting", "failing", "not-rendered"]:
    if state is not None and state.failures:
        return "failing"
    if state is None or not state.version:
        return "not-rendered"
    return "waiting" if state.pending else "current"


def _changes(found: Collection[history.EntryChange]) -> list[ChangeAnswer]:
    return [ChangeAnswer(article_id=c.article_id, change=c.change, reason=c.reason) for c in found]


def _seen(conn: Connection, ids: list[str]) -> dict[str, Article]:
    """The articles that exist for the caller."""
    return {id: article for id, article in load_articles(conn, ids).items() if caller().sees(article)}
