"""Sends one message to a webhook: of a chat, or a signed one (Standard Webhooks)."""

import json
from datetime import datetime

from syndication.config.notification_schema import SlackChannel, WebhookChannel
from syndication.model.formats import rfc3339
from syndication.model.webhook_signature import signature
from syndication.notifications.texts import Newsroom, text
from syndication.outbound.client import OutboundClient
from syndication.outbound.errors import SendError
from syndication.store.notifications.outbox import Notification

MAX_ANSWER = 2**16
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


async def send_slack(client: OutboundClient, channel: SlackChannel, notification: Notification) -> None:
    """Sends within the client's limits; raises SendError."""
    await _post(client, channel.url, slack_body(notification), {})


async def send_webhook(
    client: OutboundClient, channel: WebhookChannel, newsroom: Newsroom, notification: Notification, now: datetime
) -> None:
    """Sends within the client's limits, signed with the time of this attempt; raises SendError."""
    id, moment = webhook_id(notification, newsroom), str(int(now.timestamp()))
    body = webhook_body(notification, newsroom)
    signed = signature(channel.secret, id, moment, body)
    headers = {"webhook-id": id, "webhook-timestamp": moment, "webhook-signature": signed}
    await _post(client, channel.url, body, headers)


async def _post(client: OutboundClient, url: str, body: bytes, headers: dict[str, str]) -> None:
    sent = {"content-type": "application/json; charset=utf-8", **headers}
    answer = await client.request("POST", url, headers=sent, body=body)
    if not 200 <= answer.status < 300:
        raise SendError(f"the webhook answered {answer.status}")
