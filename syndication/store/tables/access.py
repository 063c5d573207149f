"""The tables of users and programs: their permissions, requests, and actions.

Only the service writes them.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base
from syndication.store.tables.publishing import AUTOINCREMENT


class TokenRow(Base):
    """A token for the API. ``hash`` is the SHA-256 of 256 random bits, not stored; spaces separate ``scopes``."""

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
    """A user of the dashboard. ``name`` is lower-case, ``hash`` is Argon2's; spaces separate ``scopes``.

    With a second factor: the app's secret in base32, and the last time step whose code was accepted.
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
    """A single-use code in place of the app's. ``hash`` is the SHA-256 of 79 random bits and the user's id."""

    __tablename__ = "recovery_code"

    user_id: Mapped[str] = mapped_column(ForeignKey("dashboard_user.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)


class PendingLoginRow(Base):
    """A log-in with the right password, waiting for its code. ``hash`` is as in a session."""

    __tablename__ = "pending_login"

    hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("dashboard_user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class LoginFailureRow(Base):
    """Failed log-ins since a time, by the name that was typed and by a device known to its user."""

    __tablename__ = "login_failure"

    name_hash: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]


class SessionRow(Base):
    """A browser in which a user is logged in. ``hash`` is the SHA-256 of the 256 random bits in its cookie.

    ``browser`` describes it, like "Firefox on Linux".
    """

    __tablename__ = "session"

    hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("dashboard_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    source: Mapped[str]
    browser: Mapped[str | None]


class PasswordLinkRow(Base):
    """A link by which a user sets a password, once. ``hash`` is as in a session; a user has one link at most."""

    __tablename__ = "password_link"

    user_id: Mapped[str] = mapped_column(ForeignKey("dashboard_user.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime]


class SigningKeyRow(Base):
    """The key with which all web processes sign cookies, so that a session is valid on each of them."""

    __tablename__ = "signing_key"

    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    created_at: Mapped[datetime]


class AuditLogRow(Base):
    """The audit log: actor, action, target, time, address and result. Never the text of an article.

    ``times`` counts identical refusals within a minute: a client that loops cannot fill the table. ``state`` is the
    digest of the article's content that the act wrote.
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
    state: Mapped[str | None]

    __table_args__ = AUTOINCREMENT


class RegenerationRow(Base):
    """A request to regenerate sections."""

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


Packed = bytes
"""A name for the type where ``bytes`` is a column."""


class FeedVersionRow(Base):
    """A published version of a feed; only the newest are kept.

    ``noticed_at`` is when its oldest change was noticed or fell due; None if it has no change. ``entry_order`` are its
    articles in order, packed (``entry_states``); None: a feed of readers, which cannot be rolled back.
    """

    __tablename__ = "feed_version"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInt, primary_key=True)
    at: Mapped[datetime]
    entries: Mapped[int]
    bytes: Mapped[int]
    noticed_at: Mapped[datetime | None]
    entry_order: Mapped[Packed | None] = mapped_column(LargeBinary)


class FeedVersionChangeRow(Base):
    """The difference of an entry from the previous version: added, changed or gone, and why."""

    __tablename__ = "feed_version_change"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInt, primary_key=True)
    article_id: Mapped[str] = mapped_column(primary_key=True)
    change: Mapped[str]
    reason: Mapped[str | None]


class PreviewRow(Base):
    """A preview request to a worker. ``request`` and ``result`` are JSON, kept for minutes."""

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
    """A received webhook: each one is accepted only once."""

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
