"""Which subscriptions lack the newest version of their feed, and what the attempts to push it came to.

Nothing is queued: a subscription has the version that was last delivered to it, and work is what is behind. So
publishing writes nothing more, and a slow subscriber is sent the newest document, however many it has missed.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    func,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased
from sqlalchemy.types import TypeEngine

from syndication.model.compression import gunzip
from syndication.store.db.batches import batched
from syndication.store.db.types import UtcTime
from syndication.store.hub import bulk
from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure, Work
from syndication.store.tables.access import FeedVersionRow
from syndication.store.tables.hub import HubSubscriptionRow
from syndication.store.tables.publishing import DocumentRow, SectionStateRow


@dataclass(frozen=True, slots=True)
class Behind:
    """A feed whose ``version`` some subscriptions lack."""

    section: str
    version: int


@dataclass(frozen=True, slots=True)
class Push:
    """A subscription to push to. ``attempts`` have failed in a row, since ``failing_since``.

    ``digest`` is that of the document that it has; None: nobody knows, because the last attempt came to no good end.
    ``asked_at``: somebody asked for the present version once more.
    """

    id: int
    section: str
    format: str
    callback: str
    host: str
    secret: str | None = field(repr=False)
    digest: str | None
    attempts: int
    failing_since: datetime | None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A subscription has a version; ``lag_ms`` after it was published, if that is known."""

    id: int
    version: int
    digest: str
    at: datetime
    lag_ms: int | None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A feed's current document in one format, uncompressed; ``published_at`` is None if its version is unknown."""

    version: int
    digest: str
    body: bytes = field(repr=False)
    published_at: datetime | None


_row = HubSubscriptionRow
_ACTIVE = and_(_row.paused_at.is_(None), _row.given_up_at.is_(None))

UP_TO_DATE = {
    "attempts": 0, "lost": 0, "lease_owner": None, "lease_until": None, "retry_at": None, "error": None,
    "failed_at": None, "failing_since": None, "given_up_at": None, "asked_at": None,
}  # fmt: skip
"""What a subscription has whose last attempt succeeded: also one that is resumed or renewed."""


def work(lease: timedelta, longest: timedelta) -> Work:
    """Returns the subscriptions as work: a lease is longer than an attempt, ``longest`` the longest pause."""
    return Work(_row, lease, longest)


def list_behind(conn: Connection) -> list[Behind]:
    """Returns the feeds that active subscriptions are behind of, those published longest ago first.

    It costs a look into two indexes for each subscribed feed, however many subscriptions have everything.
    """
    return [Behind(row.section, row.version) for row in conn.execute(_BEHIND)]


def _behind() -> Select[str, int]:
    def active(row: Any) -> ColumnElement[bool]:
        return and_(row.paused_at.is_(None), row.given_up_at.is_(None))

    other, oldest, state = aliased(_row), aliased(_row), SectionStateRow
    # Walks from one section to the next by the index; DISTINCT would read every subscription.
    subscribed = select(func.min(_row.section).label("section")).where(active(_row)).cte("subscribed", recursive=True)
    following = select(func.min(other.section)).where(other.section > subscribed.c.section, active(other))
    subscribed = subscribed.union_all(
        select(following.scalar_subquery()).where(subscribed.c.section.is_not(None)).select_from(subscribed)
    )
    delivered = select(func.min(oldest.version)).where(oldest.section == subscribed.c.section, active(oldest))
    return (
        select(state.section, state.version)
        .join(subscribed, subscribed.c.section == state.section)
        .where(state.version > delivered.scalar_subquery())
        .order_by(state.publication)
    )


_BEHIND = _behind()


def has_due(conn: Connection, work: Work, behind: Iterable[Behind], now: datetime) -> bool:
    """Returns whether an attempt for one of these feeds can be made now."""
    return any(attempts.has_due(conn, work, now, *_lacks(one, now)) for one in behind)


def claim(
    conn: Connection, work: Work, owner: str, behind: Behind, now: datetime, most: int, busy: Collection[str]
) -> list[Push]:
    """Takes at most ``most`` subscriptions to push to, none of the ``busy`` hosts."""
    where = (*_lacks(behind, now), _row.host.not_in(busy) if busy else true())
    rows = attempts.claim(conn, work, owner, now, most, *where, order=(_row.version, _row.id))
    return [
        Push(
            row["id"], row["section"], row["format"], row["callback"], row["host"], row["secret"],
            None if row["error"] or row["lease_until"] else row["digest"], row["attempts"], row["failing_since"],
            row["asked_at"],
        )
        for row in rows
    ]  # fmt: skip


def move_on(conn: Connection, section: str, format: str, version: int, digest: str) -> int:
    """Moves subscriptions that have these very bytes on to the document's version; returns how many."""
    here = and_(_row.section == section, _row.format == format, _row.version < version)
    known = and_(_row.digest == digest, _row.error.is_(None), _row.lease_until.is_(None))
    return conn.execute(update(_row).where(here, known, _ACTIVE).values(version=version)).rowcount


def find_document(conn: Connection, section: str, format: str) -> StoredDocument | None:
    """Returns a feed's current document."""
    row = conn.execute(
        select(DocumentRow.version, DocumentRow.digest, DocumentRow.gzip, FeedVersionRow.at)
        .outerjoin(
            FeedVersionRow,
            and_(FeedVersionRow.section == DocumentRow.section, FeedVersionRow.version == DocumentRow.version),
        )
        .where(DocumentRow.section == section, DocumentRow.format == format)
    ).one_or_none()
    return None if row is None else StoredDocument(row.version, row.digest, gunzip(row.gzip), row.at)


def record_delivered(conn: Connection, delivered: Sequence[Delivered]) -> None:
    """Records that these have their version."""
    rows = [
        {"this": one.id, "new_version": one.version, "new_digest": one.digest, "at": one.at, "lag": one.lag_ms}
        for one in delivered
    ]
    bulk.execute(conn, _DELIVERED_ALL, _DELIVERED_EACH, rows)


def _delivered(new: Callable[[str], ColumnElement[Any]]) -> Update:
    """Returns the statement; ``new`` finds a value by its name in ``_DELIVERED``."""
    values = {
        "version": new("new_version"), "digest": new("new_digest"), "delivered_at": new("at"), "lag_ms": new("lag"),
    }  # fmt: skip
    # A second delivery may have been quicker: its lease had ended.
    return update(_row).where(_row.id == new("this"), _row.version <= new("new_version")).values(values | UP_TO_DATE)


_DELIVERED: dict[str, TypeEngine[Any]] = {
    "this": BigInteger(), "new_version": BigInteger(), "new_digest": Text(), "at": UtcTime(), "lag": BigInteger(),
}  # fmt: skip
_GIVEN = bulk.given(_DELIVERED)
_DELIVERED_ALL = _delivered(lambda name: _GIVEN.c[name])
_DELIVERED_EACH = _delivered(lambda name: bindparam(name, type_=_DELIVERED[name]))


def record_failures(conn: Connection, work: Work, failures: Sequence[Failure], now: datetime) -> None:
    """Records failed attempts; those that are not to be tried again are parked."""
    attempts.fail(conn, work, failures, now)
    for some in batched(failures):
        first = and_(_row.id.in_([one.key[0] for one in some]), _row.failing_since.is_(None))
        conn.execute(update(_row).where(first).values(failing_since=now))


def delete_gone(conn: Connection, work: Work, ids: Sequence[int]) -> None:
    """Deletes subscriptions whose callback answered that it is gone."""
    for some in batched(ids):
        attempts.forget(conn, work, [(id,) for id in some])


def release(conn: Connection, work: Work, ids: Sequence[int], *, known: bool = False) -> None:
    """Gives subscriptions back. Unless it is ``known``, what they have is not: an attempt may have been under way."""
    for some in batched(ids):
        attempts.release(conn, work, [(id,) for id in some])
        if not known:
            conn.execute(update(_row).where(_row.id.in_(some)).values(digest=None))


def count_waiting(conn: Connection, behind: Iterable[Behind], now: datetime) -> int:
    """Returns how many active subscriptions lack the newest version of these feeds."""
    found = 0
    for one in behind:
        late = and_(_row.section == one.section, _row.version < one.version, _ACTIVE, _row.expires_at > now)
        found += conn.scalar(select(func.count()).where(late)) or 0
    return found


def _lacks(behind: Behind, now: datetime) -> tuple[ColumnElement[bool], ...]:
    here = and_(_row.section == behind.section, _row.version < behind.version)
    return here, _row.paused_at.is_(None), _row.given_up_at.is_(None), _row.expires_at > now
