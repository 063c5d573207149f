"""What becomes of a subscriber's request: limits, the feed that it means, and the row that waits for the callback."""

import math
import time
from http import HTTPStatus

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from syndication.config.loading import Settings
from syndication.hub.callbacks import CallbackRules
from syndication.hub.requests import HubRefusal, HubRequest, read_request
from syndication.hub.topics import Topic, find_topic
from syndication.model.client_network import network
from syndication.store import Connection
from syndication.store.db.database import WORK, Database
from syndication.store.hub import intents
from syndication.store.hub.intents import NewIntent
from syndication.store.publishing import asked_feeds
from syndication.store.publishing.effective_settings import EffectiveSettings

HOSTS_SHARE = 10
"""A callback's host is asked for so many times as often as one client may ask: it may have many subscribers."""

FULL_SECONDS = 60

NO_TOPIC = (
    "hub.topic is no feed of this site: send the address that the feed's link rel=self has. A feed on demand is a topic"
    " once somebody has read it."
)
FULL = "Too many requests are waiting. Nothing was done: send it again later."
HOST_FULL = (
    "hub.callback's host has as many subscriptions here as one may have: unsubscribe those that you no longer need."
)
TOO_OFTEN = "You have sent too many requests. Nothing was done: send it again in {} s."
HOST_TOO_OFTEN = "There were too many requests for hub.callback's host. Nothing was done: send it again in {} s."


class Subscribing:
    """Takes requests; one for each process. Threads may share it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        hub = settings.hub
        self._database = database
        self._effective = EffectiveSettings(settings)
        self._per_host = hub.per_host
        self._rules = CallbackRules(hub.ports, hub.allow_private)
        self._clients = _Rate(hub.requests_per_minute)
        self._hosts = _Rate(HOSTS_SHARE * hub.requests_per_minute)

    def ask(self, body: bytes, content_type: str, address: str) -> HubRefusal | None:
        """Stores a request from a client's address; returns why not, or None. Raises DatabaseDown."""
        client = network(address)
        wait = self._clients.take(client)
        if wait is not None:
            return HubRefusal(HTTPStatus.TOO_MANY_REQUESTS, TOO_OFTEN.format(wait), wait)
        asked = read_request(body, content_type, self._rules)
        if isinstance(asked, HubRefusal):
            return asked
        with self._database.read() as conn:
            self._effective.refresh(conn)
            topic = find_topic(asked.topic, self._effective.current)
            if topic is None or (topic.asked and not asked_feeds.is_there(conn, topic.section)):
                return HubRefusal(HTTPStatus.NOT_FOUND, NO_TOPIC)
        wait = self._hosts.take(asked.callback.host)
        if wait is not None:
            return HubRefusal(HTTPStatus.TOO_MANY_REQUESTS, HOST_TOO_OFTEN.format(wait), wait)
        with self._database.write() as conn:
            return self._store(conn, asked, topic, client)

    def _store(self, conn: Connection, asked: HubRequest, topic: Topic, client: str) -> HubRefusal | None:
        new = NewIntent(
            mode=asked.mode,
            section=topic.section,
            format=topic.format,
            topic=asked.topic,
            callback=asked.callback.url,
            host=asked.callback.host,
            requester=client,
            secret=asked.secret,
            lease_seconds=asked.lease_seconds,
        )
        result = intents.ask(conn, new, self._per_host, self._database.now(conn))
        if result == "full":
            return HubRefusal(HTTPStatus.SERVICE_UNAVAILABLE, FULL, FULL_SECONDS)
        if result == "host-full":
            return HubRefusal(HTTPStatus.FORBIDDEN, HOST_FULL)
        self._database.notify(conn, WORK)
        return None


class _Rate:
    """So many in a minute for each key, in this process."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, key: str) -> int | None:
        """Counts one; returns None, or the seconds to wait if there were too many."""
        if self._limiter.hit(self._item, key):
            return None
        reset: float = self._limiter.get_window_stats(self._item, key).reset_time
        return max(1, math.ceil(reset - time.time()))
