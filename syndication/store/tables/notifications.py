"""The tables of notifications: what is wrong since when, and the messages about it. Only the service writes them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base
from syndication.store.tables.attempts import AttemptColumns
from syndication.store.tables.publishing import AUTOINCREMENT


class IncidentRow(Base):
    """A cause of notifications from ``began_at`` to ``ended_at`` (None: it goes on).

    ``cause`` and ``subject`` say what it is; ``words`` is the newest sentence about it. ``observed_since``: it was
    there at every look since then, so that one that a restart interrupts settles anew.
    """

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    cause: Mapped[str]
    subject: Mapped[str]
    section: Mapped[str | None]
    source: Mapped[str | None]
    words: Mapped[str]
    began_at: Mapped[datetime]
    observed_since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = AUTOINCREMENT


class IncidentReportRow(Base):
    """A channel was told of an incident, last at ``reported_at``; at ``over_at``, that it is over."""

    __tablename__ = "incident_report"

    channel: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    reported_at: Mapped[datetime]
    over_at: Mapped[datetime | None]


class NotificationRow(AttemptColumns, Base):
    """A message to a channel. ``content`` is JSON; ``kind`` is incidents or test."""

    __tablename__ = "notification"

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    channel: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    __table_args__ = AUTOINCREMENT


class NotificationChannelRow(Base):
    """A configured channel: what ended before ``since`` is none of its business."""

    __tablename__ = "notification_channel"

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class NotificationWatchRow(Base):
    """The lease of the process that looks for incidents; the one row. It last looked at about ``observed_at``."""

    __tablename__ = "notification_watch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    observed_at: Mapped[datetime | None]


_open = IncidentRow.ended_at.is_(None)
Index(
    "ix_incident_open", IncidentRow.cause, IncidentRow.subject, unique=True, sqlite_where=_open, postgresql_where=_open
)
Index("ix_incident_ended_at", IncidentRow.ended_at)
Index("ix_incident_report_incident_id", IncidentReportRow.incident_id)
Index("ix_notification_channel", NotificationRow.channel, NotificationRow.id)
_unsent = NotificationRow.sent_at.is_(None) & NotificationRow.given_up_at.is_(None)
Index("ix_notification_unsent", NotificationRow.id, sqlite_where=_unsent, postgresql_where=_unsent)
