"""The tables of those who work with the service: who may, what they asked for, and what was done.

Only the service writes them.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base
from syndication.store.tables.publishing import AUTOINCREMENT


class TokenRow(Base):
    """A key to the API. ``hash`` is the SHA-256 of 256 random bits that are kept nowhere; spaces part ``scopes``."""

    __tablename__ = "token"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class UserRow(Base):
    """A person who logs in to the dashboard. ``name`` is lower-case, ``hash`` Argon2's; spaces part ``scopes``.

    With a second factor there are the secret of the app in base32, and the last time step whose code was accepted.
    """

    __tablename__ = "dashboard_user"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str]
    scopes: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    last_login_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    totp_secret: Mapped[str | None]
    totp_step: Mapped[int | None] = mapped_column(BigInt)


class RecoveryCodeRow(Base):
    """A code that takes the place of the app's once. ``hash`` is the SHA-256 of 79 random bits and the account's id."""

    __tablename__ = "recovery_code"

    user_id: Mapped[str] = mapped_column(ForeignKey("dashboard_user.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)


class PendingLoginRow(Base):
    """A log-in whose password was right and whose code is still asked for. ``hash`` is as that of a session."""

    __tablename__ = "pending_login"

    hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("dashboard_user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class LoginFailureRow(Base):
    """How often a log-in failed since a moment, for a name that was typed and a device that its user knows."""

    __tablename__ = "login_failure"

    name_hash: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]


class SessionRow(Base):
    """One browser in which a person is logged in. ``hash`` is the SHA-256 of 256 random bits that its cookie has."""

    __tablename__ = "session"

    hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("dashboard_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    source: Mapped[str]


class SigningKeyRow(Base):
    """What the web processes sign cookies with: all the same, so that a login holds on each of them."""

    __tablename__ = "signing_key"

    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    created_at: Mapped[datetime]


class AuditLogRow(Base):
    """Who did what to what, when, from where, and what came of it. Never a text of an article.

    ``times`` is how often the same was refused within a minute: a client that loops fills no table.
    """

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    source: Mapped[str]
    act: Mapped[str]
    target: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[str | None]
    times: Mapped[int] = mapped_column(BigInt, server_default="1")

    __table_args__ = AUTOINCREMENT


class RegenerationRow(Base):
    """Somebody asked for sections to be regenerated."""

    __tablename__ = "regeneration"

    id: Mapped[str] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    reason: Mapped[str | None]


class RegenerationSectionRow(Base):
    """One section of a regeneration, done once the section is regenerated for ``generation`` or a later one."""

    __tablename__ = "regeneration_section"

    regeneration_id: Mapped[str] = mapped_column(ForeignKey("regeneration.id", ondelete="CASCADE"), primary_key=True)
    section: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(BigInt)
    result: Mapped[str | None]
    version: Mapped[int | None] = mapped_column(BigInt)
    error: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class FeedVersionRow(Base):
    """A version of a feed that was published; the newest so many are kept.

    ``noticed_at`` is when the oldest change that led to it was noticed, or its moment came; None if no change did.
    """

    __tablename__ = "feed_version"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInt, primary_key=True)
    at: Mapped[datetime]
    entries: Mapped[int]
    bytes: Mapped[int]
    noticed_at: Mapped[datetime | None]


class FeedVersionChangeRow(Base):
    """How one entry of a version differs from the version before: added, changed or gone, and why."""

    __tablename__ = "feed_version_change"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInt, primary_key=True)
    article_id: Mapped[str] = mapped_column(primary_key=True)
    change: Mapped[str]
    reason: Mapped[str | None]


class PreviewRow(Base):
    """A question to a worker: what would it look like? ``request`` and ``result`` are JSON, kept for minutes."""

    __tablename__ = "preview"

    id: Mapped[str] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    request: Mapped[str]
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    result: Mapped[bytes | None] = mapped_column(LargeBinary)
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")


class WebhookRow(Base):
    """A webhook that was received: the same one is never taken twice."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]


Index("ix_session_user_id", SessionRow.user_id)
Index("ix_pending_login_user_id", PendingLoginRow.user_id)
Index("ix_login_failure_since", LoginFailureRow.since)
Index("ix_audit_log_at", AuditLogRow.at)
Index("ix_audit_log_target", AuditLogRow.target, AuditLogRow.seq)
Index("ix_audit_log_actor", AuditLogRow.actor, AuditLogRow.seq)
Index("ix_regeneration_requested_at", RegenerationRow.requested_at)
Index("ix_regeneration_section_section", RegenerationSectionRow.section, RegenerationSectionRow.result)
Index("ix_feed_version_change_article_id", FeedVersionChangeRow.article_id)
Index("ix_preview_requested_at", PreviewRow.requested_at)
Index("ix_webhook_received_at", WebhookRow.received_at)
