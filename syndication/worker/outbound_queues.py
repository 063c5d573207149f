"""The kinds of work that a worker sends to other people's addresses."""

from collections.abc import Callable
from typing import Any

from syndication.config.loading import Settings
from syndication.hub.echo import EchoQueue
from syndication.hub.ping import PingQueue
from syndication.hub.push import PushQueue
from syndication.hub.verify import VerifyQueue
from syndication.notifications.sending import MessageQueue
from syndication.outbound.queue import Queue
from syndication.worker.purge.queue import PurgeQueue


def outbound_queues(settings: Callable[[], Settings], owner: str) -> list[Queue[Any]]:
    """Returns the queues that the settings ask for."""
    found: list[Queue[Any]] = []
    if settings().purge.url:
        found.append(PurgeQueue(settings, owner))
    if settings().channels:
        found.append(MessageQueue(settings, owner))
    if settings().hub.enabled:
        found += PushQueue(settings, owner), VerifyQueue(settings, owner)
    if settings().hub.outside:
        found += PingQueue(settings, owner), EchoQueue(settings, owner)
    return found
