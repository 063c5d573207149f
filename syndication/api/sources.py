"""Sources: the other systems that are read, how they are doing, and what an operator may do about it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

from flask import Request, g
from pydantic import Field

from syndication.api.operations import NO_WORKER, Operations, caller, context, instant
from syndication.api.schemas import RequestModel, ResponseModel, StoredArticle, Time
from syndication.api.source_pings import has_signature, is_signed
from syndication.auth.bearer import Caller
from syndication.config.source_schema import SourceTable
from syndication.diagnostics.source_words import (
    SourceFacts,
    SourceStatus,
    seconds_ago,
    source_advice,
    source_words,
)
from syndication.diagnostics.words import WriteTime, utc, write
from syndication.model.article_json import dump_article
from syndication.model.json_types import Text
from syndication.sources.dry_run import StillRunningError, Tried
from syndication.sources.kinds import open_reader
from syndication.store import Connection
from syndication.store.access.audit_log import Actor
from syndication.store.db.database import SOURCES
from syndication.store.processes import workers
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_states import SourceState
from syndication.web.problems import RETRY_SECONDS, Problem, not_found
from syndication.web.request_log import set_actor

operation = Operations("sources", "Source", "The other systems whose articles are taken over.")

MAX_REFUSALS = 100
"""Refused stories listed for one source; ``refused`` counts all."""


class SourcePath(RequestModel):
    """The name of a source."""

    name: Annotated[Text, Field(min_length=1, max_length=40)]


class RefusalResponse(ResponseModel):
    """A story of the source that could not be stored: its ID there, and the reason."""

    id: str
    reason: str


class SourceResponse(ResponseModel):
    """A source as of its last look; ``words`` says how it is doing, ``advice`` which command helps, if any.

    ``lag_ms`` is from the publication of the newest story there to its storage here. ``held_vanished`` is how many
    stories vanished there at once, while the source is held because of that. ``refusals`` are in the answer for one
    source only.
    """

    name: str
    kind: str
    status: SourceStatus
    words: str
    advice: str | None
    articles: int
    refused: int
    last_look_at: Time | None
    last_look_seconds_ago: float | None
    last_change_at: Time | None
    lag_ms: int | None
    failures: int
    failing_since: Time | None
    error: str | None
    next_attempt_at: Time | None
    held_since: Time | None
    held_vanished: int | None
    paused_at: Time | None
    paused_by: str | None
    swept_at: Time | None
    claims: int
    refusals: list[RefusalResponse]


class SourcesResponse(ResponseModel):
    """All configured sources."""

    sources: list[SourceResponse]


class DryRunStory(ResponseModel):
    """A story of the source and the article that it would become; or in ``refused`` why it could not be stored."""

    id: str
    article: StoredArticle | None
    refused: str | None
    warnings: list[str]


class DryRunResponse(ResponseModel):
    """What a dry run found. ``problems`` are sentences about what should be mended: rights, settings, full scans."""

    source: str
    problems: list[str]
    stories: list[DryRunStory]


class SourceActResponse(ResponseModel):
    """What came of it."""

    source: str
    outcome: Literal["requested", "paused", "resumed", "accepted", "unchanged"]
    message: str


@operation("GET", "/sources", "read", {200: SourcesResponse})
def list_sources(write_time: WriteTime = utc) -> SourcesResponse:
    """List the sources, with their status and last look."""
    tables = context().settings.sources
    with context().database.read() as conn:
        now = context().database.now(conn)
        states = source_states.list_states(conn, [table.name for table in tables])
    return SourcesResponse(sources=[_answer(table, states.get(table.name), now, write_time) for table in tables])


@operation("GET", "/sources/<name>", "read", {200: SourceResponse})
def get_source(path: SourcePath, write_time: WriteTime = utc) -> SourceResponse:
    """Get one source. With the scope preview too, the stories that could not be stored are listed."""
    table = configured(path.name)
    with context().database.read() as conn:
        now = context().database.now(conn)
        state = source_states.get(conn, table.name)
        # A reason may quote what was never published.
        shown = caller().may("preview")
        refused = source_rows.list_refused(conn, table.name, MAX_REFUSALS) if shown else {}
        claims = source_rows.count_claims(conn, table.name, _others(table))
    refusals = [RefusalResponse(id=id, reason=reason) for id, reason in refused.items()]
    return _answer(table, state, now, write_time, refusals, claims)


@operation("POST", "/sources/<name>/look", "regenerate", {202: SourceActResponse})
def look_at_source(path: SourcePath) -> SourceActResponse:
    """Look at a source now, also if it failed and waits for its next attempt.

    Instead of a token, the request may have a signature made with the source's ping_secret: as a webhook
    (webhook-id, webhook-timestamp, webhook-signature), or as Ghost signs (x-ghost-signature). The body means nothing.
    """
    table = configured(path.name)
    with _changing(table) as (conn, now):
        source_states.request_look(conn, table.name, caller().actor, now)
        alive = workers.list_alive(conn, now)
    message = "A worker looks at it within about a second." if alive else NO_WORKER
    return SourceActResponse(source=table.name, outcome="requested", message=message)


@operation("POST", "/sources/<name>/pause", "admin", {200: SourceActResponse})
def pause_source(path: SourcePath) -> SourceActResponse:
    """Stop reading a source. Its articles stay in their feeds as they are."""
    table = configured(path.name)
    with _changing(table) as (conn, now):
        done = source_states.pause(conn, table.name, caller().actor, now)
    message = (
        "Nothing is read until it is resumed. Its articles stay as they are."
        if done
        else "The source was paused already."
    )
    return SourceActResponse(source=table.name, outcome="paused" if done else "unchanged", message=message)


@operation("POST", "/sources/<name>/resume", "admin", {200: SourceActResponse})
def resume_source(path: SourcePath) -> SourceActResponse:
    """Read a paused source again. What changed there meanwhile is taken over at once."""
    table = configured(path.name)
    with _changing(table) as (conn, now):
        done = source_states.resume(conn, table.name, caller().actor, now)
    message = "It is read again." if done else "The source was not paused."
    return SourceActResponse(source=table.name, outcome="resumed" if done else "unchanged", message=message)


@operation("POST", "/sources/<name>/accept", "admin", {200: SourceActResponse})
def accept_source(path: SourcePath) -> SourceActResponse:
    """Believe a held source, and let it take over articles of other writers.

    What vanished there leaves the feeds. IDs of other sources stay theirs.
    """
    table = configured(path.name)
    with _changing(table) as (conn, now):
        done = source_states.accept(conn, table.name, caller().actor, now, _others(table))
    message = (
        "The next look is believed."
        if done
        else "The source is not held, and none of its stories is refused because another writer has its ID."
    )
    return SourceActResponse(source=table.name, outcome="accepted" if done else "unchanged", message=message)


@operation("POST", "/sources/<name>/check", "preview", {200: DryRunResponse})
def check_source(path: SourcePath) -> DryRunResponse:
    """Try a source without storing anything: its ten newest stories, as the articles they would become.

    It takes 20 seconds at most. A source that does not answer is a problem in the response. One dry run of a source
    runs at a time; another request meanwhile is answered 429.
    """
    table = configured(path.name)
    try:
        found = context().dry_runs.run(table, partial(open_reader, table, context().settings))
    except StillRunningError as error:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "dry-run-running", str(error), headers=headers) from error
    return DryRunResponse(
        source=table.name, problems=list(found.problems), stories=[_tried(story) for story in found.stories]
    )


def admit_ping(asked: Request) -> bool:
    """Returns whether a request without a token asks for a look with a good signature; raises Problem if a bad one."""
    headers = {name.lower(): value for name, value in asked.headers}
    if "authorization" in headers or not has_signature(headers):
        return False
    name = (asked.view_args or {}).get("name", "")
    table = next((table for table in context().settings.sources if table.name == name), None)
    secret = table.ping_secret if table is not None else ""
    address = asked.remote_addr or "unknown"
    now = datetime.now(UTC)
    if not secret or not is_signed(secret, headers, asked.get_data(), now.timestamp()):
        raise context().access.refuse(address, "The signature does not match this body and the source's ping_secret.")
    actor = Actor(f"ping of {name}", address)
    set_actor(actor)
    g.caller = Caller(actor, frozenset(), now)
    return True


def configured(name: str) -> SourceTable:
    """Returns a configured source; raises a 404 Problem if there is none."""
    for table in context().settings.sources:
        if table.name == name:
            return table
    raise not_found(f"source {name!r}")


def _tried(story: Tried) -> DryRunStory:
    article = None if story.article is None else StoredArticle.model_validate(dump_article(story.article))
    return DryRunStory(id=story.id, article=article, refused=story.refused or None, warnings=list(story.warnings))


@contextmanager
def _changing(table: SourceTable) -> Iterator[tuple[Connection, datetime]]:
    """Opens a transaction that changes the state of a source, and wakes the workers."""
    database = context().database
    with database.write() as conn:
        source_states.register(conn, table.name, table.label)
        yield conn, database.now(conn)
        database.notify(conn, SOURCES)


def _others(table: SourceTable) -> list[str]:
    return [other.name for other in context().settings.sources if other.name != table.name]


def _answer(
    table: SourceTable,
    state: SourceState | None,
    now: datetime,
    write_time: WriteTime,
    refusals: Sequence[RefusalResponse] = (),
    claims: int = 0,
) -> SourceResponse:
    facts = SourceFacts(table.name, table.every, state, now)
    return SourceResponse(
        name=table.name,
        kind=table.label,
        status=facts.status,
        words=write(source_words(facts), write_time),
        advice=source_advice(facts) or None,
        articles=state.articles if state else 0,
        refused=state.refused if state else 0,
        last_look_at=instant(state.looked_at) if state else None,
        last_look_seconds_ago=seconds_ago(state.looked_at, now) if state else None,
        last_change_at=instant(state.changed_at) if state else None,
        lag_ms=state.lag_ms if state else None,
        failures=state.failures if state else 0,
        failing_since=instant(state.failing_since) if state else None,
        error=state.error if state else None,
        next_attempt_at=instant(state.retry_at) if state else None,
        held_since=instant(state.held_since) if state else None,
        held_vanished=state.held_vanished if state else None,
        paused_at=instant(state.paused_at) if state else None,
        paused_by=state.paused_by if state else None,
        swept_at=instant(state.swept_at) if state else None,
        claims=claims,
        refusals=list(refusals),
    )
