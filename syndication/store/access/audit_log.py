"""The audit log: who did what, when, from where, and with which outcome.

An action and its entry are written in one transaction. Entries never contain titles, bodies or other article texts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from syndication.store.tables.access import AuditLogRow


@dataclass(frozen=True, slots=True)
class Actor:
    """The token or user that acts, and from where (an address, or ``command line``)."""

    name: str
    source: str


MAX_TARGET = 1000
"""Bytes of a target: twice the characters of the longest article id."""

SERVICE = Actor("the service", "the service")
"""The actor of automatic actions, like those of the demonstration newsroom."""


SOURCE_ACTOR = "source "
"""What the name of an actor that is a source begins with; those of users and tokens begin otherwise."""


def source_actor(name: str) -> Actor:
    """Returns the actor of what a source does."""
    return Actor(f"{SOURCE_ACTOR}{name}", "the service")


USER_ACTOR = "user "
"""What the name of an actor who is logged in begins with; those of tokens and sources begin otherwise."""


def is_person(name: str) -> bool:
    """Returns whether a person of this name acts, who has seen the story and decides about it."""
    return name.startswith(USER_ACTOR)


AGENCY = "the agency"
"""Who sends stories as ninjs, and withdraws those that it cancels."""


def is_automatic(name: str) -> bool:
    """Returns whether somebody of this name acts for another system: a source, or the agency.

    Their withdrawals end when that system publishes the story again, and no token may have their names; a person's
    withdrawal stays until a person restores the article.
    """
    return name == AGENCY or name.startswith(SOURCE_ACTOR)


@dataclass(frozen=True, slots=True)
class Act:
    """One action to record; ``state`` is the digest of the article's content that it wrote."""

    act: str
    target: str
    outcome: str
    detail: str | None = None
    state: str | None = None


REFUSED = "refused"

MERGE_WINDOW = timedelta(minutes=1)
"""Identical refusals within this time share one entry with a count, so that a looping client cannot fill the table."""

MAX_DISTINCT = 10
"""Different refusals of one actor that get their own entries within that time; the others share one."""

OTHERS = Act("other acts", "others", REFUSED, f"more than {MAX_DISTINCT} different ones within a minute")

_LOOKED_AT = 50
"""Recent entries of an actor searched for an identical refusal, leaving room for its other actions in between."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry of the audit log; ``seq`` increases with time, ``times`` counts identical refusals."""

    seq: int
    at: datetime
    actor: str
    source: str
    act: str
    target: str
    outcome: str
    detail: str | None
    times: int


_ENTRY = tuple(AuditLogRow.__table__.c[name] for name in AuditEntry.__slots__)


def record(conn: Connection, actor: Actor, acts: Iterable[Act], now: datetime) -> None:
    """Records actions, in the transaction that performs them."""
    rows = [
        {
            "at": now,
            "actor": actor.name,
            "source": actor.source,
            "act": act.act,
            "target": stored_target(act.target),
            "outcome": act.outcome,
            "detail": act.detail,
            "state": act.state,
        }
        for act in acts
    ]
    if rows:
        conn.execute(insert(AuditLogRow), rows)


def record_refusal(conn: Connection, actor: Actor, act: str, target: str, detail: str, now: datetime) -> None:
    """Records a refusal, or increments the count of an identical recent one."""
    record_repeated(conn, actor, Act(act, target, REFUSED, detail), now)


def record_repeated(conn: Connection, actor: Actor, act: Act, now: datetime) -> None:
    """Records an action that changes no article; identical ones within a minute share one entry with a count.

    Only ``MAX_DISTINCT`` different actions get their own entries; the others with that outcome share one.
    """
    recorded = Act(act.act, stored_target(act.target), act.outcome, act.detail)
    recent = _find_recent(conn, actor, act.outcome, now)
    if recorded not in recent and len(recent) >= MAX_DISTINCT:
        recorded = Act(OTHERS.act, OTHERS.target, act.outcome, OTHERS.detail)
    if recorded in recent:
        conn.execute(update(AuditLogRow).where(AuditLogRow.seq == recent[recorded]).values(times=AuditLogRow.times + 1))
    else:
        record(conn, actor, [recorded], now)


def _find_recent(conn: Connection, actor: Actor, outcome: str, now: datetime) -> dict[Act, int]:
    """Returns the actor's recent actions with that outcome, and the ``seq`` of each."""
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


def stored_target(target: str) -> str:
    """Returns a target as stored, which can be any text from a request.

    It is cut because PostgreSQL limits index keys to 2,704 bytes, and U+0000, which a URL may contain, is replaced
    because PostgreSQL cannot store it.
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
    """Returns entries, newest first.

    ``before`` is the ``seq`` of the last entry read, ``acts`` are the actions to include.
    """
    query = select(*_ENTRY).order_by(AuditLogRow.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditLogRow.seq < before)
    if acts is not None:
        query = query.where(AuditLogRow.act.in_(acts))
    stored = stored_target(target) if target is not None else None
    for column, wanted in ((AuditLogRow.act, act), (AuditLogRow.actor, actor), (AuditLogRow.target, stored)):
        if wanted is not None:
            query = query.where(column == wanted)
    return [AuditEntry(**row._mapping) for row in conn.execute(query)]


def prune(conn: Connection, before: datetime) -> None:
    """Deletes entries past their retention."""
    conn.execute(delete(AuditLogRow).where(AuditLogRow.at < before))
