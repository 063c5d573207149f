"""Subscriptions to push for tests, and rounds of deliveries as the engine makes them."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select

from syndication.config.hub_schema import HubSettings
from syndication.config.loading import Settings, load_settings
from syndication.hub.push import Delivery, PushQueue
from syndication.outbound.queue import Outcome
from syndication.store.db.database import Database
from syndication.store.tables.hub import HubDeliveryRow, HubSubscriptionRow
from syndication.store.tables.publishing import DocumentRow
from tests.support.newsroom import site


def settings(**hub: Any) -> Settings:
    """Settings of the newsroom of the tests, with callbacks on loopback."""
    values = {"allow_private": True, "ports": (), "timeout": 5.0} | hub
    return replace(load_settings(environ={}), site=site(), hub=HubSettings(**values))


def queue(owner: str = "w1", **hub: Any) -> PushQueue:
    found = settings(**hub)
    return PushQueue(lambda: found, owner)


def subscribe(database: Database, callback: str, section: str = "taiwan", format: str = "atom", **values: Any) -> int:
    """Stores a verified subscription that has the current document; returns its number."""
    with database.write() as conn:
        now = database.now(conn)
        where = DocumentRow.section == section, DocumentRow.format == format
        current = conn.execute(select(DocumentRow.version, DocumentRow.digest).where(*where)).one_or_none()
        row = {
            "section": section, "format": format, "callback": callback, "host": urlsplit(callback).netloc,
            "address": "127.0.0.1", "lease_seconds": 864_000, "subscribed_at": now, "verified_at": now,
            "expires_at": now + timedelta(days=10), "version": current.version if current else 0,
            "digest": current.digest if current else None,
        }  # fmt: skip
        id = conn.scalars(insert(HubSubscriptionRow).values(row | values).returning(HubSubscriptionRow.id)).one()
        return int(id)


def deliver(database: Database, queue: PushQueue, most: int = 100) -> list[tuple[Delivery, Outcome]]:
    """Makes all attempts that are due, in rounds of at most ``most``; returns them with what they came to."""

    async def rounds() -> list[tuple[Delivery, Outcome]]:
        found: list[tuple[Delivery, Outcome]] = []
        while jobs := _claim(database, queue, most):
            outcomes = await asyncio.gather(*(queue.attempt(job) for job in jobs))
            done = list(zip(jobs, outcomes, strict=True))
            with database.write() as conn:
                queue.record(conn, database.now(conn), done)
            found += done
        await queue.close()
        return found

    return asyncio.run(rounds())


def _claim(database: Database, queue: PushQueue, most: int) -> list[Delivery]:
    with database.read() as conn:
        if not queue.has_work(conn, database.now(conn)):
            return []
    with database.write() as conn:
        return list(queue.claim(conn, database.now(conn), most, ()))


def subscription(database: Database, id: int) -> Any:
    """Returns a subscription's row; None if it is gone."""
    with database.read() as conn:
        return conn.execute(select(HubSubscriptionRow.__table__).where(HubSubscriptionRow.id == id)).one_or_none()


def logged(database: Database) -> list[Any]:
    """Returns the log of deliveries, oldest first."""
    with database.read() as conn:
        return list(conn.execute(select(HubDeliveryRow.__table__).order_by(HubDeliveryRow.id)))
