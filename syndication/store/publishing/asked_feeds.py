"""The feeds that readers asked for: asked, polled, asleep, forgotten.

Each change of a row takes the next number, so that a process reads what changed since the number that it knows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from syndication.model.asked_addresses import AskedKind
from syndication.store.db.batches import batched
from syndication.store.db.upsert import insert
from syndication.store.tables.asked_feeds import AskedFeedRow, AskedNumberRow
from syndication.store.tables.publishing import ASLEEP, READERS, PollCountRow, SectionStateRow
from syndication.store.tables.terms import TermRow

MINUTE = timedelta(minutes=1)

UNREAD = timedelta(hours=1)
"""When there is no room, the feed that nobody has polled for longest makes some, if it was not polled for this long."""

POLLED_WITHIN = timedelta(minutes=15)
"""A poll is recorded only so long after the last one: feeds sleep after hours, and some are polled each second."""

TOLD = timedelta(days=1)
"""How long a forgotten row tells the other processes that its documents are gone."""

AskResult = Literal["asked", "known", "full", "busy"]
"""``busy``: the new feeds of this minute are used up. ``full``: there is no room, and every feed is being polled."""


@dataclass(frozen=True, slots=True)
class AskedFeed:
    """A feed that somebody asked for; see ``AskedFeedRow``."""

    slug: str
    kind: AskedKind
    key: str
    name: str
    slept: bool
    forgotten: bool
    number: int


def last_number(conn: Connection) -> int:
    """Returns the number of the last change; 0 if there was none."""
    return conn.scalar(select(AskedNumberRow.number)) or 0


def is_there(conn: Connection, slug: str) -> bool:
    """Returns whether somebody has asked for this feed, and it is not forgotten."""
    known = AskedFeedRow.slug == slug, AskedFeedRow.forgotten_at.is_(None)
    return conn.scalar(select(AskedFeedRow.slug).where(*known)) is not None


def changed_since(conn: Connection, number: int) -> list[AskedFeed]:
    """Returns the rows that changed after this number, in the order of their last changes."""
    rows = conn.execute(
        select(AskedFeedRow.__table__).where(AskedFeedRow.number > number).order_by(AskedFeedRow.number)
    )
    return [
        AskedFeed(r.slug, r.kind, r.key, r.name, r.slept_at is not None, r.forgotten_at is not None, r.number)
        for r in rows
    ]


def ask(
    conn: Connection, slug: str, kind: AskedKind, key: str, name: str, now: datetime, max_feeds: int, per_minute: int
) -> AskResult:
    """Asks for a feed, unless there is no room; a known one is woken. In the caller's write transaction.

    A feed that nobody polls gives its place to a new one: a stranger who fills the list keeps nobody out for long.
    """
    row = conn.execute(select(AskedFeedRow.__table__).where(AskedFeedRow.slug == slug)).one_or_none()
    if row is not None and row.forgotten_at is None:
        record_polls(conn, {slug: now})
        return "known"
    recent = select(func.count()).select_from(AskedFeedRow).where(AskedFeedRow.asked_at > now - MINUTE)
    if (conn.scalar(recent) or 0) >= per_minute:
        return "busy"
    there = select(func.count()).select_from(AskedFeedRow).where(AskedFeedRow.forgotten_at.is_(None))
    if (conn.scalar(there) or 0) >= max_feeds and not (max_feeds and _make_room(conn, now)):
        return "full"
    values = {
        "kind": kind,
        "key": key,
        "name": name,
        "asked_at": now,
        "polled_at": now,
        "slept_at": None,
        "forgotten_at": None,
        "number": _next_number(conn),
    }
    statement = insert(conn, AskedFeedRow).values(slug=slug, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["slug"], set_=values))
    return "asked"


def record_polls(conn: Connection, polled: Mapping[str, datetime]) -> list[str]:
    """Records polls by slug, and wakes the feeds that sleep; returns the slugs of those. Unknown slugs are ignored."""
    woken: list[str] = []
    by_time: dict[datetime, list[str]] = {}
    for slug in sorted(polled):
        by_time.setdefault(polled[slug], []).append(slug)
    for moment, slugs in sorted(by_time.items()):
        for some in batched(slugs):
            known = and_(AskedFeedRow.slug.in_(some), AskedFeedRow.forgotten_at.is_(None))
            # Locked in the same order always, so that two processes never deadlock.
            rows = conn.execute(
                select(AskedFeedRow.slug, AskedFeedRow.slept_at)
                .where(known, or_(AskedFeedRow.slept_at.is_not(None), AskedFeedRow.polled_at < moment - POLLED_WITHIN))
                .order_by(AskedFeedRow.slug)
                .with_for_update()
            ).all()
            stale = [row.slug for row in rows]
            conn.execute(
                update(AskedFeedRow)
                .where(AskedFeedRow.slug.in_(stale), AskedFeedRow.polled_at < moment)
                .values(polled_at=moment)
            )
            woken += [row.slug for row in rows if row.slept_at is not None]
    _change(conn, woken, slept_at=None)
    _set_priority(conn, woken, ASLEEP, READERS)
    return woken


def put_to_sleep(conn: Connection, before: datetime, now: datetime) -> list[str]:
    """Puts the feeds to sleep that nobody has polled since ``before``; returns their slugs."""
    idle = and_(AskedFeedRow.polled_at < before, AskedFeedRow.slept_at.is_(None), AskedFeedRow.forgotten_at.is_(None))
    found = list(conn.scalars(select(AskedFeedRow.slug).where(idle).order_by(AskedFeedRow.slug)))
    _change(conn, found, slept_at=now)
    _set_priority(conn, found, READERS, ASLEEP)
    return found


def forget(conn: Connection, before: datetime, now: datetime) -> list[str]:
    """Deletes the documents of the feeds that nobody has polled since ``before``; returns their slugs."""
    idle = and_(AskedFeedRow.polled_at < before, AskedFeedRow.forgotten_at.is_(None))
    found = list(conn.scalars(select(AskedFeedRow.slug).where(idle).order_by(AskedFeedRow.slug)))
    _forget(conn, found, now)
    conn.execute(delete(AskedFeedRow).where(AskedFeedRow.forgotten_at < now - TOLD))
    return found


def forget_ended(conn: Connection, slugs: Collection[str], before: datetime, now: datetime) -> list[str]:
    """Forgets those of these feeds that nobody has polled since ``before``: no configuration answers them any more."""
    found: list[str] = []
    for some in batched(sorted(slugs)):
        ended = and_(AskedFeedRow.slug.in_(some), AskedFeedRow.polled_at < before, AskedFeedRow.forgotten_at.is_(None))
        found += conn.scalars(select(AskedFeedRow.slug).where(ended).order_by(AskedFeedRow.slug))
    _forget(conn, found, now)
    return found


def _make_room(conn: Connection, now: datetime) -> bool:
    """Forgets the feed that nobody has polled for longest; returns False if each was polled a short while ago."""
    unread = and_(AskedFeedRow.polled_at < now - UNREAD, AskedFeedRow.forgotten_at.is_(None))
    oldest = conn.scalar(
        select(AskedFeedRow.slug).where(unread).order_by(AskedFeedRow.polled_at, AskedFeedRow.slug).limit(1)
    )
    if oldest is not None:
        _forget(conn, [oldest], now)
    return oldest is not None


def _forget(conn: Connection, slugs: Collection[str], now: datetime) -> None:
    _change(conn, slugs, forgotten_at=now)  # First the number, then sections, as who wakes feeds does.
    for some in batched(sorted(slugs)):
        conn.execute(delete(SectionStateRow).where(SectionStateRow.section.in_(some)))
        conn.execute(delete(PollCountRow).where(PollCountRow.section.in_(some)))


def follow_names(conn: Connection) -> list[str]:
    """Gives the feeds of authors the names that the register of terms has now; returns the slugs of those that differ.

    An author with an id may change the name, and keeps the feed.
    """
    same = and_(TermRow.kind == AskedFeedRow.kind, TermRow.key == AskedFeedRow.key)
    query = select(AskedFeedRow.slug, TermRow.name).join(TermRow, same)
    query = query.where(AskedFeedRow.forgotten_at.is_(None), TermRow.name != AskedFeedRow.name)
    renamed = conn.execute(query.order_by(AskedFeedRow.slug)).all()
    for row in renamed:
        _change(conn, [row.slug], name=row.name)
    return [row.slug for row in renamed]


def stale_asleep(conn: Connection, before: datetime) -> list[str]:
    """Returns the sleeping feeds with waiting changes that were last regenerated before this time.

    Until the next call, workers look at these, and at no other sleeping ones.
    """
    sleeping = select(AskedFeedRow.slug).where(AskedFeedRow.slept_at.is_not(None))
    conn.execute(
        update(SectionStateRow)
        .where(SectionStateRow.priority == READERS, SectionStateRow.section.in_(sleeping))
        .values(priority=ASLEEP)
    )
    rows = select(AskedFeedRow.slug).join(SectionStateRow, SectionStateRow.section == AskedFeedRow.slug)
    regenerated = SectionStateRow.regenerated_at
    found = list(
        conn.scalars(
            rows.where(
                AskedFeedRow.slept_at.is_not(None),
                AskedFeedRow.forgotten_at.is_(None),
                SectionStateRow.requested_generation > SectionStateRow.completed_generation,
                or_(regenerated.is_(None), regenerated < before),
            ).order_by(AskedFeedRow.slug)
        )
    )
    _set_priority(conn, found, ASLEEP, READERS)
    return found


def _set_priority(conn: Connection, slugs: Sequence[str], before: int, after: int) -> None:
    for some in batched(slugs):
        conn.execute(
            update(SectionStateRow)
            .where(SectionStateRow.section.in_(some), SectionStateRow.priority == before)
            .values(priority=after)
        )


def _change(conn: Connection, slugs: Collection[str], **values: Any) -> None:
    if slugs:
        number = _next_number(conn)
        for some in batched(sorted(slugs)):
            conn.execute(update(AskedFeedRow).where(AskedFeedRow.slug.in_(some)).values(number=number, **values))


def _next_number(conn: Connection) -> int:
    """Takes the next number; the row stays locked until the caller's transaction ends."""
    statement = insert(conn, AskedNumberRow).values(id=1, number=1)
    return int(
        conn.execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_={"number": AskedNumberRow.number + 1}
            ).returning(AskedNumberRow.number)
        ).scalar_one()
    )
