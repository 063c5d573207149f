"""What a sweep reads and writes of the published state. ``pipeline.sweep`` compares it with the articles."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Text, and_, cast, exists, or_, select, update

from syndication.store.db.upsert import insert
from syndication.store.publishing import change_queue
from syndication.store.publishing.holds import VANISHED
from syndication.store.tables.publishing import ChangeRow, EntryRow, HoldRow, LeftOutRow, SectionStateRow, SweepRow

LEASE = timedelta(minutes=1)
"""The lease of a sweep, which is renewed with every step: a dead worker's sweep is free after this time."""

TURN = 0.9
"""A sweep begins at the earliest this share of the interval after the last one: each worker has its own schedule."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry as its feed shows it: ``published_at`` in whole seconds.

    The other times are those that its article had, as the database writes them.
    """

    article_id: str
    published_at: datetime
    article_updated_at: str | None
    expires_at: str | None


def begin(conn: Connection, owner: str, interval: timedelta, now: datetime) -> bool:
    """Takes the sweep's lease; returns False if another worker sweeps, or has since ``interval``."""
    free = or_(SweepRow.lease_until.is_(None), SweepRow.lease_until <= now, SweepRow.lease_until > now + 2 * LEASE)
    due = or_(SweepRow.started_at <= now - TURN * interval, SweepRow.started_at > now)
    values = {"owner": owner, "started_at": now, "lease_until": now + LEASE}
    statement = insert(conn, SweepRow).values(id=1, **values)
    done = conn.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=values, where=and_(free, due)).returning(
            SweepRow.id
        )
    )
    return done.one_or_none() is not None


def renew(conn: Connection, owner: str, now: datetime) -> bool:
    """Renews the lease; returns False if another worker has taken over."""
    statement = update(SweepRow).where(SweepRow.owner == owner, SweepRow.lease_until.is_not(None))
    return conn.execute(statement.values(lease_until=now + LEASE)).rowcount == 1


def finish(conn: Connection, owner: str, now: datetime) -> None:
    """Records the end of the owner's sweep."""
    statement = update(SweepRow).where(SweepRow.owner == owner)
    conn.execute(statement.values(lease_until=None, finished_at=now))


def last_finished(conn: Connection) -> datetime | None:
    """Returns when the last sweep ended."""
    return conn.scalar(select(SweepRow.finished_at))


def list_settled(
    conn: Connection, mine: Mapping[str, str], slugs: Collection[str], revision: int, now: datetime
) -> dict[str, datetime | None]:
    """Returns those of the sections with nothing on its way, each with its next due moment.

    Without those that wait for a regeneration, fall due, are held, or were regenerated before the clock was set back.
    """
    held = exists().where(HoldRow.section == SectionStateRow.section)
    rows = conn.execute(
        select(SectionStateRow.section, SectionStateRow.next_due).where(
            SectionStateRow.section.in_(slugs),
            SectionStateRow.fingerprint.in_([mine[slug] for slug in slugs]),
            SectionStateRow.revision <= revision,
            SectionStateRow.version > 0,
            SectionStateRow.requested_generation <= SectionStateRow.completed_generation,
            or_(SectionStateRow.next_due.is_(None), SectionStateRow.next_due > now),
            SectionStateRow.regenerated_at <= now,
            ~held,
        )
    )
    return {row.section: row.next_due for row in rows}


def list_overlong_holds(conn: Connection, latest: datetime) -> list[str]:
    """Returns the sections whose automatic hold ends after ``latest``: the clock was set back since it began."""
    query = select(HoldRow.section).where(HoldRow.cause == VANISHED, HoldRow.until > latest)
    return list(conn.scalars(query))


def waiting_articles(conn: Connection) -> set[str] | None:
    """Returns the articles in the change queue; None if there are too many, or if any article may have changed."""
    ids = conn.scalars(select(ChangeRow.article_id).limit(change_queue.AT_ONCE + 1)).all()
    if len(ids) > change_queue.AT_ONCE or None in ids:
        return None
    return {id for id in ids if id is not None}


def read_entries(conn: Connection, slugs: Collection[str]) -> dict[str, list[Standing]]:
    """Returns the entries of these feeds, by section."""
    found: dict[str, list[Standing]] = {slug: [] for slug in slugs}
    query = select(
        EntryRow.section,
        EntryRow.article_id,
        EntryRow.published_at,
        cast(EntryRow.article_updated_at, Text).label("article_updated_at"),
        cast(EntryRow.expires_at, Text).label("expires_at"),
    ).where(EntryRow.section.in_(slugs))
    for row in conn.execute(query):
        found[row.section].append(Standing(row.article_id, row.published_at, row.article_updated_at, row.expires_at))
    return found


def read_left_out(conn: Connection, slugs: Collection[str]) -> dict[str, set[str]]:
    """Returns the articles left out of these feeds, by section."""
    found: dict[str, set[str]] = {slug: set() for slug in slugs}
    for row in conn.execute(select(LeftOutRow.section, LeftOutRow.article_id).where(LeftOutRow.section.in_(slugs))):
        found[row.section].add(row.article_id)
    return found


def record_suspicions(conn: Connection, generations: Mapping[str, int], entries: Mapping[str, int]) -> None:
    """Records, by section, in how many entries a sweep found a difference; 0: in none.

    The regeneration with that generation decides: what it changes had been missed.
    """
    for slug in sorted(slug for slug, number in entries.items() if number and slug in generations):
        conn.execute(
            update(SectionStateRow)
            .where(SectionStateRow.section == slug)
            .values(suspected_generation=generations[slug], suspected_entries=entries[slug])
        )
