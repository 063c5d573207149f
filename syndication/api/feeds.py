"""Feeds: those of the configuration, and those that editors define: list, create, change, rename, retire."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn

from flask import request
from pydantic import Field

from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.api.schemas import Cursor, Limit, RequestModel, ResponseModel, Slug, Time
from syndication.api.visibility import visible_progress, visible_states
from syndication.config.feeds import SlugTakenError
from syndication.errors import FeedError
from syndication.model.feed_addresses import feed_path
from syndication.model.feed_definition import FeedDefinition
from syndication.model.feed_json import FeedJson, FeedSlug, TermJson, feed_json
from syndication.model.json_types import StrictModel, Text
from syndication.model.values import FORMATS, FeedOwner, Section
from syndication.store import Connection
from syndication.store.db.cursors import INVALID_CURSOR, decode_cursor, encode_cursor
from syndication.store.publishing import feed_definitions, section_state
from syndication.store.publishing.feed_definitions import ChangedMeanwhileError, StoredFeed, UnknownFeedError
from syndication.store.publishing.section_state import SectionStatus, section_status
from syndication.web.problems import Problem, not_found

operation = Operations("feeds", "Feeds", "Every feed, and what goes in. Editors change their own.")

OWNERS = ("configuration", "editors")
"""Whose feeds are listed; those that readers ask for are not."""

Listed = Section | StoredFeed

SET_BY_CONFIGURATION = "The feed is set by the configuration: an operator changes it in sections.toml."


class FeedPath(RequestModel):
    """The slug of a feed."""

    slug: Slug


class FeedsQuery(RequestModel):
    """Search text and page."""

    q: Text = Field("", max_length=200, description="Text in the title or slug.")
    limit: Limit = 50
    after: Cursor | None = Field(None, description="Cursor from the Link header of the previous page.")


class FeedSummary(ResponseModel):
    """A feed in a list. ``owner`` is configuration or editors; ``path`` is its address without the format."""

    slug: str
    title: str
    owner: FeedOwner
    state: SectionStatus
    listed: bool
    retired_at: Time | None
    path: str


class FeedsResponse(ResponseModel):
    """One page, by slug; the Link header has the next one (RFC 8288)."""

    feeds: list[FeedSummary]


class FeedResponse(FeedSummary):
    """A feed and its definition. ``number`` rises with each change, and is the ETag; null for the configuration's.

    Tags, authors and languages are as their spellings have in common: lower-case, with single spaces.
    """

    feeds: list[str]
    formerly: list[str]
    definition: FeedJson
    number: int | None
    changed_at: Time | None
    changed_by: str | None


class FeedRequest(StrictModel):
    """A new feed: its slug, which is part of its address, and its definition."""

    slug: FeedSlug
    definition: FeedJson


class RenameRequest(StrictModel):
    """The new slug."""

    slug: FeedSlug


@operation("GET", "/feeds", "read", {200: FeedsResponse})
def list_feeds(query: FeedsQuery) -> Reply[FeedsResponse]:
    """List feeds by slug: those of the configuration and those of editors, retired ones too."""
    after = ""
    if query.after is not None:
        moment, after = decode_cursor(query.after)
        if moment is not None:
            _refuse("after", INVALID_CURSOR.removeprefix("after "))
    words = query.q.casefold()
    # Served feeds are in memory, and the list shows what of them a page needs, however many there are.
    with context().database.read() as conn:
        known: dict[str, Listed] = {one.definition.slug: one for one in feed_definitions.list_retired(conn)}
        known |= {slug: one for slug, one in context().settings.sections.items() if one.owner in OWNERS}
        found = sorted(
            slug
            for slug, one in known.items()
            if slug > after and (words in slug or words in _feed(one).title.casefold())
        )
        page = found[: query.limit]
        states = _states(conn, page)
    following = encode_cursor(None, page[-1]) if len(found) > query.limit else None
    feeds = [_summary(known[slug], states.get(slug, "unpublished")) for slug in page]
    return Reply(FeedsResponse(feeds=feeds), next_page=next_page(query, after=following))


@operation("GET", "/feeds/<slug>", "read", {200: FeedResponse})
def get_feed(path: FeedPath) -> Reply[FeedResponse]:
    """Get a feed with its definition, and an ETag for If-Match if editors own it."""
    with context().database.read() as conn:
        stored = feed_definitions.find(conn, path.slug)
        state = _state(conn, path.slug)
    section = configured(path.slug)
    if section is not None:
        return Reply(_of_configuration(section, state))
    if stored is None:
        raise not_found(f"feed {path.slug!r}")
    return _reply(stored, state=state)


@operation("POST", "/feeds", "feeds", {201: FeedResponse, 200: FeedResponse}, problems=(409,))
def create_feed(body: FeedRequest) -> Reply[FeedResponse]:
    """Create a feed. Workers publish it within about a second.

    Sent again, as after a lost answer, it changes nothing and answers 200.
    """
    definition = body.definition.definition(body.slug)
    with _changing(None) as conn:
        stored = feed_definitions.find(conn, body.slug)
        if stored is not None and stored.definition == definition:
            return _reply(stored, HTTPStatus.OK, state=_state(conn, body.slug))
        stored = feed_definitions.create(context().database, conn, context().settings, definition, caller().actor)
    return _reply(stored, HTTPStatus.CREATED)


@operation("PUT", "/feeds/<slug>", "feeds", {200: FeedResponse}, problems=(409, 412))
def change_feed(path: FeedPath, body: FeedJson, etag: str | None = None) -> Reply[FeedResponse]:
    """Replace the definition of a feed: what is omitted has its default again.

    With If-Match, it is replaced only if it has not changed since it was read.
    """
    with _changing(path.slug) as conn:
        stored = feed_definitions.find(conn, path.slug)
        definition = body.definition(path.slug, stored.definition if stored else None)
        database, settings, by = context().database, context().settings, caller().actor
        changed = feed_definitions.change(database, conn, settings, definition, by, _expected(stored, etag))
        state = _state(conn, path.slug)
    return _reply(changed, state=state)


@operation("POST", "/feeds/<slug>/rename", "feeds", {200: FeedResponse}, problems=(409, 412))
def rename_feed(path: FeedPath, body: RenameRequest, etag: str | None = None) -> Reply[FeedResponse]:
    """Move a feed to another address. The old one redirects (301), and the IDs of its entries stay.

    Sent again, as after a lost answer, it changes nothing.
    """
    with _changing(path.slug) as conn:
        stored = feed_definitions.find(conn, path.slug)
        moved = feed_definitions.find(conn, body.slug) if stored is None else None
        if moved is not None and path.slug in moved.definition.formerly:
            return _reply(moved, state=_state(conn, body.slug))
        database, settings, by = context().database, context().settings, caller().actor
        expected = _expected(stored, etag)
        renamed = feed_definitions.rename(database, conn, settings, path.slug, body.slug, by, expected)
        state = _state(conn, body.slug)
    return _reply(renamed, state=state)


@operation("POST", "/feeds/<slug>/retire", "feeds", {200: FeedResponse}, problems=(409, 412))
def retire_feed(path: FeedPath, etag: str | None = None) -> Reply[FeedResponse]:
    """End a feed: its addresses answer 410 (gone), and feed readers stop asking."""
    with _changing(path.slug) as conn:
        expected = _expected(feed_definitions.find(conn, path.slug), etag)
        ended = feed_definitions.retire(context().database, conn, path.slug, caller().actor, expected)
        state = _state(conn, path.slug)
    return _reply(ended, state=state)


@operation("POST", "/feeds/<slug>/reinstate", "feeds", {200: FeedResponse}, problems=(409, 412))
def reinstate_feed(path: FeedPath, etag: str | None = None) -> Reply[FeedResponse]:
    """Publish a retired feed again, at the same addresses."""
    with _changing(path.slug) as conn:
        expected = _expected(feed_definitions.find(conn, path.slug), etag)
        database, settings, by = context().database, context().settings, caller().actor
        back = feed_definitions.reinstate(database, conn, settings, path.slug, by, expected)
        state = _state(conn, path.slug)
    return _reply(back, state=state)


def configured(slug: str) -> Section | None:
    """Returns a feed of the configuration; None if there is no such one."""
    section: Section | None = context().settings.sections.get(slug)
    return section if section is not None and section.owner == "configuration" else None


def find_stored(slug: str) -> StoredFeed:
    """Returns a feed of editors; raises a 404 Problem if there is none."""
    with context().database.read() as conn:
        stored = feed_definitions.find(conn, slug)
    if stored is None:
        raise not_found(f"feed {slug!r}")
    return stored


def refuse_configured(slug: str) -> None:
    """Raises a 409 Problem for a feed of the configuration."""
    if configured(slug) is not None:
        raise Problem(HTTPStatus.CONFLICT, "configured", SET_BY_CONFIGURATION)


def wrong_definition(error: FeedError) -> Problem:
    """Returns the problem for a feed that cannot be stored, with the field of each sentence."""
    errors = [(_field(words), words) for words in error.details]
    detail = f"{error.message}: {'; '.join(error.details)}." if error.details else f"{error.message}."
    if isinstance(error, SlugTakenError):
        return Problem(HTTPStatus.CONFLICT, "address-taken", detail, errors=errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=errors)


def _field(words: str) -> str:
    """Returns the field that a sentence of the check begins with."""
    first = words.removeprefix("the ").partition(" ")[0]
    return first if first in ("slug", *FeedJson.model_fields) else ""


@contextmanager
def _changing(slug: str | None) -> Iterator[Connection]:
    """Opens the transaction of a change to a feed of editors; turns errors of the store into problems."""
    if slug is not None:
        refuse_configured(slug)
    try:
        with context().database.write() as conn:
            yield conn
    except UnknownFeedError as error:
        raise not_found(f"feed {slug!r}") from error
    except ChangedMeanwhileError as error:
        words = error.message.rstrip(".")
        raise Problem(HTTPStatus.PRECONDITION_FAILED, "stale", f"{words[0].upper()}{words[1:]}.") from error
    except FeedError as error:
        raise wrong_definition(error) from error


def _expected(stored: StoredFeed | None, etag: str | None) -> int | None:
    """Returns the number that is expected; one that nothing has if If-Match fails (RFC 9110 section 13.1.1).

    ``etag`` is that of a form, which has no headers.
    """
    if stored is None:
        return None
    if etag is not None:
        return stored.number if etag == str(stored.number) else -1
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    return stored.number if request.if_match.contains(str(stored.number)) else -1


def _refuse(field: str, words: str) -> NoReturn:
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{field} {words}.", errors=[(field, words)])


def _state(conn: Connection, slug: str) -> SectionStatus:
    return _states(conn, [slug]).get(slug, "unpublished")


def _states(conn: Connection, slugs: list[str]) -> dict[str, SectionStatus]:
    known = section_state.configured_states(conn, slugs)
    progress = visible_progress(conn)
    return {slug: section_status(state, progress) for slug, state in visible_states(conn, known).items()}


def _feed(one: Listed) -> Section | FeedDefinition:
    return one if isinstance(one, Section) else one.definition


def _summary(one: Listed, state: SectionStatus) -> FeedSummary:
    retired_at = None if isinstance(one, Section) else one.retired_at
    return FeedSummary(**_common(_feed(one), retired_at) | {"state": state})


def _common(feed: Section | FeedDefinition, retired_at: datetime | None) -> dict[str, Any]:
    return {
        "slug": feed.slug,
        "title": feed.title,
        "owner": feed.owner if isinstance(feed, Section) else "editors",
        "state": "unpublished",
        "listed": feed.listed,
        "retired_at": instant(retired_at),
        "path": re.sub(r"\.atom$", "", feed_path(feed.slug, "atom")),
    }


def _addresses(slug: str) -> list[str]:
    base = context().settings.site.base_url
    return [f"{base}{feed_path(slug, format)}" for format in FORMATS]


def _of_configuration(section: Section, state: SectionStatus) -> FeedResponse:
    plain: dict[str, Any] = {
        name: getattr(section, name)
        for name in ("title", "description", "language", "content", "entries", "hours", "max_entries", "summary_length")
    }
    groups: dict[str, Any] = {
        name: [TermJson.model_construct(kind=term.kind, name=term.key) for term in getattr(section.selects, name)]
        for name in ("any", "all", "none")
    }
    return FeedResponse.model_construct(
        **_common(section, None) | {"state": state},
        feeds=_addresses(section.slug),
        formerly=list(section.formerly),
        definition=FeedJson.model_construct(**plain, **groups, image=section.podcast.image, listed=section.listed),
        number=None,
        changed_at=None,
        changed_by=None,
    )


def _reply(
    stored: StoredFeed, status: HTTPStatus | None = None, *, state: SectionStatus = "unpublished"
) -> Reply[FeedResponse]:
    answer = FeedResponse.model_construct(
        **_common(stored.definition, stored.retired_at) | {"state": state},
        feeds=_addresses(stored.definition.slug),
        formerly=list(stored.definition.formerly),
        definition=feed_json(stored.definition),
        number=stored.number,
        changed_at=instant(stored.changed_at),
        changed_by=stored.changed_by,
    )
    return Reply(answer, status, {"ETag": f'"{stored.number}"'})
