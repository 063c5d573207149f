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
from syndication.api.visibility import visible_states
from syndication.config.feeds import file_slugs
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
    with context().database.read() as conn:
        found = [
            summary
            for slug, summary in sorted(_summaries(conn).items())
            if slug > after and (words in slug or words in summary.title.casefold())
        ]
        page = found[: query.limit]
        states = _states(conn, [summary.slug for summary in page])
    for summary in page:
        summary.state = states.get(summary.slug, "unpublished")
    following = encode_cursor(None, page[-1].slug) if len(found) > query.limit else None
    return Reply(FeedsResponse(feeds=page), next_page=next_page(query, after=following))


@operation("GET", "/feeds/<slug>", "read", {200: FeedResponse})
def get_feed(path: FeedPath) -> Reply[FeedResponse]:
    """Get a feed with its definition, and an ETag for If-Match if editors own it."""
    with context().database.read() as conn:
        stored = feed_definitions.find(conn, path.slug)
        state = _states(conn, [path.slug]).get(path.slug, "unpublished")
    section = configured(path.slug)
    if section is not None:
        return Reply(_of_configuration(section, state))
    if stored is None:
        raise not_found(f"feed {path.slug!r}")
    return _reply(stored, state=state)


@operation("POST", "/feeds", "feeds", {201: FeedResponse}, problems=(409,))
def create_feed(body: FeedRequest) -> Reply[FeedResponse]:
    """Create a feed. Workers publish it within about a second."""
    definition = body.definition.definition(body.slug)
    with _changing(None) as conn:
        _check_address(conn, body.slug)
        stored = feed_definitions.create(context().database, conn, context().settings, definition, caller().actor)
    return _reply(stored, HTTPStatus.CREATED)


@operation("PUT", "/feeds/<slug>", "feeds", {200: FeedResponse}, problems=(409, 412))
def change_feed(path: FeedPath, body: FeedJson) -> Reply[FeedResponse]:
    """Replace the definition of a feed: what is omitted has its default again.

    With If-Match, it is replaced only if it has not changed since it was read.
    """
    with _changing(path.slug) as conn:
        stored = feed_definitions.find(conn, path.slug)
        definition = body.definition(path.slug, stored.definition if stored else None)
        database, settings, by = context().database, context().settings, caller().actor
        changed = feed_definitions.change(database, conn, settings, definition, by, _expected(stored))
    return _reply(changed)


@operation("POST", "/feeds/<slug>/rename", "feeds", {200: FeedResponse}, problems=(409, 412))
def rename_feed(path: FeedPath, body: RenameRequest) -> Reply[FeedResponse]:
    """Move a feed to another address. The old one redirects (301), and the IDs of its entries stay."""
    with _changing(path.slug) as conn:
        _check_address(conn, body.slug, but=path.slug)
        expected = _expected(feed_definitions.find(conn, path.slug))
        database, settings, by = context().database, context().settings, caller().actor
        renamed = feed_definitions.rename(database, conn, settings, path.slug, body.slug, by, expected)
    return _reply(renamed)


@operation("POST", "/feeds/<slug>/retire", "feeds", {200: FeedResponse}, problems=(409, 412))
def retire_feed(path: FeedPath) -> Reply[FeedResponse]:
    """End a feed: its addresses answer 410 (gone), and feed readers stop asking."""
    with _changing(path.slug) as conn:
        expected = _expected(feed_definitions.find(conn, path.slug))
        ended = feed_definitions.retire(context().database, conn, path.slug, caller().actor, expected)
    return _reply(ended)


@operation("POST", "/feeds/<slug>/reinstate", "feeds", {200: FeedResponse}, problems=(409, 412))
def reinstate_feed(path: FeedPath) -> Reply[FeedResponse]:
    """Publish a retired feed again, at the same addresses."""
    with _changing(path.slug) as conn:
        expected = _expected(feed_definitions.find(conn, path.slug))
        database, settings, by = context().database, context().settings, caller().actor
        back = feed_definitions.reinstate(database, conn, settings, path.slug, by, expected)
    return _reply(back)


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


def _check_address(conn: Connection, slug: str, but: str | None = None) -> None:
    """Raises a 409 Problem if another feed has, or had, the address."""
    if (owner := file_slugs(context().settings).get(slug)) is not None:
        raise _taken(f"{slug!r} is {owner} of the configuration: choose another address")
    for other in feed_definitions.read_definitions(conn):
        if other.slug != but and slug in other.slugs:
            raise _taken(f"{slug!r} belongs to the feed {other.slug!r}: choose another address")


def _taken(words: str) -> Problem:
    return Problem(HTTPStatus.CONFLICT, "address-taken", f"{words}.", errors=[("slug", words)])


def _expected(stored: StoredFeed | None) -> int | None:
    """Returns the number that the request expects; one that nothing has if If-Match fails (RFC 9110 section 13.1.1)."""
    if "If-Match" not in request.headers or stored is None or request.if_match.star_tag:
        return None
    return stored.number if request.if_match.contains(str(stored.number)) else -1


def _refuse(field: str, words: str) -> NoReturn:
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{field} {words}.", errors=[(field, words)])


def _states(conn: Connection, slugs: list[str]) -> dict[str, SectionStatus]:
    known = section_state.configured_states(conn, slugs)
    return {slug: section_status(state) for slug, state in visible_states(conn, known).items()}


def _summaries(conn: Connection) -> dict[str, FeedSummary]:
    found = {stored.definition.slug: _summary(stored) for stored in feed_definitions.list_stored(conn)}
    own = [section for section in context().settings.sections.values() if section.owner == "configuration"]
    return found | {section.slug: FeedSummary(**_common(section, None)) for section in own}


def _summary(stored: StoredFeed) -> FeedSummary:
    return FeedSummary(**_common(stored.definition, stored.retired_at))


def _common(feed: Section | FeedDefinition, retired_at: datetime | None) -> dict[str, Any]:
    return {
        "slug": feed.slug,
        "title": feed.title,
        "owner": "configuration" if isinstance(feed, Section) else "editors",
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
        definition=FeedJson.model_construct(**plain, **groups, listed=section.listed),
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
