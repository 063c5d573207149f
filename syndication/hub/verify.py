"""Asks callbacks whether they meant a request (WebSub section 5.3), and tells them if it is denied (section 5.2).

A request that a callback confirms begins, renews or ends its subscription; any other changes nothing. A callback that
does not answer is asked a few times, then the request is dropped.
"""

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from syndication.config.loading import Settings
from syndication.hub.callbacks import with_parameters
from syndication.hub.requests import clamped_lease
from syndication.logs import get_logger
from syndication.model.feed_addresses import feed_url
from syndication.outbound.backoff import Backoff
from syndication.outbound.client import Limits, OutboundClient, SendError
from syndication.outbound.queue import Outcome, Result
from syndication.store import Connection
from syndication.store.hub import intent_work, intents, subscriptions
from syndication.store.hub.intents import Intent

log = get_logger(__name__)

VERIFY = "verify"
"""The name of the queue."""

MAX_ANSWER = 512
"""So much of an answer is read, in bytes: a challenge has 43."""

ATTEMPTS = 4
BACKOFF = Backoff(timedelta(seconds=2), timedelta(seconds=60))
"""A callback that cannot be reached is asked again after about 2, 4 and 8 seconds."""

LEASE_SECONDS = 30.0
"""How much longer than an attempt may take a worker has an intent."""

LOST = 2
"""An intent is dropped after so many workers ended while they had it."""

ADDRESS_FULL = "The callback's IP address has as many subscriptions here as one may have."


@dataclass(frozen=True, slots=True)
class Verified(Outcome):
    """What a callback said; ``address`` is the IP address that it was asked at."""

    address: str = ""


class VerifyQueue:
    """Intents, as the engine's work; the callback's host is the party."""

    name = VERIFY
    look_seconds = 2.0

    def __init__(self, settings: Callable[[], Settings], owner: str) -> None:
        hub = self._hub = settings().hub
        self._settings = settings
        self._owner = owner
        self.at_once = hub.at_once
        self._work = intent_work.work(timedelta(seconds=hub.timeout + LEASE_SECONDS), BACKOFF.longest)
        self._client = OutboundClient(Limits(hub.timeout, MAX_ANSWER, hub.ports, hub.allow_private))

    def has_work(self, conn: Connection, now: datetime) -> bool:
        """Returns whether an intent is due."""
        return intent_work.has_due(conn, self._work, now)

    def claim(self, conn: Connection, now: datetime, most: int, busy: Collection[str]) -> Sequence[Intent]:
        """Takes due intents, the oldest first; drops those that are too old, or that workers died of."""
        found, kept = intent_work.claim(conn, self._work, self._owner, now, most, busy), []
        for intent in found:
            if intent.lost >= LOST or intent.requested_at < now - intents.KEPT:
                self._drop(conn, intent, "no worker could ask it")
            else:
                kept.append(intent)
        return kept

    def party(self, job: Intent) -> str:
        """Returns the callback's host and port."""
        return job.host

    async def attempt(self, job: Intent) -> Verified:
        """Asks the callback with a fresh challenge, or tells it that it is denied."""
        began, challenge = time.monotonic(), secrets.token_urlsafe(32)
        try:
            answer = await self._client.request("GET", with_parameters(job.callback, self._parameters(job, challenge)))
        except SendError as error:
            return Verified("failed", str(error), None, _ms(began))
        result, words = _judge(job, answer.status, answer.body == challenge.encode())
        return Verified(result, words, answer.status, _ms(began), answer.address)

    def record(self, conn: Connection, now: datetime, done: Sequence[tuple[Intent, Outcome]]) -> None:
        """Records what callbacks said; what is said of a request that a later one has replaced means nothing."""
        for intent, outcome in done:
            if not intents.is_current(conn, intent):
                continue
            if outcome.result == "failed" and intent.attempts + 1 < ATTEMPTS:
                retry_at = now + BACKOFF.after(intent.attempts)
                intent_work.try_again(conn, self._work, intent, outcome.error or "", now, retry_at)
            elif outcome.result != "done":
                self._drop(conn, intent, outcome.error or "")
            else:
                self._confirmed(conn, intent, outcome, now)

    def release(self, conn: Connection, jobs: Sequence[Intent]) -> None:
        """Gives back intents."""
        intent_work.release(conn, self._work, jobs)

    async def close(self) -> None:
        """Ends connections."""
        await self._client.close()

    def _confirmed(self, conn: Connection, intent: Intent, outcome: Outcome, now: datetime) -> None:
        if intent.mode == "subscribe":
            address = outcome.address if isinstance(outcome, Verified) else ""
            if subscriptions.count_at_address(conn, address, intent) >= self._hub.per_address:
                log.info("hub_denied", section=intent.section, host=intent.host, reason="per_address")
                intents.deny(conn, intent, ADDRESS_FULL, now)
                return
            subscriptions.begin(conn, intent, address, self._lease(intent), now)
            log.info("hub_subscribed", section=intent.section, format=intent.format, host=intent.host)
        elif intent.mode == "unsubscribe" and subscriptions.end(conn, intent.section, intent.format, intent.callback):
            log.info("hub_unsubscribed", section=intent.section, format=intent.format, host=intent.host)
        intents.drop(conn, intent)

    def _parameters(self, intent: Intent, challenge: str) -> dict[str, str]:
        topic = intent.topic or feed_url(self._settings().site, intent.section, intent.format)
        told = {"hub.mode": intent.mode, "hub.topic": topic}
        if intent.mode == "denied":
            return told | ({"hub.reason": intent.reason} if intent.reason else {})
        told["hub.challenge"] = challenge
        return told | ({"hub.lease_seconds": str(self._lease(intent))} if intent.mode == "subscribe" else {})

    def _lease(self, intent: Intent) -> int:
        hub = self._hub
        return clamped_lease(intent.lease_seconds, hub.lease_seconds, hub.min_lease_seconds, hub.max_lease_seconds)

    @staticmethod
    def _drop(conn: Connection, intent: Intent, why: str) -> None:
        """Forgets an intent; the log names the host alone, as a callback's path may be a secret."""
        log.info("hub_intent_dropped", mode=intent.mode, section=intent.section, host=intent.host, error=why)
        intents.drop(conn, intent)


def _judge(intent: Intent, status: int, is_challenge: bool) -> tuple[Result, str | None]:
    """Returns what an answer means (section 5.3.1). Who is denied is told once, whatever it says."""
    if intent.mode == "denied":
        return "done", None
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return ("done", None) if is_challenge else ("refused", "it did not answer with the challenge")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return "failed", f"it answered {status}"
    return "refused", f"it answered {status}"


def _ms(began: float) -> float:
    return 1000 * (time.monotonic() - began)
