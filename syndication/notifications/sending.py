"""Sends messages to their channels; any number of processes share one queue, see ``outbound/engine.py``."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from syndication.config.loading import Settings
from syndication.config.notification_schema import EmailChannel, SlackChannel, WebhookChannel
from syndication.logs import get_logger
from syndication.notifications.hooks import MAX_ANSWER, send_slack, send_webhook
from syndication.notifications.smtp import compose, send_email
from syndication.notifications.texts import newsroom_of
from syndication.outbound.backoff import Backoff
from syndication.outbound.client import Limits, OutboundClient
from syndication.outbound.errors import SendError
from syndication.outbound.queue import Outcome, Queue
from syndication.outbound.threads import in_thread
from syndication.store import Connection
from syndication.store.notifications import outbox
from syndication.store.notifications.outbox import Notification
from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure
from syndication.store.processes import workers

log = get_logger(__name__)

LONGEST_PAUSE = timedelta(hours=1)

GIVE_UP = timedelta(days=1)
"""After this time a message is not sent any more."""


@dataclass(frozen=True, slots=True)
class SendTimes:
    """How often messages are looked for, how long an attempt may take, and the first pause; shorter in tests.

    The lease is how long a message waits after the process that was sending it has died: more than an attempt takes.
    """

    look: float = 1.0
    timeout: float = 15.0
    lease: timedelta = timedelta(seconds=60)
    first_pause: timedelta = timedelta(seconds=10)


class MessageQueue(Queue[Notification]):
    """Messages to the channels of ``settings``, one at a time for each.

    With ``only_without_workers``, nothing is sent while a worker is running.
    """

    name = "notification"
    at_once = 7  # So that no channel, of which none may have more than a quarter, has two.

    def __init__(
        self,
        settings: Callable[[], Settings],
        owner: str,
        *,
        only_without_workers: bool = False,
        times: SendTimes = SendTimes(),  # frozen
    ) -> None:
        self.channels = {channel.name: channel for channel in settings().channels}
        self.look_seconds = times.look
        self._settings = settings
        self._owner = owner
        self._only_without_workers = only_without_workers
        self._seconds = times.timeout
        self._backoff = Backoff(times.first_pause, LONGEST_PAUSE, spread=0)
        self._work = outbox.work(times.lease, LONGEST_PAUSE)
        limits = [Limits(times.timeout, MAX_ANSWER, allow_private=allowed) for allowed in (False, True)]
        self._clients = {limit.allow_private: OutboundClient(limit) for limit in limits}

    def has_work(self, conn: Connection, now: datetime) -> bool:
        """Returns whether a message can be sent."""
        if not outbox.has_due(conn, self._work, now, self.channels):
            return False
        return not (self._only_without_workers and workers.list_alive(conn, now))

    def claim(self, conn: Connection, now: datetime, most: int, busy: Collection[str]) -> Sequence[Notification]:
        """Takes the oldest message of each channel."""
        if self._only_without_workers and workers.list_alive(conn, now):
            return ()
        free = [name for name in self.channels if name not in busy]
        return outbox.claim(conn, self._work, self._owner, now, free, most)

    def party(self, job: Notification) -> str:
        """Returns the channel."""
        return job.channel

    async def attempt(self, job: Notification) -> Outcome:
        """Sends a message; the error of one that was sent is what was not quite well."""
        newsroom, now = newsroom_of(self._settings()), datetime.now(UTC)
        note = None
        try:
            match self.channels[job.channel]:
                case EmailChannel() as channel:
                    message = compose(channel, newsroom, job, now)
                    note = await in_thread(partial(send_email, channel, message, self._seconds), "notify")
                case SlackChannel() as channel:
                    await send_slack(self._clients[channel.allow_private], channel, job)
                case WebhookChannel() as channel:
                    await send_webhook(self._clients[channel.allow_private], channel, newsroom, job, now)
        except SendError as error:
            return Outcome("failed", str(error))
        return Outcome("done", note)

    def record(self, conn: Connection, now: datetime, done: Sequence[tuple[Notification, Outcome]]) -> None:
        """Records what was sent, and when to try the others again; whoever asked for a test waits for its result."""
        for message, outcome in done:
            note, key = outcome.error, (message.id,)
            values = {"channel": message.channel, "kind": message.kind, "attempt": message.attempts + 1}
            if outcome.result == "done":
                told_at = now if note else None
                attempts.finish(conn, self._work, [key], sent_at=now, error=note, failed_at=told_at)
                log.info("notification_sent", **values, **({"note": note} if note else {}))
                continue
            again = self._backoff.retry_at(message.attempts, now, message.created_at, GIVE_UP)
            retry_at = None if message.kind == "test" else again
            attempts.fail(conn, self._work, [Failure(key, note or "not sent", retry_at)], now)
            write = log.warning if retry_at else log.error
            write("notification_failed", error=note, given_up=retry_at is None, **values)

    def release(self, conn: Connection, jobs: Sequence[Notification]) -> None:
        """Gives messages back. One that was just being sent may be sent again by another process."""
        attempts.release(conn, self._work, [(message.id,) for message in jobs])

    async def close(self) -> None:
        """Ends the connections to webhooks."""
        for client in self._clients.values():
            await client.close()
