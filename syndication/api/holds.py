"""Holds of feeds by editors: a feed stays at its present version, or is rolled back to a kept one."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from syndication.api.operations import NO_WORKER, caller, context
from syndication.api.schemas import RequestModel, ResponseModel, SectionPath
from syndication.api.sections import EditorHoldResponse, configured, editor_hold, operation
from syndication.diagnostics.words import utc
from syndication.model.json_types import Moment, NonEmptyText, StrictModel
from syndication.store import Connection
from syndication.store.db.database import WORK
from syndication.store.processes import workers
from syndication.store.publishing import editor_holds, versions
from syndication.store.publishing.editor_holds import Refused
from syndication.store.publishing.holds import EditorHold
from syndication.web.problems import Problem

LONGEST = timedelta(days=366)

MAX_REASON = 500

Version = Annotated[int, Field(ge=1, le=2**53)]


class HoldRequest(StrictModel):
    """How a feed is held.

    ``version`` is a kept one; null: the present one, or that of the hold that is changed. ``until`` is when it ends;
    null: when somebody releases it. ``replaces`` is the number of the hold that is changed; null: the feed is not held
    yet.
    """

    reason: Annotated[NonEmptyText, Field(max_length=MAX_REASON)]
    version: Version | None = None
    until: Moment = None
    replaces: Version | None = None


class EndHoldQuery(RequestModel):
    """The number of the hold, if only that one is to be released."""

    number: Version | None = Field(None, description="Release this hold, and no other one.")


class HeldResponse(ResponseModel):
    """The hold, null if the feed is not held any more, and what happens now."""

    section: str
    hold: EditorHoldResponse | None
    message: str


@operation("PUT", "/sections/<slug>/hold", "feeds", {200: HeldResponse}, problems=(409,))
def hold_section(path: SectionPath, body: HoldRequest) -> HeldResponse:
    """Hold a feed at its present version, or roll it back to a kept one.

    Readers get these entries, byte for byte, until somebody releases the feed or the time is over. New stories and
    corrections wait. Withdrawn, expired and embargoed stories leave the feed all the same. If somebody else holds it
    already, the answer is 409.
    """
    section, database = configured(path.slug), context().database
    reason = body.reason.strip()
    if not reason:
        raise _invalid("reason", "must not be empty")
    with database.write() as conn:
        now = database.now(conn)
        if body.until is not None and not now < body.until <= now + LONGEST:
            raise _invalid("until", "must be in the future, within a year")
        held = editor_holds.hold(
            conn, section.slug, body.version, body.until, reason, caller().actor, now, body.replaces
        )
        if isinstance(held, Refused):
            raise _refusal(conn, held, section.slug, body.version)
        alive = len(workers.list_alive(conn, now))
        database.notify(conn, WORK)
    message = held_message(held)
    return HeldResponse(
        section=section.slug, hold=editor_hold(held), message=message if alive else f"{message} {NO_WORKER}"
    )


@operation("DELETE", "/sections/<slug>/hold", "feeds", {200: HeldResponse}, problems=(409,))
def release_hold(path: SectionPath, query: EndHoldQuery) -> HeldResponse:
    """Release a feed that an editor holds: it is published again at once. It does nothing if no editor holds it."""
    section, database = configured(path.slug), context().database
    with database.write() as conn:
        now = database.now(conn)
        done = editor_holds.release(conn, section.slug, caller().actor, now, query.number)
        if isinstance(done, Refused):
            raise _refusal(conn, done, section.slug, None)
        alive = len(workers.list_alive(conn, now))
        database.notify(conn, WORK)
    released = "Released. The feed is up to date within a second or so."
    message = (released if alive else f"Released. {NO_WORKER}") if done else "No editor holds the feed."
    return HeldResponse(section=section.slug, hold=None, message=message)


def held_message(held: EditorHold) -> str:
    """Returns what a hold does, in a sentence."""
    until = f"until {utc(held.until)}" if held.until is not None else "until somebody releases it"
    if held.is_rolled_back:
        return f"Rolled back to version {held.version}, {until}. Readers get its entries within a second or so."
    return f"Held at version {held.version}, {until}."


def _refusal(conn: Connection, refused: Refused, slug: str, version: int | None) -> Problem:
    present = refused.hold
    who = f"{present.by} holds it since {utc(present.since)}: {present.reason}" if present is not None else ""
    match refused.reason:
        case "unpublished":
            detail = "The feed is not published yet, so there is nothing to hold."
            return Problem(HTTPStatus.CONFLICT, "unpublished", detail)
        case "held":
            return Problem(HTTPStatus.CONFLICT, "held", f"The feed is held already: {who}")
        case "changed":
            detail = f"Somebody has changed the hold since: {who}" if who else "Somebody has released the feed since."
            return Problem(HTTPStatus.CONFLICT, "held", detail)
        case "not-kept":
            kept = versions.list_kept(conn, slug)
            there = f"versions {kept.start} to {kept.stop - 1} are kept" if kept else "none is kept"
            return _invalid("version", f"must be a kept one, not {version}: {there}")


def _invalid(field: str, words: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{field} {words}.", errors=[(field, words)])
