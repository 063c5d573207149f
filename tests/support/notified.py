"""A newsroom's notifier on a real database, with channels on loopback."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from syndication.config.loading import Settings, load_settings
from syndication.config.notification_schema import CHANNEL_KINDS, NotificationTable
from syndication.notifications.notifier import Notifier
from syndication.notifications.sending import MessageQueue, SendTimes
from syndication.store.db.database import Database
from syndication.store.notifications import incidents, outbox
from syndication.store.notifications.incidents import Incident
from syndication.store.notifications.outbox import Notification
from tests.support.outbound import work_once

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


def channel(kind: str = "webhook", **values: Any) -> NotificationTable:
    """A channel that may connect to loopback, and is told of failing sections."""
    usual: dict[str, Any] = {"name": "desk", "kind": kind, "allow_private": True, "causes": ["failing"]}
    if kind == "webhook":
        usual["secret"] = SECRET
    if kind == "email":
        usual |= {"host": "127.0.0.1", "security": "none", "sender": "feeds@daily.example"}
        usual |= {"recipients": ["desk@daily.example"]}
    return CHANNEL_KINDS[kind].model_validate(usual | values)


def settings_with(*channels: NotificationTable, **environ: str) -> Settings:
    settings = load_settings(environ=environ)
    return replace(settings, main=settings.main.model_copy(update={"notification": list(channels)}))


class Watched:
    """A notifier and the queue of its messages, which do one step when told to."""

    def __init__(self, database: Database, *channels: NotificationTable, owner: str = "w1", **options: Any) -> None:
        self.database = database
        self.settings = settings_with(*channels)
        self.notifier = Notifier(lambda: self.settings, database, owner, **options)
        self.queue = MessageQueue(lambda: self.settings, owner, times=SendTimes(timeout=5.0), **options)

    def use(self, *channels: NotificationTable) -> None:
        """Replaces the channels."""
        self.notifier.channels = self.queue.channels = {channel.name: channel for channel in channels}

    def step(self) -> None:
        """Looks, sends what is due, and waits for the results."""
        self.notifier.look()
        self.send()

    def send(self) -> None:
        """Sends one message of each channel."""
        work_once(self.database, self.queue)

    @property
    def incidents(self) -> list[Incident]:
        with self.database.read() as conn:
            return incidents.list_recent(conn, self.database.now(conn))

    @property
    def messages(self) -> list[Notification]:
        """All messages, oldest first."""
        with self.database.read() as conn:
            names = [channel.name for channel in self.settings.channels]
            return outbox.list_recent(conn, names, 1000)[::-1]


def fail(database: Database, section: str = "taiwan", error: str | None = "the renderer broke") -> None:
    """Makes a section fail; without an error, it works again."""
    with database.write() as conn:
        columns = "section, fingerprint, version, failures, error"
        conn.execute(
            text(
                f"INSERT INTO section_state ({columns}) VALUES (:section, 'f', 1, :failures, :error)"
                " ON CONFLICT (section) DO UPDATE SET failures = :failures, error = :error"
            ),
            {"section": section, "failures": int(error is not None), "error": error},
        )


def at_clock(day: str, clock: str) -> datetime:
    """A moment in UTC: "2026-03-14", "22:30"."""
    return datetime.fromisoformat(f"{day}T{clock}:00+00:00")
