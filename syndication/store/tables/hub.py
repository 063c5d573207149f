"""The tables of the hub: who subscribes to which feed, what was pushed, and what other hubs were told."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base
from syndication.store.tables.attempts import AttemptColumns
from syndication.store.tables.publishing import AUTOINCREMENT


class HubSubscriptionRow(AttemptColumns, Base):
    """A verified subscription of ``callback`` to the topic that is a section's feed in a format (WebSub section 5).

    ``host`` is the callback's host and port, ``address`` the IP address that was connected to at verification. It has
    the document with ``digest`` of ``version``, delivered at ``delivered_at``, which took ``lag_ms`` from the version's
    publication. It ends at ``expires_at`` unless renewed. All attempts since ``failing_since`` have failed;
    ``given_up_at``: parked after a day of that; ``paused_at``: by somebody.
    At ``asked_at``, somebody asked for the present version once more: its lag counts from then.
    """

    __tablename__ = "hub_subscription"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    section: Mapped[str]
    format: Mapped[str]
    callback: Mapped[str]
    host: Mapped[str]
    address: Mapped[str]
    secret: Mapped[str | None]
    lease_seconds: Mapped[int] = mapped_column(BigInt)
    subscribed_at: Mapped[datetime]
    verified_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(BigInt, server_default="0")
    digest: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    lag_ms: Mapped[int | None] = mapped_column(BigInt)
    failing_since: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]

    __table_args__ = AUTOINCREMENT


class HubIntentRow(AttemptColumns, Base):
    """A request to the hub that its callback has not confirmed yet: subscribe or unsubscribe; or denied, to be told.

    ``topic`` is the address as it was asked for, which the callback is told (WebSub section 5.3); None: the feed's
    own. ``requester`` is the client's network address, ``reason`` why it is denied. A later request replaces the row.
    """

    __tablename__ = "hub_intent"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    mode: Mapped[str]
    section: Mapped[str]
    format: Mapped[str]
    topic: Mapped[str | None]
    callback: Mapped[str]
    host: Mapped[str]
    secret: Mapped[str | None]
    lease_seconds: Mapped[int | None] = mapped_column(BigInt)
    reason: Mapped[str | None]
    requester: Mapped[str]
    requested_at: Mapped[datetime]

    __table_args__ = AUTOINCREMENT


class HubDeliveryRow(Base):
    """An attempt to push a version to a subscription: done, failed, gone (410), parked. ``lag_ms``: if done."""

    __tablename__ = "hub_delivery"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    subscription_id: Mapped[int] = mapped_column(BigInt)
    section: Mapped[str]
    format: Mapped[str]
    callback: Mapped[str]
    version: Mapped[int] = mapped_column(BigInt)
    attempted_at: Mapped[datetime]
    outcome: Mapped[str]
    status: Mapped[int | None]
    error: Mapped[str | None]
    took_ms: Mapped[int] = mapped_column(BigInt)
    lag_ms: Mapped[int | None] = mapped_column(BigInt)

    __table_args__ = AUTOINCREMENT


class HubPingRow(AttemptColumns, Base):
    """A version of which an outside hub is to be told, once it is served; ``answered_at`` and ``status``: it was."""

    __tablename__ = "hub_ping"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    hub: Mapped[str]
    section: Mapped[str]
    version: Mapped[int] = mapped_column(BigInt)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    status: Mapped[int | None]

    __table_args__ = AUTOINCREMENT


class HubEchoRow(AttemptColumns, Base):
    """Our own subscription at an outside hub, which shows whether the hub passes on what it is told.

    ``token`` is part of the callback's address. ``pinged_version`` was announced at ``pinged_at`` and has to come back,
    as a document updated at ``pinged_updated_at`` or later; ``returned_version`` did, at ``returned_at``.
    """

    __tablename__ = "hub_echo"

    hub: Mapped[str] = mapped_column(primary_key=True)
    section: Mapped[str]
    format: Mapped[str]
    token: Mapped[str]
    secret: Mapped[str]
    requested_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    denied: Mapped[str | None]
    pinged_version: Mapped[int | None] = mapped_column(BigInt)
    pinged_at: Mapped[datetime | None]
    pinged_updated_at: Mapped[datetime | None]
    returned_version: Mapped[int | None] = mapped_column(BigInt)
    returned_at: Mapped[datetime | None]


Index(
    "ix_hub_subscription_callback",
    HubSubscriptionRow.section,
    HubSubscriptionRow.format,
    HubSubscriptionRow.callback,
    unique=True,
)
_active = HubSubscriptionRow.paused_at.is_(None) & HubSubscriptionRow.given_up_at.is_(None)
Index(
    "ix_hub_subscription_version",
    HubSubscriptionRow.section,
    HubSubscriptionRow.version,
    HubSubscriptionRow.id,
    sqlite_where=_active,
    postgresql_where=_active,
)
_parked = HubSubscriptionRow.given_up_at.is_not(None)
Index("ix_hub_subscription_parked", HubSubscriptionRow.given_up_at, sqlite_where=_parked, postgresql_where=_parked)
Index("ix_hub_subscription_section", HubSubscriptionRow.section, HubSubscriptionRow.id)
Index("ix_hub_subscription_host", HubSubscriptionRow.host, HubSubscriptionRow.id)
Index("ix_hub_subscription_address", HubSubscriptionRow.address)
Index("ix_hub_subscription_expires_at", HubSubscriptionRow.expires_at)
Index("ix_hub_intent_callback", HubIntentRow.section, HubIntentRow.format, HubIntentRow.callback, unique=True)
Index("ix_hub_intent_host", HubIntentRow.host)
Index("ix_hub_delivery_subscription", HubDeliveryRow.subscription_id, HubDeliveryRow.id)
Index("ix_hub_delivery_attempted_at", HubDeliveryRow.attempted_at)
Index("ix_hub_delivery_section", HubDeliveryRow.section, HubDeliveryRow.id)
# What failed is looked for among very many that did not; it costs a delivery that succeeds nothing.
_not_done = HubDeliveryRow.outcome != "done"
Index(
    "ix_hub_delivery_outcome",
    HubDeliveryRow.outcome,
    HubDeliveryRow.id,
    sqlite_where=_not_done,
    postgresql_where=_not_done,
)
Index(
    "ix_hub_delivery_section_outcome",
    HubDeliveryRow.section,
    HubDeliveryRow.outcome,
    HubDeliveryRow.id,
    sqlite_where=_not_done,
    postgresql_where=_not_done,
)
_unanswered = HubPingRow.answered_at.is_(None) & HubPingRow.given_up_at.is_(None)
Index("ix_hub_ping_unanswered", HubPingRow.hub, HubPingRow.id, sqlite_where=_unanswered, postgresql_where=_unanswered)
_given_up = HubPingRow.given_up_at.is_not(None)
Index("ix_hub_ping_given_up", HubPingRow.hub, HubPingRow.id, sqlite_where=_given_up, postgresql_where=_given_up)
Index("ix_hub_ping_section", HubPingRow.hub, HubPingRow.section, HubPingRow.version)
Index("ix_hub_echo_token", HubEchoRow.token, unique=True)
