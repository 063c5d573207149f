"""The audit log: who did what to what, when, from where, and what came of it.

An act and its record are one transaction. Titles, bodies and other texts of articles are never in it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from syndication.store.tables.access import AuditLogRow


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a token's or a person's name, and where from (an address, or ``command line``)."""

    name: str
    source: str


MAX_TARGET = 1000
"""Bytes of a target: as an article's id may have."""

SERVICE = Actor("the service", "the service")
"""What nobody asked for by name, the demonstration newsroom for one."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act, as it is recorded."""

    act: str
    target: str
    outcome: str
    detail: str | None = None


REFUSED = "refused"

MERGE_WINDOW = timedelta(minutes=1)
"""Within this time the same refusal is one line that counts: a client that loops fills no table."""

MAX_DISTINCT = 10
"""Different refusals of one actor that have lines of their own within that time; the others share one."""

OTHERS = Act("other acts", "others", REFUSED, f"more than {MAX_DISTINCT} different ones in a minute")

_LOOKED_AT = 50
"""Lines of one actor among which the same refusal is looked for: room for what it may do between two of them."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log; ``seq`` rises with time, ``times`` is more than 1 for what was refused repeatedly."""

    seq: int
    at: datetime
    actor: str
    source: str
    act: str
    target: str
    outcome: str
    detail: str | None
    times: int


def record(conn: Connection, actor: Actor, acts: Iterable[Act], now: datetime) -> None:
    """Write what was done, in the transaction that does it."""
    rows = [
        {
            "at": now,
            "actor": actor.name,
            "source": actor.source,
            "act": act.act,
            "target": _stored(act.target),
            "outcome": act.outcome,
            "detail": act.detail,
        }
        for act in acts
    ]
    if rows:
        conn.execute(insert(AuditLogRow), rows)


def record_refusal(conn: Connection, actor: Actor, act: str, target: str, detail: str, now: datetime) -> None:
    """Write that something was refused: anew, or by counting the line that says so already."""
    record_repeated(conn, actor, Act(act, target, REFUSED, detail), now)


def record_repeated(conn: Connection, actor: Actor, act: Act, now: datetime) -> None:
    """Write an act that changes no story: the same within a minute is one line that counts.

    Of many different ones only so many have their own line; the others of that outcome share one.
    """
    told = Act(act.act, _stored(act.target), act.outcome, act.detail)
    recent = _find_recent(conn, actor, act.outcome, now)
    if told not in recent and len(recent) >= MAX_DISTINCT:
        told = Act(OTHERS.act, OTHERS.target, act.outcome, OTHERS.detail)
    if told in recent:
        conn.execute(update(AuditLogRow).where(AuditLogRow.seq == recent[told]).values(times=AuditLogRow.times + 1))
    else:
        record(conn, actor, [told], now)


def _find_recent(conn: Connection, actor: Actor, outcome: str, now: datetime) -> dict[Act, int]:
    """What the actor did just now with that outcome, with the number of the line that says it."""
    rows = conn.execute(
        select(AuditLogRow.__table__)
        .where(AuditLogRow.actor == actor.name)
        .order_by(AuditLogRow.seq.desc())
        .limit(_LOOKED_AT)
    )
    return {
        Act(row.act, row.target, row.outcome, row.detail): row.seq
        for row in rows
        if row.outcome == outcome and row.source == actor.source and row.at > now - MERGE_WINDOW
    }


def _stored(target: str) -> str:
    """A target as it is stored: any text that somebody asked for.

    An index holds it, and PostgreSQL's take no key over 2,704 bytes: many sections or files are cut. It has no texts
    with U+0000, which an address may have.
    """
    whole = target.replace("\0", "␀")
    return (
        whole if len(whole.encode()) <= MAX_TARGET else whole.encode()[: MAX_TARGET - 3].decode(errors="ignore") + "…"
    )


def list_entries(
    conn: Connection,
    limit: int,
    *,
    before: int | None = None,
    act: str | None = None,
    actor: str | None = None,
    target: str | None = None,
    acts: Collection[str] | None = None,
) -> list[AuditEntry]:
    """The newest acts first; ``before`` is the ``seq`` of the last one that was read, ``acts`` are the kinds wanted."""
    query = select(AuditLogRow.__table__).order_by(AuditLogRow.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditLogRow.seq < before)
    if acts is not None:
        query = query.where(AuditLogRow.act.in_(acts))
    stored = _stored(target) if target is not None else None
    for column, wanted in ((AuditLogRow.act, act), (AuditLogRow.actor, actor), (AuditLogRow.target, stored)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [AuditEntry(**row._mapping) for row in conn.execute(query)]


def prune(conn: Connection, before: datetime) -> None:
    """Delete what is older than it is kept."""
    conn.execute(delete(AuditLogRow).where(AuditLogRow.at < before))
