"""Subscriptions by push as rows, without the hub that verifies them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from syndication.store.db.database import Database
from syndication.store.tables.hub import HubDeliveryRow, HubEchoRow, HubIntentRow, HubPingRow, HubSubscriptionRow

DAY = timedelta(days=1)

SECRET_TOKEN = "token-of-somebody-else"
"""In the query of a callback, for those who may see it."""


def subscription(now: datetime, **values: Any) -> dict[str, Any]:
    """Returns the values of a subscription to Taiwan's Atom feed, which has the first version."""
    section, format, host = (
        values.get("section", "taiwan"),
        values.get("format", "atom"),
        values.get("host", "a.example"),
    )
    return {
        "section": section, "format": format, "host": host,
        "callback": f"https://{host}/{section}.{format}?token={SECRET_TOKEN}", "address": "192.0.2.10",
        "secret": "s3cret-of-the-subscriber", "lease_seconds": 864_000, "subscribed_at": now, "verified_at": now,
        "expires_at": now + 10 * DAY, "version": 1, "digest": None, "delivered_at": now, "lag_ms": 400,
    } | values  # fmt: skip


def subscribe(database: Database, *many: dict[str, Any]) -> list[int]:
    """Stores subscriptions with these values; returns their IDs."""
    with database.write() as conn:
        now = database.now(conn)
        return [
            conn.execute(
                insert(HubSubscriptionRow).returning(HubSubscriptionRow.id), subscription(now, **one)
            ).scalar_one()
            for one in many
        ]


def change_subscription(database: Database, id: int, **values: Any) -> None:
    with database.write() as conn:
        conn.execute(update(HubSubscriptionRow).where(HubSubscriptionRow.id == id).values(values))


def attempt(now: datetime, **values: Any) -> dict[str, Any]:
    """Returns the values of a delivery that arrived."""
    return {
        "subscription_id": 1, "section": "taiwan", "format": "atom",
        "callback": f"https://a.example/taiwan.atom?token={SECRET_TOKEN}", "version": 1, "attempted_at": now,
        "outcome": "done", "status": 204, "error": None, "took_ms": 12, "lag_ms": 400,
    } | values  # fmt: skip


def log_attempts(database: Database, *many: dict[str, Any]) -> None:
    """Stores attempts with these values in the log."""
    with database.write() as conn:
        now = database.now(conn)
        conn.execute(insert(HubDeliveryRow), [attempt(now, **one) for one in many])


def outside_hub(database: Database, hub: str, **values: Any) -> None:
    """Stores our own subscription at a hub, and a ping that it answered."""
    with database.write() as conn:
        now = database.now(conn)
        echo = {"hub": hub, "section": "all", "format": "atom", "token": "echo-token", "secret": "echo-secret"}
        lease = {"requested_at": now, "verified_at": now, "expires_at": now + 10 * DAY}
        conn.execute(insert(HubEchoRow).values(echo | lease | values))
        conn.execute(
            insert(HubPingRow).values(hub=hub, section="all", version=1, created_at=now, answered_at=now, status=204)
        )


def stored(conn: Connection, id: int) -> Any:
    """Returns the row of a subscription; None: it is gone."""
    return conn.execute(select(HubSubscriptionRow.__table__).where(HubSubscriptionRow.id == id)).one_or_none()


def denials(conn: Connection) -> list[Any]:
    """Returns what subscribers are to be told."""
    return list(conn.execute(select(HubIntentRow.__table__).order_by(HubIntentRow.id)))
