"""Sends one message to a webhook: of a chat, or a signed one (Standard Webhooks)."""

import json
from datetime import datetime

from syndication.config.notification_schema import SlackChannel, WebhookChannel
from syndication.model.formats import rfc3339
from syndication.model.webhook_signature import signature
from syndication.notifications.smtp import SendError
from syndication.notifications.texts import Newsroom, text
from syndication.sources.http import HttpLimits, request
from syndication.sources.reader import SourceError
from syndication.store.notifications.outbox import Notification

MAX_ANSWER = 2**20
"""Bytes of an answer: nothing of it is used but the status."""


def slack_body(notification: Notification) -> bytes:
    """Returns the body for a chat. Its own markup is escaped: a title cannot call everybody, or show a false link."""
    words = f"{notification.subject}\n\n{text(notification.content)}"
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return json.dumps({"text": escaped}, ensure_ascii=False).encode("utf-8", "backslashreplace")


def webhook_body(notification: Notification, newsroom: Newsroom) -> bytes:
    """Returns the body of a signed webhook: the same for each attempt."""
    value = {
        "type": f"notification.{notification.kind}",
        "timestamp": rfc3339(notification.created_at),
        "data": {"newsroom": newsroom.name, "subject": notification.subject, **notification.content},
    }
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")


def webhook_id(notification: Notification, newsroom: Newsroom) -> str:
    """Returns the ID by which a receiver recognizes a duplicate."""
    return f"{newsroom.authority}-{notification.channel}-{notification.id}"


def send_slack(channel: SlackChannel, notification: Notification, seconds: float) -> None:
    """Sends within ``seconds``; raises SendError."""
    _post(channel, slack_body(notification), {}, seconds)


def send_webhook(
    channel: WebhookChannel, newsroom: Newsroom, notification: Notification, now: datetime, seconds: float
) -> None:
    """Sends within ``seconds``, signed with the time of this attempt; raises SendError."""
    id, moment, body = (
        webhook_id(notification, newsroom),
        str(int(now.timestamp())),
        webhook_body(notification, newsroom),
    )
    headers = {
        "webhook-id": id,
        "webhook-timestamp": moment,
        "webhook-signature": signature(channel.secret, id, moment, body),
    }
    _post(channel, body, headers, seconds)


def _post(channel: SlackChannel | WebhookChannel, body: bytes, headers: dict[str, str], seconds: float) -> None:
    sent = {"content-type": "application/json; charset=utf-8", **headers}
    limits = HttpLimits(seconds=seconds, bytes=MAX_ANSWER, redirects=0)
    try:
        answer = request(
            channel.url,
            method="POST",
            headers=sent,
            body=body,
            allow_private=channel.allow_private,
            limits=limits,
        )
    except SourceError as error:
        raise SendError(str(error)) from error
    if not 200 <= answer.status < 300:
        raise SendError(f"the webhook answered {answer.status}")
