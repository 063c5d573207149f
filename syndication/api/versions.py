"""Versions of feeds, and the differences between them."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Literal

from pydantic import Field

from syndication.api.operations import Operations, Reply, context, instant, next_page
from syndication.api.schemas import Limit, RequestModel, ResponseModel, SectionPath, Time
from syndication.api.sections import configured
from syndication.store.publishing import versions as stored_versions
from syndication.web.problems import Problem

operation = Operations("versions", "Versions", "The version history of each feed.")


class ChangeResponse(ResponseModel):
    """How an entry changed.

    If it is gone, ``reason`` is withdrawn, deleted, unpublished, expired, moved, left-out, pushed-out or rolled-back.
    If it changed, ``reason`` is correction or date if its date moved, because of a correction or of its writer, and
    same-date if not.
    """

    article_id: str
    change: Literal["added", "changed", "gone"]
    reason: str | None


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
    changes: list[ChangeResponse]


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
    rows = [
        VersionResponse(
            version=item.version,
            at=instant(item.at),
            entries=item.entries,
            bytes=item.bytes,
            can_roll_back=item.is_complete,
            changes=_changes(item.changes),
        )
        for item in page
    ]
    return Reply(
        VersionsResponse(section=section.slug, versions=rows),
        next_page=next_page(query, before=page[-1].version if len(found) > query.limit else None),
    )


@operation("GET", "/sections/<slug>/difference", "read", {200: DifferenceResponse})
def get_difference(path: SectionPath, query: DifferenceQuery) -> DifferenceResponse:
    """Compare two versions of a feed: entries added, changed and gone, with the reasons."""
    section = configured(path.slug)
    if query.new < query.old:
        words = f"must not be lower than old ({query.old}), not {query.new}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"new {words}.", errors=[("new", words)])
    with context().database.snapshot() as conn:
        kept = stored_versions.list_kept(conn, section.slug)
        found = (
            stored_versions.compare_versions(conn, section.slug, query.old, query.new) if query.new in kept else None
        )
    if found is None:
        there = f"versions {kept.start} to {kept.stop - 1} are available" if kept else "there are none yet"
        detail = f"Versions {query.old} to {query.new} are not all available: {there}."
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", detail)
    return DifferenceResponse(section=section.slug, old=query.old, new=query.new, changes=_changes(found))


def _changes(found: Collection[stored_versions.EntryChange]) -> list[ChangeResponse]:
    return [ChangeResponse(article_id=c.article_id, change=c.change, reason=c.reason) for c in found]
