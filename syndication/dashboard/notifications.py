"""Notifications: how each channel is doing, what was sent, and the test of a channel."""

from flask import Response, flash
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import notifications as api
from syndication.dashboard.pages import Pages, back, call, is_live, page, parse_request
from syndication.diagnostics.channel_words import CHANNEL_LABELS, MESSAGE_LABELS

pages = Pages("notifications")

KINDS = {"email": "E-mail", "slack": "Chat", "webhook": "Webhook"}

CAUSES = {
    "no-worker": "no worker is running",
    "no-web": "no web process is running",
    "triggers": "the database's triggers are missing",
    "failing": "a section is failing",
    "held": "a section is held",
    "left-out": "a story is left out",
    "silent": "a section is unusually quiet",
    "source": "a source cannot be read",
    "purge": "a cache was not purged",
    "hub": "an outside hub does not pass on stories",
}


@pages.get("/notifications", "read")
def show_notifications() -> Response:
    """Shows the channels and the newest messages."""
    template = "parts/notifications.html" if is_live() else "notifications.html"
    return page(
        template,
        found=call(api.list_notifications),
        kinds=KINDS,
        causes=CAUSES,
        labels=CHANNEL_LABELS,
        message_labels=MESSAGE_LABELS,
    )


@pages.post("/notifications/<name>/test", "admin")
def test_channel(name: str) -> BaseResponse:
    """Sends a test message."""
    flash(call(api.test_channel, path=parse_request(api.ChannelPath, name=name)).message)
    return back("/notifications")
