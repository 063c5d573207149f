"""Versions of feeds, and the differences between them."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Literal

from pydantic import Field

from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.api.revisions import StateChangeResponse, state_change
from syndication.api.schemas import Limit, RequestModel, ResponseModel, SectionPath, Time
from syndication.api.sections import configured
from syndication.api.visibility import visible_outlines
from syndication.diagnostics.version_differences import describe_changes, list_titles
from syndication.store import Connection
from syndication.store.publishing import versions as stored_versions
from syndication.store.publishing.versions import EntryChange
from syndication.web.problems import Problem

operation = Operations("versions", "Versions", "The version history of each feed.")


class ChangeResponse(ResponseModel):
    """How an entry changed.

    If it is gone, ``reason`` is withdrawn, deleted, unpublished, expired, moved, left-out, pushed-out or rolled-back.
    If it changed, ``reason`` is correction or date if its date moved, because of a correction or of its writer, and
    same-date if not. ``title`` is that of the version, for callers with the scope preview; for others, the present one
    of a public article. It is null if it is not known any more.
    """

    article_id: str
    title: str | None
    change: Literal["added", "changed", "gone"]
    reason: str | None


class EntryDifferenceResponse(ChangeResponse):
    """How an entry differs between two versions.

    Positions count from 1; one is null where the version lacks the entry. ``moved``: its date put it elsewhere among
    the entries that both versions have. ``fields`` has the words that changed. It is null for entries that are only in
    one version, if a state of the article is no longer kept, beyond 50 entries, and without the scope preview.
    """

    old_position: int | None
    new_position: int | None
    moved: bool
    fields: list[StateChangeResponse] | None


class VersionResponse(ResponseModel):
    """A version and its changes from the previous one; ``bytes`` is the uncompressed size of all formats.

    ``can_roll_back``: the feed can be rolled back to it.
    """

    version: int
    at: Time
    entries: int
    bytes: int
    can_roll_back: bool
    changes: list[ChangeResponse]


class VersionsResponse(ResponseModel):
    """One page, newest first; the Link header has the next one (RFC 8288)."""

    section: str
    versions: list[VersionResponse]


class DifferenceResponse(ResponseModel):
    """The changes between two versions."""

    section: str
    old: int
    new: int
    changes: list[EntryDifferenceResponse]


class VersionsQuery(RequestModel):
    """The page."""

    limit: Limit = 20
    before: int | None = Field(None, ge=1, le=2**53, description="Only versions before this one.")


class DifferenceQuery(RequestModel):
    """Two versions of the section; 0 is the empty feed before the first version."""

    old: int = Field(ge=0, le=2**53)
    new: int = Field(ge=1, le=2**53)


@operation("GET", "/sections/<slug>/versions", "read", {200: VersionsResponse})
def list_versions(path: SectionPath, query: VersionsQuery) -> Reply[VersionsResponse]:
    """List the version history of a feed, newest first, with the changes in each version."""
    section = configured(path.slug)
    with context().database.snapshot() as conn:
        found = stored_versions.list_versions(conn, section.slug, query.limit + 1, query.before)
        page = found[: query.limit]
        named = _titles(conn, section.slug, [(item.version, change) for item in page for change in item.changes])
    rows = [
        VersionResponse(
            version=item.version,
            at=instant(item.at),
            entries=item.entries,
            bytes=item.bytes,
            can_roll_back=item.is_complete,
            changes=[_change(one, named.get((item.version, one.article_id))) for one in item.changes],
        )
        for item in page
    ]
    return Reply(
        VersionsResponse(section=section.slug, versions=rows),
        next_page=next_page(query, before=page[-1].version if len(found) > query.limit else None),
    )


@operation("GET", "/sections/<slug>/difference", "read", {200: DifferenceResponse})
def get_difference(path: SectionPath, query: DifferenceQuery) -> DifferenceResponse:
    """Compare two versions of a feed: entries added, changed, moved and gone, with the reasons and the words."""
    section = configured(path.slug)
    if query.new < query.old:
        words = f"must not be lower than old ({query.old}), not {query.new}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"new {words}.", errors=[("new", words)])
    with context().database.snapshot() as conn:
        kept = stored_versions.list_kept(conn, section.slug)
        found = (
            stored_versions.compare_versions(conn, section.slug, query.old, query.new) if query.new in kept else None
        )
        changes = _differences(conn, section.slug, found, query) if found is not None else []
    if found is None:
        there = f"versions {kept.start} to {kept.stop - 1} are available" if kept else "there are none yet"
        detail = f"Versions {query.old} to {query.new} are not all available: {there}."
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", detail)
    return DifferenceResponse(section=section.slug, old=query.old, new=query.new, changes=changes)


def _titles(
    conn: Connection, section: str, changes: Collection[tuple[int, EntryChange]]
) -> Mapping[tuple[int, str], str]:
    """Returns the titles of changed entries by version and article, as far as the caller may see them."""
    if caller().may("preview"):
        return list_titles(conn, section, changes)
    seen = visible_outlines(conn, sorted({change.article_id for _, change in changes}))
    return {
        (version, change.article_id): seen[change.article_id].title
        for version, change in changes
        if change.article_id in seen
    }


def _differences(
    conn: Connection, section: str, changes: Collection[EntryChange], query: DifferenceQuery
) -> list[EntryDifferenceResponse]:
    described = describe_changes(conn, section, changes, query.old, query.new)
    may_read = caller().may("preview")
    named = _titles(conn, section, [(query.new, change) for change in changes]) if not may_read else {}
    return [
        EntryDifferenceResponse(
            **_change(
                one.change, one.title if may_read else named.get((query.new, one.change.article_id))
            ).model_dump(),
            old_position=one.old_position,
            new_position=one.new_position,
            moved=one.moved,
            fields=[state_change(field) for field in one.fields] if may_read and one.fields is not None else None,
        )
        for one in described
    ]


def _change(found: EntryChange, title: str | None) -> ChangeResponse:
    return ChangeResponse(article_id=found.article_id, title=title, change=found.change, reason=found.reason)
