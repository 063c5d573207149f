"""The verified subscriptions: begun, renewed, ended. Pushes keep their own state in the same rows."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select

from syndication.store.db.upsert import insert
from syndication.store.hub.intents import Intent
from syndication.store.hub.pushes import UP_TO_DATE
from syndication.store.tables.asked_feeds import AskedFeedRow
from syndication.store.tables.hub import HubSubscriptionRow
from syndication.store.tables.publishing import SectionStateRow

SECOND = timedelta(seconds=1)
"""A version's time counts whole seconds."""


def begin(conn: Connection, intent: Intent, address: str, lease_seconds: int, now: datetime) -> None:
    """Begins the subscription that a callback has confirmed, or renews it (WebSub section 5.1).

    Everything that was asked for replaces what was: a renewal without a secret has none. A renewed subscription keeps
    the version that it has and stays paused, but is parked no more. A new one has what was published before it was
    asked for, and is sent what came since.
    """
    renewed: dict[str, Any] = {
        "host": intent.host,
        "address": address,
        "secret": intent.secret,
        "lease_seconds": lease_seconds,
        "verified_at": now,
        "expires_at": now + timedelta(seconds=lease_seconds),
    }
    key = {"section": intent.section, "format": intent.format, "callback": intent.callback}
    new = {"subscribed_at": now, "version": _version_before(conn, intent.section, intent.requested_at)}
    statement = insert(conn, HubSubscriptionRow).values(key | new | renewed)
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=renewed | UP_TO_DATE))


def end(conn: Connection, section: str, format: str, callback: str) -> bool:
    """Ends a subscription; returns whether there was one."""
    return bool(conn.execute(delete(HubSubscriptionRow).where(_is(section, format, callback))).rowcount)


def count_at_address(conn: Connection, address: str, without: Intent) -> int:
    """Returns how many subscriptions have callbacks at an IP address, besides the one that an intent is about."""
    at = HubSubscriptionRow.address == address, ~_is(without.section, without.format, without.callback)
    return conn.scalar(select(func.count()).select_from(HubSubscriptionRow).where(*at)) or 0


def asked_sections(conn: Connection, now: datetime) -> list[str]:
    """Returns the feeds on demand that somebody is subscribed to: they are not to sleep."""
    known = select(AskedFeedRow.slug).where(AskedFeedRow.forgotten_at.is_(None))
    subscribed = HubSubscriptionRow.section.in_(known), HubSubscriptionRow.expires_at > now
    return list(conn.scalars(select(HubSubscriptionRow.section).where(*subscribed).distinct()))


def prune(conn: Connection, now: datetime) -> None:
    """Ends the subscriptions whose lease is over (WebSub section 5.3.1)."""
    conn.execute(delete(HubSubscriptionRow).where(HubSubscriptionRow.expires_at <= now))


def _version_before(conn: Connection, section: str, moment: datetime) -> int:
    """Returns the feed's version if it was published before a moment, otherwise 0: any version is news then."""
    row = conn.execute(
        select(SectionStateRow.version, SectionStateRow.updated_at).where(SectionStateRow.section == section)
    ).one_or_none()
    if row is None or row.updated_at is None or row.updated_at + SECOND > moment:
        return 0
    return int(row.version)


def _is(section: str, format: str, callback: str) -> Any:
    row = HubSubscriptionRow
    return and_(row.section == section, row.format == format, row.callback == callback)
