"""What is said of a channel of notifications, by the command line, the API and the dashboard alike. Pure."""

from typing import Literal

from syndication.store.notifications.outbox import ChannelState, Notification

ChannelStatus = Literal["unused", "working", "waiting", "failing"]

CHANNEL_LABELS: dict[ChannelStatus, str] = {
    "unused": "Nothing sent yet",
    "working": "Working",
    "waiting": "Sending",
    "failing": "Failing",
}

MessageStatus = Literal["sent", "waiting", "retrying", "given-up"]

MESSAGE_LABELS: dict[MessageStatus, str] = {
    "sent": "Sent",
    "waiting": "Waiting",
    "retrying": "Retrying",
    "given-up": "Not sent",
}


def channel_status(state: ChannelState) -> ChannelStatus:
    """Returns what somebody who looks should know first."""
    if state.error is not None:
        return "failing"
    if state.waiting:
        return "waiting"
    return "unused" if state.sent_at is None else "working"


def channel_words(state: ChannelState) -> str:
    """Returns why a channel's messages do not arrive; empty if they do."""
    if channel_status(state) != "failing":
        return ""
    if state.waiting:
        return f"Not sent: {state.error}. It is tried again automatically, for a day at most."
    return f"Not sent, and not tried again: {state.error}."


def message_status(message: Notification) -> MessageStatus:
    """Returns how far a message has come."""
    if message.sent_at is not None:
        return "sent"
    if message.given_up_at is not None:
        return "given-up"
    return "retrying" if message.error is not None else "waiting"
