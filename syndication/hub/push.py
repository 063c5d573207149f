"""Pushes each new version of a feed to its subscribers (WebSub section 7): the engine's queue ``push``.

The request is the topic's whole current document, as it is served, signed if the subscriber gave a secret. At least
once: a worker that dies after the callback answered leaves the subscription behind, and another one sends it again.
"""

import hmac
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndication.config.loading import Settings
from syndication.hub.documents import MOST_BYTES, DocumentMemory, PushedDocument
from syndication.logs import get_logger
from syndication.metrics import worker as metrics
from syndication.model.feed_addresses import feed_url
from syndication.model.values import MEDIA_TYPES, Site
from syndication.outbound.backoff import Backoff
from syndication.outbound.client import Limits, OutboundClient, SendError
from syndication.outbound.queue import Outcome, Result
from syndication.store import Connection
from syndication.store.hub import delivery_log, pushes
from syndication.store.hub.delivery_log import LoggedDelivery
from syndication.store.hub.pushes import Behind, Delivered, Push, StoredDocument
from syndication.store.outbound.attempts import Failure

log = get_logger(__name__)

PUSH = "push"
"""The name of the queue."""

GONE = 410
"""WebSub section 7: the subscriber may end its subscription so."""

LOOK_SECONDS = 1.0
"""How often other workers' publications and retries are looked for."""

COUNT_SECONDS = 5.0
"""How often what waits is counted, for the metrics."""

MARGIN = timedelta(seconds=10)
"""How much longer a lease is than the longest attempt: to wait for its turn, and to record the result."""

BACKOFF = Backoff(timedelta(seconds=5), timedelta(hours=1))
"""The pauses after failures."""

MOST_ANSWERED = 2**14
"""Bytes of an answer that are read; nothing in it matters but its status."""

TRIM_EVERY = 10_000
"""Attempts after which the log is cut to its greatest length, between two rounds of retention."""


@dataclass(slots=True, eq=False)
class Delivery:
    """A document on its way to a subscription. ``claimed_at`` was at ``claimed`` of the monotonic clock."""

    push: Push
    document: PushedDocument
    claimed_at: datetime
    claimed: float
    began: float = 0.0
    ended: float = 0.0

    @property
    def began_at(self) -> datetime:
        """When the attempt began, by the clock of the database."""
        return self._at(self.began)

    @property
    def ended_at(self) -> datetime:
        """When the attempt ended, by the clock of the database."""
        return self._at(self.ended)

    @property
    def lag_ms(self) -> int | None:
        """The milliseconds from the version's publication, or from when somebody asked for it, to the end."""
        published, asked = self.document.published_at, self.push.asked_at
        if published is None:
            return None
        since = published if asked is None else max(published, asked)
        return max(round((self.ended_at - since).total_seconds() * 1000), 0)

    def _at(self, moment: float) -> datetime:
        # 0: it never came so far.
        return self.claimed_at + timedelta(seconds=max(moment - self.claimed, 0.0))


def sign(secret: str, body: bytes) -> str:
    """Returns the X-Hub-Signature of a body (WebSub section 7.1; the key is the secret as UTF-8)."""
    return f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"


def prepare(stored: StoredDocument, section: str, format: str, site: Site) -> PushedDocument:
    """Returns the document with the headers that every subscriber gets (WebSub section 7)."""
    topic = feed_url(site, section, format)
    headers = (
        ("Content-Type", MEDIA_TYPES[format]),
        ("Link", f'<{site.base_url}/hub>; rel="hub", <{topic}>; rel="self"'),
    )
    return PushedDocument(section, format, stored.version, stored.digest, stored.published_at, stored.body, headers)


class PushQueue:
    """The engine's queue of pushes. Settings of the site are read at each use, so that they may change."""

    name = PUSH
    look_seconds = LOOK_SECONDS

    def __init__(self, settings: Callable[[], Settings], owner: str) -> None:
        self._settings = settings
        self._owner = owner
        own = settings().hub
        self._client = OutboundClient(
            Limits(own.timeout, MOST_ANSWERED, ports=own.ports, allow_private=own.allow_private)
        )
        self._work = pushes.work(timedelta(seconds=own.timeout) + MARGIN, BACKOFF.longest)
        self._retry = timedelta(seconds=own.retry_seconds)
        self._documents = DocumentMemory()
        self._counted = float("-inf")
        self._untrimmed = 0
        self.at_once = own.at_once

    def has_work(self, conn: Connection, now: datetime) -> bool:
        """Returns whether anything could be claimed."""
        behind = pushes.list_behind(conn)
        if not behind or time.monotonic() - self._counted >= COUNT_SECONDS:
            metrics.PUSHES_WAITING.set(pushes.count_waiting(conn, behind, now))
            self._counted = time.monotonic()
        return pushes.has_due(conn, self._work, behind, now)

    def claim(self, conn: Connection, now: datetime, most: int, busy: Collection[str]) -> Sequence[Delivery]:
        """Takes subscriptions of all feeds that are behind, a fair share of each at first."""
        behind = pushes.list_behind(conn)
        found: list[Delivery] = []
        for fair in (True, False):
            for number, feed in enumerate(behind):
                left = most - len(found)
                if not left or self._documents.size > MOST_BYTES:
                    return found
                share = -(-left // (len(behind) - number)) if fair else left
                found += self._claim_feed(conn, feed, now, share, busy)
        return found

    def party(self, job: Delivery) -> str:
        """Returns the callback's host and port."""
        return job.push.host

    async def attempt(self, job: Delivery) -> Outcome:
        """Sends the document once. 2xx is success, 410 the end of the subscription, anything else a failure."""
        headers = dict(job.document.headers)
        if job.push.secret is not None:
            headers["X-Hub-Signature"] = sign(job.push.secret, job.document.body)
        job.began = time.monotonic()
        status, error = None, None
        try:
            answer = await self._client.request("POST", job.push.callback, headers=headers, body=job.document.body)
            status = answer.status
            error = None if 200 <= status < 300 else f"it answered {status}"
        except SendError as failed:
            error = str(failed)
        job.ended = time.monotonic()
        result: Result = "done" if error is None else "refused" if status == GONE else "failed"
        return Outcome(result, error, status, (job.ended - job.began) * 1000)

    def record(self, conn: Connection, now: datetime, done: Sequence[tuple[Delivery, Outcome]]) -> None:
        """Records a batch of attempts, and logs them."""
        delivered, failures, gone, entries = [], [], [], []
        for job, outcome in done:
            word: str = outcome.result
            if outcome.result == "done":
                document = job.document
                delivered.append(Delivered(job.push.id, document.version, document.digest, job.ended_at, job.lag_ms))
            elif outcome.result == "refused":
                gone.append(job.push.id)
                word = "gone"
            else:
                retry_at = BACKOFF.retry_at(job.push.attempts, now, job.push.failing_since, self._retry)
                failures.append(Failure((job.push.id,), outcome.error or "it failed", retry_at))
                word = "failed" if retry_at else "parked"
            entries.append(_entry(job, outcome, word))
        pushes.record_delivered(conn, delivered)
        pushes.record_failures(conn, self._work, failures, now)
        pushes.delete_gone(conn, self._work, gone)
        delivery_log.append(conn, entries)
        self._trim(conn, now, len(entries))
        _tell(entries)

    def release(self, conn: Connection, jobs: Sequence[Delivery]) -> None:
        """Gives back what was not attempted to the end."""
        pushes.release(conn, self._work, [job.push.id for job in jobs])

    async def close(self) -> None:
        """Ends the connections that are kept."""
        await self._client.close()

    def _claim_feed(
        self, conn: Connection, feed: Behind, now: datetime, most: int, busy: Collection[str]
    ) -> list[Delivery]:
        found: list[Delivery] = []
        while most > len(found):
            mine = pushes.claim(conn, self._work, self._owner, feed, now, most - len(found), busy)
            if not mine:
                break
            current = {
                format: self._document(conn, feed.section, format, feed.version)
                for format in {push.format for push in mine}
            }
            same = [push for push in mine if (at := current[push.format]) and at.digest == push.digest]
            clock = time.monotonic()
            found += [
                Delivery(push, at, now, clock)
                for push in mine
                if (at := current[push.format]) is not None and at.digest != push.digest
            ]
            if same:  # Of their format, no byte has changed.
                self._move_on(conn, same, [at for at in current.values() if at])
        return found

    def _move_on(self, conn: Connection, same: Sequence[Push], current: Sequence[PushedDocument]) -> None:
        pushes.release(conn, self._work, [push.id for push in same], known=True)
        formats = {push.format for push in same}
        moved = sum(pushes.move_on(conn, *at.key, at.digest) for at in current if at.format in formats)
        metrics.PUSHES.labels("unchanged").inc(moved)

    def _document(self, conn: Connection, section: str, format: str, version: int) -> PushedDocument | None:
        found = self._documents.find((section, format, version))
        if found is None:
            stored = pushes.find_document(conn, section, format)
            if stored is None:
                return None
            found = self._documents.find((section, format, stored.version))
            if found is None:
                found = prepare(stored, section, format, self._settings().site)
                self._documents.add(found)
        return found

    def _trim(self, conn: Connection, now: datetime, added: int) -> None:
        self._untrimmed += added
        if self._untrimmed >= TRIM_EVERY:
            self._untrimmed = 0
            delivery_log.prune(conn, now - timedelta(days=self._settings().hub.log_days))


def _entry(job: Delivery, outcome: Outcome, word: str) -> LoggedDelivery:
    push = job.push
    return LoggedDelivery(
        subscription_id=push.id,
        section=push.section,
        format=push.format,
        callback=push.callback,
        version=job.document.version,
        attempted_at=job.began_at,
        outcome=word,
        status=outcome.status,
        error=outcome.error,
        took_ms=round(outcome.took_ms),
        lag_ms=job.lag_ms if word == "done" else None,
    )


def _tell(entries: Sequence[LoggedDelivery]) -> None:
    """Counts the attempts; the log of the process has only what ended a subscription."""
    for entry in entries:
        metrics.PUSHES.labels(entry.outcome).inc()
        if entry.lag_ms is not None:
            metrics.PUSH_LAG_SECONDS.observe(entry.lag_ms / 1000)
        if entry.outcome in ("gone", "parked"):
            log.info("subscription_ended" if entry.outcome == "gone" else "subscription_parked", section=entry.section)
