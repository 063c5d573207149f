"""Tells outside hubs which feeds have changed, once every web process serves them (PubSubHubbub 0.3, section 7.1).

WebSub leaves open how a publisher tells a hub. What public hubs document: a form with ``hub.mode=publish`` and
``hub.url``, which may be repeated. They answer 204, and promise nothing by it: see ``echo``.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urlencode

from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.model.feed_addresses import feed_url
from syndication.model.hub_addresses import hub_host
from syndication.model.values import ALL, FORMATS
from syndication.outbound.backoff import Backoff
from syndication.outbound.client import Limits, OutboundClient, SendError
from syndication.outbound.queue import Outcome, Queue
from syndication.store import Connection
from syndication.store.hub import echoes, pings
from syndication.store.hub.pings import PingBatch

log = get_logger(__name__)

FORM = "application/x-www-form-urlencoded"

AT_ONCE = 16

LOOK_SECONDS = 0.25
"""How often is looked for what web processes have begun to serve: nobody announces it."""

BACKOFF = Backoff(timedelta(seconds=2), pings.LONGEST_PAUSE)

MARGIN = timedelta(seconds=30)
"""How much longer a lease is than a request may take: to take and to record it."""


class PingQueue(Queue[PingBatch]):
    """The queue of pings. ``settings`` returns the current ones; ``owner`` is the worker's ID."""

    name = "ping"
    at_once = AT_ONCE
    look_seconds = LOOK_SECONDS

    def __init__(self, settings: Callable[[], Settings], owner: str) -> None:
        self._settings = settings
        self._owner = owner
        seconds = settings().hub.timeout
        self._client = OutboundClient(Limits(seconds=seconds, any_address=True))  # The operator's own addresses.
        self._work = pings.work(timedelta(seconds=seconds * len(FORMATS)) + MARGIN)

    def has_work(self, conn: Connection, now: datetime) -> bool:
        """Returns whether a hub can be told of something now."""
        hubs = self._hubs
        return bool(hubs) and pings.has_ready(conn, self._work, hubs, now)

    def claim(self, conn: Connection, now: datetime, most: int, busy: Collection[str]) -> Sequence[PingBatch]:
        """Takes batches of feeds, for hubs that are not in ``busy``."""
        hubs = [hub for hub in self._hubs if hub_host(hub) not in busy]
        each = max(1, self._settings().hub.urls_at_once // len(FORMATS))
        return pings.claim(conn, self._work, self._owner, now, hubs, most, each) if hubs else []

    def party(self, job: PingBatch) -> str:
        """Returns the hub's host."""
        return hub_host(job.hub)

    async def attempt(self, job: PingBatch) -> Outcome:
        """Tells one hub of the feeds of a batch; by several requests in turn if it reads few at once."""
        started, status = monotonic(), None
        for form in ping_forms(self._settings(), job.versions):
            try:
                answer = await self._client.request("POST", job.hub, headers={"Content-Type": FORM}, body=form)
            except SendError as unsent:
                return Outcome("failed", str(unsent), None, 1000 * (monotonic() - started))
            status = answer.status
            if not 200 <= status < 300:
                error = f"{hub_host(job.hub)} answered {status}"
                return Outcome("failed", error, status, 1000 * (monotonic() - started))
        return Outcome("done", None, status, 1000 * (monotonic() - started))

    def record(self, conn: Connection, now: datetime, done: Sequence[tuple[PingBatch, Outcome]]) -> None:
        """Records what hubs answered, and from then on awaits what was announced back."""
        retry_for = timedelta(seconds=self._settings().hub.retry_seconds)
        for batch, outcome in done:
            values = {"hub": hub_host(batch.hub), "sections": len(batch.versions), "status": outcome.status}
            if outcome.result == "done":
                pings.record_answered(conn, self._work, batch, outcome.status, now)
                for section, version in batch.versions.items():
                    if section == ALL:
                        echoes.record_pinged(conn, batch.hub, section, version, batch.taken_at, now)
                log.info("hub_pinged", ms=round(outcome.took_ms, 1), **values)
                continue
            pause = BACKOFF.after(max(ping.attempts for ping in batch.rows))
            error = outcome.error or "the request failed"
            gave_up = pings.record_failed(conn, self._work, batch, error, outcome.status, now, pause, retry_for)
            (log.error if gave_up else log.warning)("hub_not_pinged", error=error, given_up=gave_up, **values)

    def release(self, conn: Connection, jobs: Sequence[PingBatch]) -> None:
        """Gives back batches that were not sent."""
        pings.release(conn, self._work, jobs)

    async def close(self) -> None:
        """Ends the connections to hubs."""
        await self._client.close()

    @property
    def _hubs(self) -> tuple[str, ...]:
        return self._settings().hub.outside


def ping_forms(settings: Settings, sections: Collection[str]) -> list[bytes]:
    """Returns the forms that announce all formats of these sections, each of up to ``hub.urls_at_once`` addresses.

    The feed that has to come back is first: some hubs read only the last of repeated parameters. Were it the last, it
    would come back, and nobody would notice that the others do not.
    """
    ordered = sorted(sections, key=lambda section: section != ALL)
    urls = [feed_url(settings.site, section, format) for section in ordered for format in FORMATS]
    size = settings.hub.urls_at_once
    return [
        urlencode([("hub.mode", "publish"), *(("hub.url", url) for url in urls[at : at + size])]).encode()
        for at in range(0, len(urls), size)
    ]
