"""The audit log: who did what, when, from where, and what came of it."""

from flask import Response
from pydantic import Field

from syndication.api.operations import Operations, context, instant, link_next, respond
from syndication.api.schemas import Filter, Limit, RequestModel, ResponseModel, Time
from syndication.store.access import audit_log

operation = Operations(
    "audit_log", "Audit log", "Every act, of the API and of the command line. No article's text is in it."
)


class AuditEntryResponse(ResponseModel):
    """One act. ``source`` is an address, or the command line; ``times`` how often the same was refused in a minute."""

    seq: int
    at: Time
    actor: str
    source: str
    act: str
    target: str
    outcome: str
    detail: str | None
    times: int


class AuditLogResponse(ResponseModel):
    """One page, the newest first; the next one is in the header Link."""

    entries: list[AuditEntryResponse]


class AuditLogQuery(RequestModel):
    """Which acts: all, or those of one kind, of one actor, on one target (an article's id, say)."""

    act: Filter | None = None
    actor: Filter | None = None
    target: Filter | None = None
    limit: Limit = 50
    before: int | None = Field(None, ge=1, le=2**53, description="Only acts before this number.")


@operation("GET", "/audit-log", "admin", {200: AuditLogResponse})
def list_audit_log(query: AuditLogQuery) -> Response:
    """Who did what, the newest first."""
    with context().database.read() as conn:
        found = audit_log.list_entries(
            conn, query.limit + 1, before=query.before, act=query.act, actor=query.actor, target=query.target
        )
    page = found[: query.limit]
    response = respond(AuditLogResponse(entries=[audit_entry_response(act) for act in page]))
    if len(found) > query.limit:
        link_next(response, "/audit-log", query.model_dump(), before=page[-1].seq)
    return response


def audit_entry_response(act: audit_log.AuditEntry) -> AuditEntryResponse:
    """One act as the API tells it."""
    return AuditEntryResponse(
        seq=act.seq,
        at=instant(act.at),
        actor=act.actor,
        source=act.source,
        act=act.act,
        target=act.target,
        outcome=act.outcome,
        detail=act.detail,
        times=act.times,
    )
