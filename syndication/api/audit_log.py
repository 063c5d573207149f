"""The audit log: who did what, when, from where, and with which outcome."""

from pydantic import Field

from syndication.api.operations import Operations, Reply, context, instant, next_page
from syndication.api.schemas import Filter, Limit, RequestModel, ResponseModel, Time
from syndication.store.access import audit_log

operation = Operations(
    "audit_log",
    "Audit log",
    "Actions through the API, the dashboard and the command line. It contains no article texts.",
)


class AuditEntryResponse(ResponseModel):
    """One action. ``source`` is an address or the command line; ``times`` counts identical entries within a minute."""

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
    """One page, newest first; the Link header has the next one (RFC 8288)."""

    entries: list[AuditEntryResponse]


class AuditLogQuery(RequestModel):
    """Filters by action, actor and target (an article id, for example); each must match exactly."""

    act: Filter | None = None
    actor: Filter | None = None
    target: Filter | None = None
    limit: Limit = 50
    before: int | None = Field(None, ge=1, le=2**53, description="Only entries before this number.")


@operation("GET", "/audit-log", "admin", {200: AuditLogResponse})
def list_audit_log(query: AuditLogQuery) -> Reply[AuditLogResponse]:
    """List the audit log, newest first."""
    with context().database.read() as conn:
        found = audit_log.list_entries(
            conn, query.limit + 1, before=query.before, act=query.act, actor=query.actor, target=query.target
        )
    page = found[: query.limit]
    return Reply(
        AuditLogResponse(entries=[audit_entry_response(act) for act in page]),
        next_page=next_page(query, before=page[-1].seq if len(found) > query.limit else None),
    )


def audit_entry_response(act: audit_log.AuditEntry) -> AuditEntryResponse:
    """Returns an entry of the audit log as the API shows it."""
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
