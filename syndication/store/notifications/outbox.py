"""The messages that wait to be sent, and how each channel is doing. Any number of processes share the queue."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select

from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure, Work
from syndication.store.tables.notifications import NotificationRow

MOST_WAITING = 100
"""Messages that one channel may have waiting: beyond, no further ones are made until some are sent or given up."""

MOST_LOST = 1
"""How often a message is sent again after a process ended in the middle of it: readers get one duplicate at most."""

LOST = "the process ended twice while it was sending"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message; see ``NotificationRow``. ``content`` is the parsed JSON."""

    id: int
    channel: str
    kind: str
    subject: str
    content: Mapping[str, Any]
    created_at: datetime
    attempts: int
    lost: int
    retry_at: datetime | None
    error: str | None
    failed_at: datetime | None
    sent_at: datetime | None
    given_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel is doing. ``error`` is why a message could not be sent, at ``failed_at``; None if later ones were.

    ``waiting`` messages are not sent yet, the oldest since ``waiting_since``; ``given_up_at``: one never was.
    """

    channel: str
    sent_at: datetime | None = None
    waiting: int = 0
    waiting_since: datetime | None = None
    error: str | None = None
    failed_at: datetime | None = None
    given_up_at: datetime | None = None


def enqueue(conn: Connection, channel: str, kind: str, subject: str, content: Mapping[str, Any], now: datetime) -> int:
    """Stores a message; returns its number."""
    values = {
        "channel": channel, "kind": kind, "subject": subject, "created_at": now,
        "content": json.dumps(content, ensure_ascii=False),
    }  # fmt: skip
    return int(conn.scalars(insert(NotificationRow).values(values).returning(NotificationRow.id)).one())


def request_test(conn: Connection, channel: str, content: Mapping[str, Any], actor: Actor, now: datetime) -> int:
    """Stores a test message and the act in the audit log; returns the message's number."""
    record(conn, actor, [Act("test notification", channel, "requested")], now)
    return enqueue(conn, channel, "test", f"Test of {channel}", content, now)


def find(conn: Connection, id: int) -> Notification | None:
    """Returns a message."""
    row = conn.execute(select(*_COLUMNS).where(NotificationRow.id == id)).one_or_none()
    return None if row is None else _notification(row._mapping)


def list_recent(conn: Connection, channels: Collection[str], limit: int) -> list[Notification]:
    """Returns the newest messages to these channels, newest first."""
    where = NotificationRow.channel.in_(channels)
    rows = conn.execute(select(*_COLUMNS).where(where).order_by(NotificationRow.id.desc()).limit(limit))
    return [_notification(row._mapping) for row in rows]


def work(lease: timedelta, longest: timedelta) -> Work:
    """Returns what the attempts are about."""
    return Work(NotificationRow, lease, longest)


def has_due(conn: Connection, work: Work, now: datetime, channels: Collection[str]) -> bool:
    """Returns whether a message to one of these channels can be sent now."""
    return attempts.has_due(conn, work, now, NotificationRow.channel.in_(channels), NotificationRow.sent_at.is_(None))


def claim(
    conn: Connection, work: Work, owner: str, now: datetime, channels: Collection[str], most: int
) -> list[Notification]:
    """Takes the oldest message of each channel that can be sent; one that was lost once too often is given up."""
    row = NotificationRow
    due = row.channel.in_(channels), row.sent_at.is_(None), work.is_due(now)
    oldest = select(func.min(row.id)).where(*due).group_by(row.channel).correlate(None)
    found = attempts.claim(conn, work, owner, now, most, row.id.in_(oldest), row.sent_at.is_(None))
    lost = [(each["id"],) for each in found if each["lease_until"] is not None and each["lost"] >= MOST_LOST]
    attempts.release(conn, work, lost)
    attempts.fail(conn, work, [Failure(key, LOST, None) for key in lost], now)
    return [_notification(each) for each in found if (each["id"],) not in lost]


def count_waiting(conn: Connection) -> dict[str, int]:
    """Returns how many messages wait, by channel."""
    rows = conn.execute(select(NotificationRow.channel, func.count()).where(_WAITS).group_by(NotificationRow.channel))
    return {row[0]: row[1] for row in rows}


def last_created(conn: Connection, channels: Collection[str]) -> dict[str, datetime]:
    """Returns when the last message about incidents was made, by channel."""
    where = NotificationRow.channel.in_(channels), NotificationRow.kind == "incidents"
    newest = select(func.max(NotificationRow.id)).where(*where).group_by(NotificationRow.channel)
    rows = conn.execute(
        select(NotificationRow.channel, NotificationRow.created_at).where(NotificationRow.id.in_(newest))
    )
    return {row.channel: row.created_at for row in rows}


def channel_states(conn: Connection, channels: Collection[str]) -> dict[str, ChannelState]:
    """Returns how each channel is doing, by name."""
    states = {}
    for name in channels:
        mine = NotificationRow.channel == name
        sent_at = conn.scalar(select(func.max(NotificationRow.sent_at)).where(mine))
        waiting = conn.execute(select(func.count(), func.min(NotificationRow.created_at)).where(mine, _WAITS)).one()
        wrong = select(*_COLUMNS).where(mine, NotificationRow.error.is_not(None), NotificationRow.sent_at.is_(None))
        last = conn.execute(
            wrong.order_by(NotificationRow.failed_at.desc(), NotificationRow.id.desc()).limit(1)
        ).first()
        failed = last is not None and (sent_at is None or last.failed_at >= sent_at)
        states[name] = ChannelState(
            name,
            sent_at,
            waiting[0],
            waiting[1],
            last.error if last is not None and failed else None,
            last.failed_at if last is not None and failed else None,
            last.given_up_at if last is not None and failed else None,
        )
    return states


_COLUMNS = [NotificationRow.__table__.c[name] for name in Notification.__slots__]
_WAITS = and_(NotificationRow.sent_at.is_(None), NotificationRow.given_up_at.is_(None))


def _notification(values: Mapping[Any, Any]) -> Notification:
    own = {name: values[name] for name in Notification.__slots__}
    return Notification(**{**own, "content": json.loads(values["content"])})
