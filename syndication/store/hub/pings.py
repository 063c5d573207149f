"""What outside hubs are to be told, and what they answered. Publishing only adds rows, and so never waits.

A ping has no version: a hub that is told fetches what is served then. So the newest served version of a feed stands for
all before it. Answered pings stay for a while, as the log.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update
from sqlalchemy.orm import aliased

from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure, Work
from syndication.store.processes import web_processes
from syndication.store.tables.hub import HubPingRow

LONGEST_PAUSE = timedelta(minutes=10)

MOST_READ = 2_000
"""Waiting pings looked at together; the others wait for the next look."""

KEPT_UNASKED = timedelta(days=2)
"""How long pings of a hub stay that is in nobody's settings any more."""


@dataclass(frozen=True, slots=True)
class PingBatch:
    """Feeds of which one hub is told, from ``taken_at`` on: ``versions`` by section, and the rows that this answers."""

    hub: str
    versions: Mapping[str, int]
    taken_at: datetime
    rows: tuple["WaitingPing", ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class WaitingPing:
    """A row to be answered; ``status`` is that of a refusal before."""

    id: int
    hub: str
    section: str
    version: int
    created_at: datetime
    attempts: int
    status: int | None


@dataclass(frozen=True, slots=True)
class HubFailure:
    """A hub that could not be told: when the oldest such version was published, and why the last attempt failed.

    ``given_up`` is the number of feeds that it will not be told of until they change again.
    """

    hub: str
    since: datetime
    error: str
    given_up: int


_UNANSWERED = and_(HubPingRow.answered_at.is_(None), HubPingRow.given_up_at.is_(None))


def work(lease: timedelta) -> Work:
    """Returns the pings as work."""
    return Work(HubPingRow, lease=lease, longest=LONGEST_PAUSE)


def enqueue(conn: Connection, hubs: Iterable[str], section: str, version: int, now: datetime) -> None:
    """Adds a ping for each hub, in the transaction that publishes the version."""
    rows = [{"hub": hub, "section": section, "version": version, "created_at": now} for hub in hubs]
    if rows:
        conn.execute(insert(HubPingRow), rows)


def has_ready(conn: Connection, work: Work, hubs: Collection[str], now: datetime) -> bool:
    """Returns whether a hub can be told of something now."""
    return bool(_ready(conn, work, hubs, now))


def claim(
    conn: Connection, work: Work, owner: str, now: datetime, hubs: Collection[str], most: int, each: int
) -> list[PingBatch]:
    """Takes at most ``most`` batches of up to ``each`` sections; versions that newer ones stand for are forgotten."""
    batches: list[PingBatch] = []
    by_hub: dict[str, list[WaitingPing]] = {}
    for (hub, _), (served, older) in _ready(conn, work, hubs, now).items():
        attempts.forget(conn, work, [(id,) for id in older])
        by_hub.setdefault(hub, []).append(served)
    for hub, waiting in by_hub.items():
        for some in _parts(sorted(waiting, key=lambda ping: ping.id), each):
            if len(batches) == most:
                return batches
            ids = [ping.id for ping in some]
            taken = {row["id"] for row in attempts.claim(conn, work, owner, now, len(ids), HubPingRow.id.in_(ids))}
            mine = tuple(ping for ping in some if ping.id in taken)
            if mine:
                batches.append(PingBatch(hub, {ping.section: ping.version for ping in mine}, now, mine))
    return batches


def record_answered(conn: Connection, work: Work, batch: PingBatch, status: int | None, now: datetime) -> None:
    """Records that the hub was told of these versions, and so of all before them."""
    attempts.finish(conn, work, [(ping.id,) for ping in batch.rows], answered_at=now, status=status)


def record_failed(
    conn: Connection,
    work: Work,
    batch: PingBatch,
    error: str,
    status: int | None,
    now: datetime,
    pause: timedelta,
    longest: timedelta,
) -> bool:
    """Records why the hub was not told; returns whether some of it is given up, which is older than ``longest``."""
    old = [ping for ping in batch.rows if now - ping.created_at >= longest]
    failures = [Failure((ping.id,), error, None if ping in old else now + pause) for ping in batch.rows]
    attempts.fail(conn, work, failures, now)
    ids = [ping.id for ping in batch.rows]
    conn.execute(update(HubPingRow).where(HubPingRow.id.in_(ids)).values(status=status))
    return bool(old)


def release(conn: Connection, work: Work, batches: Iterable[PingBatch]) -> None:
    """Gives back batches that were taken, but not sent."""
    attempts.release(conn, work, [(ping.id,) for batch in batches for ping in batch.rows])


def list_failing(conn: Connection, hubs: Collection[str]) -> list[HubFailure]:
    """Returns the hubs that could not be told of a version, nor of a later one of its section."""
    rows = HubPingRow
    later = aliased(HubPingRow)
    told_since = (
        select(later.id)
        .where(later.hub == rows.hub, later.section == rows.section, later.answered_at.is_not(None))
        .where(later.version >= rows.version)
        .exists()
    )
    columns = rows.hub, rows.section, rows.created_at, rows.error, rows.failed_at, rows.given_up_at
    failed = [
        row
        for which in (_UNANSWERED, rows.given_up_at.is_not(None))  # Each has an index.
        for row in conn.execute(
            select(*columns)
            .where(which, rows.hub.in_(hubs), rows.error.is_not(None), ~told_since)
            .order_by(rows.failed_at)
            .limit(MOST_READ)
        )
    ]
    found = []
    for hub in hubs:
        own = [row for row in failed if row.hub == hub]
        if own:
            given_up = len({row.section for row in own if row.given_up_at is not None})
            last = max(own, key=lambda row: row.failed_at)
            found.append(HubFailure(hub, min(row.created_at for row in own), last.error, given_up))
    return found


def last_told(conn: Connection, hub: str, section: str) -> tuple[int, datetime] | None:
    """Returns the newest version of a section that the hub was told of, and when."""
    row = conn.execute(
        select(HubPingRow.version, HubPingRow.answered_at)
        .where(HubPingRow.hub == hub, HubPingRow.section == section, HubPingRow.answered_at.is_not(None))
        .order_by(HubPingRow.version.desc())
        .limit(1)
    ).one_or_none()
    return (row.version, row.answered_at) if row is not None else None


def prune(conn: Connection, before: datetime, hubs: Collection[str], now: datetime) -> None:
    """Deletes what was answered or given up before that time, and what waits for hubs that nobody tells any more."""
    gone = and_(HubPingRow.hub.not_in(hubs), HubPingRow.created_at < now - KEPT_UNASKED)
    conn.execute(delete(HubPingRow).where((HubPingRow.answered_at < before) | (HubPingRow.given_up_at < before) | gone))


_Ready = dict[tuple[str, str], tuple[WaitingPing, list[int]]]


def _ready(conn: Connection, work: Work, hubs: Collection[str], now: datetime) -> _Ready:
    """Returns, by hub and section, the newest ping that can be sent now, and the older ones that it stands for."""
    rows = HubPingRow
    columns = [getattr(rows, name) for name in WaitingPing.__slots__]
    due = conn.execute(
        select(*columns)
        .where(work.is_due(now), _UNANSWERED, rows.hub.in_(hubs), rows.hub.not_in(_resting(now)))
        .order_by(rows.hub, rows.id)
        .limit(MOST_READ)
    ).all()
    running = web_processes.list_alive(conn, now) if any(not row.attempts for row in due) else []
    found: _Ready = {}
    for row in due:
        ping = WaitingPing(*row)
        # What was sent before was served then; nobody serves anything older since.
        if not ping.attempts and not web_processes.all_serve(running, ping.section, ping.version, now):
            continue
        before, older = found.get((ping.hub, ping.section), (ping, []))
        if before is ping:
            found[ping.hub, ping.section] = ping, older
        else:
            newest, other = (ping, before) if ping.version > before.version else (before, ping)
            found[ping.hub, ping.section] = newest, [*older, other.id]
    return found


def _resting(now: datetime) -> ColumnElement[list[str]]:
    """Returns the hubs that are left alone for now, because they did not answer: with new pings too."""
    row = aliased(HubPingRow)
    soon = row.retry_at.between(now + timedelta(microseconds=1), now + LONGEST_PAUSE)
    waits = and_(row.answered_at.is_(None), row.given_up_at.is_(None), soon)
    return select(row.hub).where(waits).distinct().scalar_subquery()


def _parts(waiting: Sequence[WaitingPing], each: int) -> list[Sequence[WaitingPing]]:
    """Returns the batches. After a refusal they are smaller, so that one address that a hub refuses stays alone."""
    refused = [ping.attempts for ping in waiting if ping.status is not None and 400 <= ping.status < 500]
    size = max(1, each >> min(max(refused, default=0), 10))
    return [waiting[at : at + size] for at in range(0, len(waiting), size)]
