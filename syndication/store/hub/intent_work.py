"""The intents as work that workers share."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from syndication.store.hub.intents import COLUMNS, Intent
from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure, Work
from syndication.store.tables.hub import HubIntentRow


def work(lease: timedelta, longest: timedelta) -> Work:
    """Returns the intents as work: a worker has one for ``lease``, and none waits for more than ``longest``."""
    return Work(HubIntentRow, lease, longest)


def has_due(conn: Connection, work: Work, now: datetime) -> bool:
    """Returns whether a callback can be asked now."""
    return attempts.has_due(conn, work, now)


def claim(conn: Connection, work: Work, owner: str, now: datetime, most: int, busy: Collection[str]) -> list[Intent]:
    """Takes at most so many due intents, the oldest first, none of the hosts in ``busy``."""
    rows = attempts.claim(conn, work, owner, now, most, HubIntentRow.host.not_in(busy), order=[HubIntentRow.id])
    names = [column.name for column in COLUMNS]
    return [Intent(**{name: row[name] for name in names}) for row in rows]


def try_again(conn: Connection, work: Work, intent: Intent, error: str, now: datetime, retry_at: datetime) -> None:
    """Records that the callback could not be asked, and when it will be again."""
    attempts.fail(conn, work, [Failure((intent.id,), error, retry_at)], now)


def release(conn: Connection, work: Work, given: Sequence[Intent]) -> None:
    """Gives back intents that were claimed and not attempted to the end."""
    attempts.release(conn, work, [(intent.id,) for intent in given])
