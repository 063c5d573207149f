"""Notifications: how each channel is doing, and its test."""

from typing import Annotated

from pydantic import Field

from syndication.api.operations import NO_WORKER, Operations, caller, context, instant
from syndication.api.schemas import RequestModel, ResponseModel, Time
from syndication.config.notification_schema import Cause, NotificationTable
from syndication.diagnostics.channel_words import (
    ChannelStatus,
    MessageStatus,
    channel_status,
    channel_words,
    message_status,
)
from syndication.model.json_types import Text
from syndication.notifications.texts import content_of_test, newsroom_of
from syndication.store.notifications import outbox
from syndication.store.notifications.outbox import ChannelState, Notification
from syndication.store.processes import web_processes, workers
from syndication.web.problems import not_found

operation = Operations("notifications", "Notification", "Messages about what is wrong, and when it is over.")

MAX_MESSAGES = 50
"""Messages in an answer: the newest."""


class ChannelPath(RequestModel):
    """The name of a channel."""

    name: Annotated[Text, Field(min_length=1, max_length=40)]


class MessageResponse(ResponseModel):
    """A message; ``subject`` is null without the scope preview, as it may name a story that is not public yet."""

    id: int
    channel: str
    kind: str
    subject: str | None
    status: MessageStatus
    created_at: Time
    sent_at: Time | None
    attempts: int
    error: str | None
    next_attempt_at: Time | None


class ChannelResponse(ResponseModel):
    """A channel. ``words`` says why messages do not arrive; it is null if they do.

    ``quiet`` is the quiet time in the newsroom's time zone, ``is_quiet`` whether it is now.
    """

    name: str
    kind: str
    status: ChannelStatus
    words: str | None
    causes: list[Cause]
    urgent: list[Cause]
    quiet: str | None
    is_quiet: bool
    repeat_hours: float
    last_sent_at: Time | None
    waiting: int
    waiting_since: Time | None
    error: str | None
    failed_at: Time | None


class NotificationsResponse(ResponseModel):
    """All configured channels, and the newest messages, newest first."""

    channels: list[ChannelResponse]
    messages: list[MessageResponse]


class ChannelTestResponse(ResponseModel):
    """A test was requested; ``id`` is the message's, in the list of messages."""

    channel: str
    id: int
    message: str


@operation("GET", "/notifications", "read", {200: NotificationsResponse})
def list_notifications() -> NotificationsResponse:
    """List the channels of notifications, how each is doing, and the newest messages."""
    channels = context().settings.channels
    names = [channel.name for channel in channels]
    with context().database.read() as conn:
        states = outbox.channel_states(conn, names)
        messages = outbox.list_recent(conn, names, MAX_MESSAGES)
    return NotificationsResponse(
        channels=[_channel(channel, states[channel.name]) for channel in channels],
        messages=[_message(message) for message in messages],
    )


@operation("POST", "/notifications/<name>/test", "admin", {202: ChannelTestResponse})
def test_channel(path: ChannelPath) -> ChannelTestResponse:
    """Send a test message. It is tried once; the list of messages has the result, usually within seconds."""
    channel = configured(path.name)
    content = content_of_test(channel, newsroom_of(context().settings))
    with context().database.write() as conn:
        now = context().database.now(conn)
        id = outbox.request_test(conn, channel.name, content, caller().actor, now)
        alive = workers.list_alive(conn, now) or web_processes.list_alive(conn, now)
    message = f"A test was requested. The result appears here within {SECONDS} seconds." if alive else NO_WORKER
    return ChannelTestResponse(channel=channel.name, id=id, message=message)


SECONDS = 20
"""The longest time of an attempt, and of waiting for it."""


def configured(name: str) -> NotificationTable:
    """Returns a configured channel; raises a 404 Problem if there is none."""
    for channel in context().settings.channels:
        if channel.name == name:
            return channel
    raise not_found(f"channel {name!r}")


def _channel(channel: NotificationTable, state: ChannelState) -> ChannelResponse:
    return ChannelResponse(
        name=channel.name,
        kind=channel.label,
        status=channel_status(state),
        words=channel_words(state) or None,
        causes=list(channel.causes),
        urgent=[cause for cause in channel.urgent if cause in channel.causes],
        quiet=channel.quiet or None,
        is_quiet=channel.is_quiet(caller().now, context().settings.timezone),
        repeat_hours=channel.repeat_hours,
        last_sent_at=instant(state.sent_at),
        waiting=state.waiting,
        waiting_since=instant(state.waiting_since),
        error=state.error,
        failed_at=instant(state.failed_at),
    )


def _message(message: Notification) -> MessageResponse:
    status = message_status(message)
    return MessageResponse(
        id=message.id,
        channel=message.channel,
        kind=message.kind,
        subject=message.subject if message.kind == "test" or caller().may("preview") else None,
        status=status,
        created_at=instant(message.created_at),
        sent_at=instant(message.sent_at),
        attempts=message.attempts,
        error=message.error,
        next_attempt_at=instant(message.retry_at) if status == "retrying" else None,
    )
