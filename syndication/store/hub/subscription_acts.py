"""What people do with subscriptions: pause, resume, push again, remove. Each act is in the audit log.

The log names the host, never the whole callback: its query may hold a token of somebody else's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, select, update

from syndication.model.counted import counted
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.db.batches import batched
from syndication.store.hub import intents
from syndication.store.hub.intents import NewIntent
from syndication.store.hub.pushes import UP_TO_DATE
from syndication.store.tables.hub import HubSubscriptionRow

ActOutcome = Literal["paused", "resumed", "requested", "removed", "unchanged", "not-found"]

AFRESH: dict[str, Any] = {
    name: value for name, value in UP_TO_DATE.items() if name not in ("lease_owner", "lease_until")
}
"""The values of a subscription of which nothing has failed yet: the next attempt is made at once, and only once."""

REMOVED = "Removed by the publisher."
"""The reason that a subscriber is told (WebSub section 5.2)."""


def pause(conn: Connection, id: int, by: Actor, now: datetime) -> ActOutcome:
    """Sends nothing until it is resumed; the subscription stays, and its lease runs on."""
    row = _find(conn, id, now)
    outcome: ActOutcome = "not-found" if row is None else "unchanged" if row.paused_at else "paused"
    if outcome == "paused":
        _update(conn, id, paused_at=now)
    _record(conn, by, "pause subscriber", id, outcome, row, now)
    return outcome


def resume(conn: Connection, id: int, by: Actor, now: datetime) -> ActOutcome:
    """Delivers to a paused or parked subscription again: the newest version at once, if it lacks that."""
    row = _find(conn, id, now)
    rests = row is not None and (row.paused_at or row.given_up_at)
    outcome: ActOutcome = "not-found" if row is None else "resumed" if rests else "unchanged"
    if outcome == "resumed":
        # After a failure it is not known which document it has, so that the present one is sent in any case.
        digest = None if row is None or row.error else row.digest
        _update(conn, id, paused_at=None, digest=digest, **AFRESH | {"asked_at": now})
    _record(conn, by, "resume subscriber", id, outcome, row, now)
    return outcome


def push_again(conn: Connection, id: int, by: Actor, now: datetime) -> ActOutcome:
    """Delivers the present version once more, also to a parked subscription; a paused one stays as it is."""
    row = _find(conn, id, now)
    outcome: ActOutcome = "not-found" if row is None else "unchanged" if row.paused_at else "requested"
    if outcome == "requested":
        _update(conn, id, version=0, digest=None, **AFRESH | {"asked_at": now})
    _record(conn, by, "push again", id, outcome, row, now)
    return outcome


def remove(conn: Connection, id: int, by: Actor, now: datetime) -> ActOutcome:
    """Ends a subscription; the subscriber is told that it is denied, and may subscribe again."""
    row = _find(conn, id, now)
    outcome: ActOutcome = "not-found" if row is None else "removed"
    if row is not None:
        _end(conn, [row], now)
    _record(conn, by, "remove subscriber", id, outcome, row, now)
    return outcome


def remove_host(conn: Connection, host: str, by: Actor, now: datetime) -> int:
    """Ends all subscriptions whose callbacks are on one host; returns their number."""
    rows = conn.execute(select(HubSubscriptionRow.__table__).where(HubSubscriptionRow.host == host)).all()
    _end(conn, rows, now)
    outcome: ActOutcome = "removed" if rows else "not-found"
    record(conn, by, [Act("remove subscribers", host, outcome, counted(len(rows), "subscription"))], now)
    return len(rows)


def target_of(id: int) -> str:
    """Returns the name of a subscription in the audit log."""
    return f"subscription {id}"


def _find(conn: Connection, id: int, now: datetime) -> Any:
    rows = HubSubscriptionRow
    query = select(rows.__table__).where(rows.id == id, rows.expires_at > now).with_for_update()
    return conn.execute(query).one_or_none()


def _update(conn: Connection, id: int, **values: Any) -> None:
    conn.execute(update(HubSubscriptionRow).where(HubSubscriptionRow.id == id).values(values))


def _end(conn: Connection, rows: Sequence[Any], now: datetime) -> None:
    """Deletes subscriptions, and leaves a word for each subscriber."""
    for some in batched([row.id for row in rows]):
        conn.execute(delete(HubSubscriptionRow).where(HubSubscriptionRow.id.in_(some)))
    for row in rows:
        if row.expires_at > now:
            word = NewIntent("denied", row.section, row.format, None, row.callback, row.host, "", reason=REMOVED)
            intents.write(conn, word, now)


def _record(conn: Connection, by: Actor, act: str, id: int, outcome: ActOutcome, row: Any, now: datetime) -> None:
    """Records an act; there is nothing to record of what does not exist."""
    if row is not None:
        detail = f"{row.section}.{row.format} to {row.host}"
        record(conn, by, [Act(act, target_of(id), outcome, detail)], now)
