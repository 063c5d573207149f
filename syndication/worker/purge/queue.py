"""Purges published versions from caches; any number of workers share one queue, see ``outbound/engine.py``.

A version is sent once each running web process serves it: a cache that fetched the feed sooner would keep the previous
version until it expires.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.metrics.worker import PURGES
from syndication.outbound.backoff import Backoff
from syndication.outbound.client import Limits, OutboundClient, SendError
from syndication.outbound.queue import Outcome, Queue
from syndication.store import Connection
from syndication.store.outbound import attempts
from syndication.store.processes import purge_queue, web_processes
from syndication.store.processes.purge_queue import Purge
from syndication.worker.purge.requests import Request, requests

log = get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often the queue is checked for requests of other workers and for retries."""

EAGER_SECONDS = 0.1
"""The same while web processes are loading the version."""

BACKOFF = Backoff(timedelta(seconds=1), timedelta(minutes=1), spread=0)

MARGIN = timedelta(seconds=10)
"""How much longer a lease is than the longest total time of its requests: to record the result."""

NOT_CACHED = (404, 412)
"""How caches (Squid, nginx) answer a PURGE of an address that they do not hold: this counts as success."""


class PurgeQueue(Queue[Purge]):
    """Sections whose newest served version is to be purged."""

    name = "purge"
    at_once = 4

    def __init__(self, settings: Callable[[], Settings], owner: str) -> None:
        self.look_seconds = LOOK_SECONDS
        self._settings = settings
        self._owner = owner
        own, old_feeds = settings().purge, settings().old_feeds
        sections = {"any", *(old.section for old in old_feeds.feeds.values())}
        most = max(len(requests(own, section, old_feeds)) for section in sections)
        self.work = purge_queue.work(timedelta(seconds=own.timeout * most) + MARGIN, BACKOFF.longest)
        self._client = OutboundClient(Limits(seconds=own.timeout, any_address=True))

    def has_work(self, conn: Connection, now: datetime) -> bool:
        """Returns whether a version that is served can be purged; while one is being loaded, the next look is soon."""
        return bool(self._ready(conn, now, ()))

    def claim(self, conn: Connection, now: datetime, most: int, busy: Collection[str]) -> Sequence[Purge]:
        """Takes the sections that have waited longest."""
        ready = {purge.key: purge for purge in self._ready(conn, now, busy)[:most]}
        return [ready[key] for key in purge_queue.claim(conn, self.work, self._owner, now, ready.keys())]

    def party(self, job: Purge) -> str:
        """Returns the section."""
        return job.section

    async def attempt(self, job: Purge) -> Outcome:
        """Sends all requests of a section, one after the other, and returns the first error."""
        settings = self._settings()
        wanted = requests(settings.purge, job.section, settings.old_feeds)
        errors = [await send(self._client, request) for request in wanted]
        error = next((error for error in errors if error), None)
        return Outcome("failed" if error else "done", error)

    def record(self, conn: Connection, now: datetime, done: Sequence[tuple[Purge, Outcome]]) -> None:
        """Records what purges came to; those that failed are repeated until ``retry_seconds`` have passed."""
        retry_for = timedelta(seconds=self._settings().purge.retry_seconds)
        for purge, outcome in done:
            error, word = outcome.error, "sent"
            if outcome.result == "done":
                purge_queue.record_success(conn, purge.key, now)
            else:
                retry_at = BACKOFF.retry_at(purge.attempts, now, purge.created_at, retry_for)
                word, error = "failed" if retry_at else "given-up", error or "the request failed"
                purge_queue.record_failure(conn, self.work, purge.key, error, now, retry_at)
            PURGES.labels(word).inc()
            _log_purge(purge, word, error, now)

    def release(self, conn: Connection, jobs: Sequence[Purge]) -> None:
        """Gives purges back."""
        attempts.release(conn, self.work, [purge.key for purge in jobs])

    async def close(self) -> None:
        """Ends the connections to caches."""
        await self._client.close()

    def _ready(self, conn: Connection, now: datetime, busy: Collection[str]) -> list[Purge]:
        due = purge_queue.list_due(conn, self.work, now)
        serving = web_processes.list_alive(conn, now) if due else []
        self.look_seconds = EAGER_SECONDS if serving else LOOK_SECONDS
        served = [one for one in due if web_processes.all_serve(serving, one.section, one.version, now)]
        return [one for one in _newest(served) if one.section not in busy]


async def send(client: OutboundClient, request: Request) -> str | None:
    """Returns None if the cache accepted the request, otherwise an error that starts with the cache's host name."""
    try:
        answer = await client.request(request.method, request.url, headers=request.headers, body=request.body)
    except SendError as error:
        return str(error)
    accepted = 200 <= answer.status < 300 or (request.method == "PURGE" and answer.status in NOT_CACHED)
    return None if accepted else f"{answer.host} answered {answer.status}"


def _newest(ready: Sequence[Purge]) -> list[Purge]:
    """Returns the newest version of each section, those that have waited longest first.

    An even newer version may not be served yet: if one always comes, caches must not wait for the last.
    """
    by_section = {purge.section: purge for purge in sorted(ready, key=lambda purge: purge.version)}
    return sorted(by_section.values(), key=lambda purge: purge.since)


def _log_purge(purge: Purge, outcome: str, error: str | None, now: datetime) -> None:
    values = {
        "section": purge.section,
        "version": purge.version,
        "outcome": outcome,
        "attempt": purge.attempts + 1,
        "waited_ms": round((now - purge.since).total_seconds() * 1000, 1),
    }
    if error is None:
        log.info("purged", **values)
    else:
        (log.error if outcome == "given-up" else log.warning)("purged", error=error, **values)
