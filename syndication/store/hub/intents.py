"""Requests to the hub that wait for the callback's answer, and denials that it has to be told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, exists, func, select, update

from syndication.store.db.upsert import insert
from syndication.store.tables.hub import HubIntentRow, HubSubscriptionRow

Mode = Literal["subscribe", "unsubscribe", "denied"]

KEPT = timedelta(days=1)
"""How long a request can wait at most; a callback is asked within minutes, unless no worker is running."""

MAX_WAITING = 10_000
"""The most requests that wait, for everybody together."""

Asked = Literal["accepted", "host-full", "full"]
"""``host-full``: the callback's host has as many subscriptions as it may. ``full``: too many requests wait."""


@dataclass(frozen=True, slots=True)
class NewIntent:
    """What a subscriber asks for; see ``HubIntentRow``."""

    mode: Mode
    section: str
    format: str
    topic: str | None
    callback: str
    host: str
    requester: str
    secret: str | None = None
    lease_seconds: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(NewIntent):
    """One that is stored; ``attempts`` so far, of which ``lost`` ended with a worker."""

    id: int
    requested_at: datetime
    attempts: int
    lost: int


def ask(conn: Connection, new: NewIntent, per_host: int, now: datetime) -> Asked:
    """Stores a request in place of an earlier one of the callback for the feed, unless there are too many."""
    same = _is_same(HubIntentRow, new)
    if (conn.scalar(select(func.count()).select_from(HubIntentRow).where(~same)) or 0) >= MAX_WAITING:
        return "full"
    if new.mode == "subscribe" and not conn.scalar(select(exists().where(_is_same(HubSubscriptionRow, new)))):
        there = select(func.count()).select_from(HubSubscriptionRow).where(HubSubscriptionRow.host == new.host)
        waiting = HubIntentRow.host == new.host, HubIntentRow.mode == "subscribe", ~same
        taken = (conn.scalar(there) or 0) + (
            conn.scalar(select(func.count()).select_from(HubIntentRow).where(*waiting)) or 0
        )
        if taken >= per_host:
            return "host-full"
    write(conn, new, now)
    return "accepted"


def write(conn: Connection, new: NewIntent, now: datetime) -> None:
    """Stores a request or a denial in place of an earlier one of the callback for the feed."""
    values: dict[str, Any] = {name: getattr(new, name) for name in NewIntent.__slots__} | {"requested_at": now}
    fresh = {"attempts": 0, "lost": 0, **dict.fromkeys(_ATTEMPT)}
    statement = insert(conn, HubIntentRow).values(values)
    conn.execute(statement.on_conflict_do_update(index_elements=["section", "format", "callback"], set_=values | fresh))


def deny(conn: Connection, intent: Intent, reason: str, now: datetime) -> None:
    """Turns a request into a denial, which the callback is told, unless a later request has replaced it."""
    fresh = {"attempts": 0, "lost": 0, **dict.fromkeys(_ATTEMPT)}
    values = {"mode": "denied", "reason": reason, "requested_at": now} | fresh
    conn.execute(update(HubIntentRow).where(_is(intent)).values(**values))


def is_current(conn: Connection, intent: Intent) -> bool:
    """Returns whether no later request has replaced this one; locks it until the transaction ends."""
    return conn.scalar(select(HubIntentRow.id).where(_is(intent)).with_for_update()) is not None


def drop(conn: Connection, intent: Intent) -> None:
    """Deletes a request, unless a later one has replaced it."""
    conn.execute(delete(HubIntentRow).where(_is(intent)))


def find(conn: Connection, section: str, format: str, callback: str) -> Intent | None:
    """Returns the request of a callback for a feed that waits."""
    this = and_(HubIntentRow.section == section, HubIntentRow.format == format, HubIntentRow.callback == callback)
    row = conn.execute(select(*COLUMNS).where(this)).one_or_none()
    return None if row is None else Intent(**row._mapping)


def count(conn: Connection) -> int:
    """Returns how many requests and denials wait."""
    return conn.scalar(select(func.count()).select_from(HubIntentRow)) or 0


def prune(conn: Connection, now: datetime) -> None:
    """Deletes what has waited for too long."""
    conn.execute(delete(HubIntentRow).where(HubIntentRow.requested_at < now - KEPT))


COLUMNS = [HubIntentRow.__table__.c[name] for name in (*NewIntent.__slots__, *Intent.__slots__)]
_ATTEMPT = ("lease_owner", "lease_until", "retry_at", "error", "failed_at", "given_up_at")


def _is(intent: Intent) -> Any:
    return and_(HubIntentRow.id == intent.id, HubIntentRow.requested_at == intent.requested_at)


def _is_same(table: Any, new: NewIntent) -> Any:
    return and_(table.section == new.section, table.format == new.format, table.callback == new.callback)
