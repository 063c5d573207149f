"""Subscribes to a feed of our own at each outside hub, and recognizes what comes back.

Hubs answer 204 to a ping whether they pass it on or drop it. Only a subscriber sees the difference, so the service is
one: of the feed of all stories, in Atom (WebSub sections 5 and 7, of a subscriber).
"""

import hmac
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from time import monotonic
from urllib.parse import urlencode

from lxml import etree

from syndication.config.loading import Settings
from syndication.hub.ping import FORM, MARGIN
from syndication.logs import get_logger
from syndication.model.feed_addresses import feed_url
from syndication.model.hub_addresses import echo_url, hub_host
from syndication.model.values import ALL
from syndication.outbound.backoff import Backoff
from syndication.outbound.client import Limits, OutboundClient, SendError
from syndication.outbound.queue import Outcome, Queue
from syndication.store import Connection
from syndication.store.hub import echoes
from syndication.store.hub.echoes import Echo

log = get_logger(__name__)

TOPIC = ALL, "atom"

BACKOFF = Backoff(timedelta(seconds=5), timedelta(hours=1))

ALGORITHMS = ("sha1", "sha256", "sha384", "sha512")
"""WebSub section 7.1: a hub chooses one of these."""

UPDATED = "{http://www.w3.org/2005/Atom}updated"

MOST_READ = 2**17
"""How much of a document is read for its time of update, which stands before the entries; in bytes."""


class EchoQueue(Queue[Echo]):
    """The queue of requests to outside hubs to subscribe the service. ``settings`` returns the current ones."""

    name = "echo"
    at_once = 4
    look_seconds = 5.0

    def __init__(self, settings: Callable[[], Settings], owner: str) -> None:
        self._settings = settings
        self._owner = owner
        seconds = settings().hub.timeout
        self._client = OutboundClient(Limits(seconds=seconds, any_address=True))  # The operator's own addresses.
        self._work = echoes.work(timedelta(seconds=seconds) + MARGIN)

    def has_work(self, conn: Connection, now: datetime) -> bool:
        """Returns whether a subscription is missing, or is to be renewed."""
        hubs = self._settings().hub.outside
        return bool(hubs) and echoes.has_due(conn, self._work, hubs, now)

    def claim(self, conn: Connection, now: datetime, most: int, busy: Collection[str]) -> Sequence[Echo]:
        """Takes subscriptions to request."""
        hubs = [hub for hub in self._settings().hub.outside if hub_host(hub) not in busy]
        return echoes.claim(conn, self._work, self._owner, now, hubs, TOPIC, most) if hubs else []

    def party(self, job: Echo) -> str:
        """Returns the hub's host."""
        return hub_host(job.hub)

    async def attempt(self, job: Echo) -> Outcome:
        """Asks one hub to subscribe the service (WebSub section 5.1)."""
        started, host = monotonic(), hub_host(job.hub)
        body = subscription_form(self._settings(), job)
        try:
            answer = await self._client.request("POST", job.hub, headers={"Content-Type": FORM}, body=body)
        except SendError as error:
            return Outcome("failed", str(error), None, 1000 * (monotonic() - started))
        took = 1000 * (monotonic() - started)
        if 200 <= answer.status < 300:
            return Outcome("done", None, answer.status, took)
        return Outcome("failed", f"{host} answered {answer.status}", answer.status, took)

    def record(self, conn: Connection, now: datetime, done: Sequence[tuple[Echo, Outcome]]) -> None:
        """Records what hubs answered; whether they mean it, their confirmation shows."""
        for echo, outcome in done:
            host = hub_host(echo.hub)
            if outcome.result == "done":
                echoes.record_requested(conn, self._work, echo, now)
                log.info("hub_echo_requested", hub=host, status=outcome.status)
                continue
            error = outcome.error or "the request failed"
            echoes.record_failed(conn, self._work, echo.hub, error, now, BACKOFF.after(echo.attempts))
            log.warning("hub_echo_not_requested", hub=host, error=error)

    def release(self, conn: Connection, jobs: Sequence[Echo]) -> None:
        """Gives back requests that were not sent."""
        echoes.release(conn, self._work, jobs)

    async def close(self) -> None:
        """Ends the connections to hubs."""
        await self._client.close()


def subscription_form(settings: Settings, echo: Echo) -> bytes:
    """Returns the form that subscribes the service at a hub; ``hub.verify`` is for hubs of PubSubHubbub 0.3."""
    values = {
        "hub.mode": "subscribe",
        "hub.topic": topic_of(settings, echo),
        "hub.callback": echo_url(settings.site.base_url, echo.token),
        "hub.secret": echo.secret,
        "hub.lease_seconds": str(int(echoes.USUAL_LEASE.total_seconds())),
        "hub.verify": "async",
    }
    return urlencode(values).encode()


def topic_of(settings: Settings, echo: Echo) -> str:
    """Returns the address of the feed that a subscription of ours is to."""
    return feed_url(settings.site, echo.section, echo.format)


def is_signed(secret: str, header: str, body: bytes) -> bool:
    """Returns whether ``X-Hub-Signature`` was made of this body with our secret (WebSub section 7.1)."""
    method, _, given = header.strip().partition("=")
    if method not in ALGORITHMS or not given.isascii():
        return False
    return hmac.compare_digest(hmac.digest(secret.encode(), body, method).hex(), given.lower())


def updated_of(body: bytes) -> datetime | None:
    """Returns when the feed in an Atom document was updated, or None. Hubs may leave out entries, but not this.

    Only the beginning is parsed, as a stream, without entities and without a network.
    """
    stream = BytesIO(body[:MOST_READ])
    depth = 0
    try:
        for event, element in etree.iterparse(
            stream, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
        ):
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 1 and element.tag == UPDATED:
                return _time(element.text or "")
    except etree.XMLSyntaxError:  # It ends in the middle, or is no XML.
        return None
    return None


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None
