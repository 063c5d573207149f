"""Our own subscriptions at outside hubs, which show whether a hub passes on what it is told.

The row is the state of one subscription: ``retry_at`` is when it is requested again, to renew it or because nobody
confirmed it; ``requested_at`` is the first request since the last confirmation. A row is tried again for as long as
its hub is in the settings.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, exists, literal, or_, select, update

from syndication.store.db.upsert import insert as upsert
from syndication.store.hub import pings
from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure, Work
from syndication.store.processes import web_processes
from syndication.store.tables.hub import HubEchoRow
from syndication.store.tables.publishing import EntryRow, SectionStateRow

LONGEST = timedelta(days=400)
"""No subscription is renewed later than this, whatever lease a hub granted."""

SOON, UNCONFIRMED = timedelta(seconds=15), timedelta(minutes=15)
"""After this time without a confirmation, a subscription is requested again: at first soon, as the hub may have asked
while the service was starting, then after pauses that double."""

DENIED = timedelta(hours=6)
"""The pause after a hub has denied a subscription."""

LAPSED = timedelta(days=2)
"""How long the row of a hub stays that is in nobody's settings any more."""

USUAL_LEASE = timedelta(days=10)
"""What counts as the lease if a hub names none, and is asked for."""

SHORTEST_LEASE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Echo:
    """A subscription of ours; see ``HubEchoRow``."""

    hub: str
    section: str
    format: str
    token: str = field(repr=False)
    secret: str = field(repr=False)
    requested_at: datetime | None
    verified_at: datetime | None
    expires_at: datetime | None
    denied: str | None
    pinged_version: int | None
    pinged_at: datetime | None
    pinged_updated_at: datetime | None
    returned_version: int | None
    returned_at: datetime | None
    attempts: int
    retry_at: datetime | None
    lease_until: datetime | None
    error: str | None
    failed_at: datetime | None

    def is_subscribed(self, now: datetime) -> bool:
        """Returns whether the hub has confirmed it, for a time that is not over."""
        return self.expires_at is not None and self.expires_at > now

    def was_subscribed(self, at: datetime) -> bool:
        """Returns whether it was confirmed before that time, and holds until after it."""
        return self.is_subscribed(at) and self.verified_at is not None and self.verified_at < at

    @property
    def awaited_since(self) -> datetime | None:
        """When the hub was told of the version that has not come back; None: everything has."""
        return self.pinged_at if (self.pinged_version or 0) > (self.returned_version or 0) else None


def work(lease: timedelta) -> Work:
    """Returns the subscriptions as work."""
    return Work(HubEchoRow, lease=lease, longest=LONGEST)


def missing(conn: Connection, hubs: Collection[str]) -> list[str]:
    """Returns the hubs without a subscription of ours."""
    known = set(conn.scalars(select(HubEchoRow.hub).where(HubEchoRow.hub.in_(hubs))))
    return [hub for hub in hubs if hub not in known]


def has_due(conn: Connection, work: Work, hubs: Collection[str], now: datetime) -> bool:
    """Returns whether a subscription is to be requested now; without a web process, nobody could confirm it."""
    if not web_processes.list_alive(conn, now):
        return False
    return bool(missing(conn, hubs)) or attempts.has_due(conn, work, now, HubEchoRow.hub.in_(hubs))


def claim(
    conn: Connection, work: Work, owner: str, now: datetime, hubs: Collection[str], topic: tuple[str, str], most: int
) -> list[Echo]:
    """Takes subscriptions to request; adds those of new hubs, to the section and format of ``topic``."""
    section, format = topic
    for hub in missing(conn, hubs):
        own = {"token": secrets.token_urlsafe(24), "secret": secrets.token_urlsafe(32)}
        # Another worker may be adding it too.
        row = upsert(conn, HubEchoRow).values(hub=hub, section=section, format=format, **own)
        conn.execute(row.on_conflict_do_nothing())
    found = attempts.claim(conn, work, owner, now, most, HubEchoRow.hub.in_(hubs))
    taken = HubEchoRow.hub.in_([row["hub"] for row in found])
    anew = or_(HubEchoRow.requested_at.is_(None), HubEchoRow.verified_at >= HubEchoRow.requested_at)
    conn.execute(update(HubEchoRow).where(taken, anew).values(requested_at=now))
    return [Echo(*(row[name] for name in Echo.__slots__)) for row in found]


def record_requested(conn: Connection, work: Work, echo: Echo, now: datetime) -> None:
    """Records that the hub took the request; unless it confirms or denies it soon, it is asked again.

    ``echo`` is what was claimed. A hub may confirm or deny before it answers: the time that was set then stays.
    """
    row = HubEchoRow
    since = conn.scalar(select(row.requested_at).where(row.hub == echo.hub)) or now
    again_at = literal(now + min(max(now - since, SOON), UNCONFIRMED), row.retry_at.type)
    silent = row.retry_at.is_not_distinct_from(echo.retry_at)
    attempts.finish(conn, work, [(echo.hub,)], attempts=0, retry_at=case((silent, again_at), else_=row.retry_at))


def record_failed(conn: Connection, work: Work, hub: str, error: str, now: datetime, pause: timedelta) -> None:
    """Records why the subscription could not be requested."""
    attempts.fail(conn, work, [Failure((hub,), error, now + pause)], now)


def release(conn: Connection, work: Work, taken: Iterable[Echo]) -> None:
    """Gives back subscriptions that were taken, but not requested."""
    attempts.release(conn, work, [(echo.hub,) for echo in taken])


def find(conn: Connection, token: str) -> Echo | None:
    """Returns the subscription whose callback has this token."""
    row = conn.execute(select(*_COLUMNS).where(HubEchoRow.token == token)).one_or_none()
    return Echo(*row) if row is not None else None


def list_some(conn: Connection, hubs: Collection[str]) -> list[Echo]:
    """Returns the subscriptions at these hubs."""
    rows = conn.execute(select(*_COLUMNS).where(HubEchoRow.hub.in_(hubs)).order_by(HubEchoRow.hub))
    return [Echo(*row) for row in rows]


def record_confirmed(conn: Connection, hub: str, lease: timedelta | None, now: datetime) -> None:
    """Records that the hub verified the subscription; it is renewed after three quarters of the lease."""
    lease = min(max(lease or USUAL_LEASE, SHORTEST_LEASE), LONGEST)
    values = {"verified_at": now, "expires_at": now + lease, "denied": None, "retry_at": _renew_at(now, now + lease)}
    conn.execute(update(HubEchoRow).where(HubEchoRow.hub == hub).values(values | {"error": None, "failed_at": None}))


def record_denied(conn: Connection, hub: str, reason: str, now: datetime) -> None:
    """Records that the hub refuses the subscription."""
    values = {"denied": reason, "expires_at": None, "retry_at": now + DENIED}
    conn.execute(update(HubEchoRow).where(HubEchoRow.hub == hub).values(values))


def record_pinged(conn: Connection, hub: str, section: str, version: int, sent_at: datetime, now: datetime) -> None:
    """Records that the hub was told of a version, which has to come back; the first one of several that have not.

    Without a subscription that was confirmed before it was sent, nothing can come back. If a newer version is published
    already, the hub fetches that one, or is told of it next. Hubs may pass on nothing but new and changed entries: a
    version that has none is not awaited.
    """
    state = _state(conn, section)
    row = HubEchoRow
    echo = next((one for one in list_some(conn, [hub]) if one.section == section), None)
    if echo is None or state is None or state[0] != version or not echo.was_subscribed(sent_at):
        return
    if not _has_new_entries(conn, section, version):
        return
    if echo.awaited_since is None and (echo.returned_version or 0) < version:
        values = {"pinged_version": version, "pinged_at": now, "pinged_updated_at": state[1]}
        conn.execute(update(row).where(row.hub == hub).values(values))


def record_returned(conn: Connection, echo: Echo, updated: datetime, now: datetime) -> int | None:
    """Records a document that came back, by its time of update; returns its version, None if it is older than all.

    If the hub was told of a newer version meanwhile, that one is awaited next.
    """
    state = _state(conn, echo.section)
    if state is None:
        return None
    current, current_updated = state
    returned = echo.returned_version or 0
    if current_updated is not None and updated >= current_updated:
        returned = current
    elif echo.pinged_version is not None and echo.pinged_updated_at is not None and updated >= echo.pinged_updated_at:
        returned = max(returned, echo.pinged_version)
    if returned <= (echo.returned_version or 0):
        return echo.returned_version if returned and updated == current_updated else None
    values: dict[str, object] = {"returned_version": returned, "returned_at": now}
    told = pings.last_told(conn, echo.hub, echo.section)
    if told is not None and told[0] > returned and _has_new_entries(conn, echo.section, told[0]):
        values |= {"pinged_version": told[0], "pinged_at": told[1], "pinged_updated_at": current_updated}
    conn.execute(update(HubEchoRow).where(HubEchoRow.hub == echo.hub).values(values))
    return returned


def prune(conn: Connection, hubs: Collection[str], now: datetime) -> None:
    """Deletes subscriptions at hubs that are in nobody's settings any more, when they have ended or never began."""
    row = HubEchoRow
    ended = row.expires_at.is_(None) & ((row.requested_at.is_(None)) | (row.requested_at < now - LAPSED))
    conn.execute(delete(row).where(row.hub.not_in(hubs), ended | (row.expires_at < now)))


_COLUMNS = [getattr(HubEchoRow, name) for name in Echo.__slots__]


def _state(conn: Connection, section: str) -> tuple[int, datetime | None] | None:
    columns = SectionStateRow.version, SectionStateRow.updated_at
    row = conn.execute(select(*columns).where(SectionStateRow.section == section)).one_or_none()
    return (row.version, row.updated_at) if row is not None else None


def _has_new_entries(conn: Connection, section: str, version: int) -> bool:
    """Returns whether this version added or changed an entry."""
    return bool(conn.scalar(select(exists().where(EntryRow.section == section, EntryRow.version == version))))


def _renew_at(confirmed_at: datetime, expires_at: datetime) -> datetime:
    return confirmed_at + (expires_at - confirmed_at) * 3 / 4
