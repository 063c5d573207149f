"""Regenerations: editors request them, workers process them, and their progress can be polled."""

from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from typing import Literal

from pydantic import Field

from syndication.api.operations import NO_WORKER, PREFIX, Operations, Reply, caller, context, instant
from syndication.api.schemas import IdPath, ResponseModel, Slug, Time
from syndication.model.field_limits import MAX_REASON, MAX_REGENERATION_SECTIONS
from syndication.model.json_types import StrictModel, Text
from syndication.store.db.database import WORK
from syndication.store.processes import workers
from syndication.store.publishing import regenerations
from syndication.store.publishing.regenerations import Regeneration
from syndication.web.problems import Problem, not_found

RETRY_SECONDS = 10
"""Retry-After when there were too many requests within a minute."""

MAX_NAMED = 20
"""Sections listed in an error message."""

operation = Operations("regenerations", "Regeneration", "Request the regeneration of feeds, and follow its progress.")


class RegenerationRequest(StrictModel):
    """The ``sections`` by slug, or ``all_sections``. ``reason`` is stored with the request."""

    sections: list[Slug] = Field(default_factory=list, max_length=MAX_REGENERATION_SECTIONS)
    all_sections: bool = False
    reason: Text | None = Field(None, max_length=MAX_REASON)


class SectionOutcome(ResponseModel):
    """One section; ``served_ms`` is the latency from the request until this web process served the outcome."""

    section: str
    state: Literal["waiting", "running", "published", "unchanged", "failed"]
    version: int | None
    error: str | None
    finished_at: Time | None
    served_ms: int | None


class RegenerationResponse(ResponseModel):
    """The progress of a regeneration; ``message`` explains why it is blocked."""

    id: str
    state: Literal["requested", "running", "done", "failed"]
    requested_at: Time
    requested_by: str
    reason: str | None
    done: int
    total: int
    finished_at: Time | None
    served_ms: int | None
    message: str | None
    sections: list[SectionOutcome]


@operation("POST", "/regenerations", "regenerate", {202: RegenerationResponse})
def request_regeneration(body: RegenerationRequest) -> Reply[RegenerationResponse]:
    """Request the regeneration of sections.

    Unchanged feeds get no new version. Repeated requests are merged while the first one is waiting. Poll the URL in
    Location, at most once a second.
    """
    slugs = _sections(body)
    database = context().database
    with database.write() as conn:
        now = database.now(conn)
        try:
            asked, _joined = regenerations.request(conn, slugs, body.reason, caller().actor, now)
        except regenerations.TooManyRegenerationsError as error:
            again = {"Retry-After": str(RETRY_SECONDS)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many-regenerations", str(error), headers=again) from error
        alive = len(workers.list_alive(conn, now))
        database.notify(conn, WORK)
    return Reply(_answer(asked, alive), headers={"Location": f"{PREFIX}/regenerations/{asked.id}"})


@operation("GET", "/regenerations/<id>", "read", {200: RegenerationResponse})
def get_regeneration(path: IdPath) -> RegenerationResponse:
    """Get the progress of a regeneration and the outcome for each section."""
    with context().database.snapshot() as conn:
        found = regenerations.get(conn, path.id)
        alive = len(workers.list_alive(conn, context().database.now(conn)))
    if found is None:
        raise not_found(f"regeneration {path.id!r}")
    return _answer(found, alive)


def _choices(configured: Collection[str]) -> str:
    """Returns the valid choices, kept short even with hundreds of sections."""
    if len(configured) > MAX_NAMED:
        return "GET /api/v1/sections lists the configured ones"
    return f"use {', '.join(configured)}"


def _sections(body: RegenerationRequest) -> list[str]:
    configured = context().settings.sections
    if body.all_sections:
        return list(configured)
    unknown = [slug for slug in body.sections if slug not in configured]
    if unknown or not body.sections:
        words = (
            f"must have configured sections, not {unknown[0]!r}: {_choices(configured)}"
            if unknown
            else "must not be empty, unless all_sections is true"
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"sections {words}", errors=[("sections", words)])
    return sorted(set(body.sections))


def _answer(found: Regeneration, alive: int) -> RegenerationResponse:
    outcomes = [
        SectionOutcome(
            section=outcome.section,
            state=outcome.state,  # type: ignore[arg-type]  # one of the states
            version=outcome.version,
            error=outcome.error,
            finished_at=instant(outcome.finished_at),
            served_ms=_served(outcome, found.requested_at),
        )
        for outcome in found.outcomes
    ]
    times = [outcome.served_ms for outcome in outcomes]
    return RegenerationResponse(
        id=found.id,
        state=found.state,  # type: ignore[arg-type]  # one of the states
        requested_at=instant(found.requested_at),
        requested_by=found.requested_by,
        reason=found.reason,
        done=sum(outcome.finished_at is not None for outcome in outcomes),
        total=len(outcomes),
        finished_at=instant(found.finished_at),
        served_ms=None if None in times else max((t for t in times if t is not None), default=None),
        message=NO_WORKER if not alive and found.finished_at is None else None,
        sections=outcomes,
    )


def _served(outcome: regenerations.SectionOutcome, requested_at: datetime) -> int | None:
    """Returns the milliseconds from the request until the outcome was served; an unchanged feed already was."""
    if outcome.finished_at is None or outcome.state == "failed":
        return None
    moment = outcome.finished_at
    if outcome.state == "published":
        version, since = context().loader.served.get(outcome.section, (0, moment))
        if version < (outcome.version or 0):
            return None
        moment = max(moment, since) if version == outcome.version else moment
    return max(0, round((moment - requested_at).total_seconds() * 1000))
