"""Poll counts of feeds: counted by the web processes, summed by section in five-minute slots.

Those of feeds that readers asked for are in slots of an hour and kept for a day: there may be tens of thousands.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, or_, select

from syndication.model.asked_addresses import ASKED_MARKS
from syndication.store.db.upsert import insert
from syndication.store.tables.publishing import PollCountRow

SLOT = timedelta(minutes=5)

KEPT = timedelta(days=8)
"""A week is shown, plus a day, so that its first hours are complete in every time zone."""

ASKED_KEPT = timedelta(days=1)
"""The same for feeds that readers asked for, which nobody is shown."""

HOUR = timedelta(hours=1)

_NUMBERS = ("full", "not_modified", "bytes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PollSums:
    """Polls of a section's feeds: how many got the whole feed, how many a 304, and the bytes sent."""

    full: int = 0
    not_modified: int = 0
    bytes: int = 0

    def __add__(self, other: "PollSums") -> "PollSums":
        full, not_modified = self.full + other.full, self.not_modified + other.not_modified
        return PollSums(full, not_modified, self.bytes + other.bytes)

    @property
    def total(self) -> int:
        """All polls."""
        return self.full + self.not_modified

    @property
    def share(self) -> float | None:
        """The share of polls that got a 304, from 0 to 1; None without polls."""
        return self.not_modified / self.total if self.total else None


NONE = PollSums()


def slot_of(moment: datetime, width: timedelta = SLOT) -> datetime:
    """Returns the start of the slot of a time, five minutes wide unless ``width`` says otherwise."""
    return moment - (moment - _EPOCH) % width


def add_polls(conn: Connection, counted: Mapping[tuple[str, datetime], PollSums]) -> None:
    """Adds counts to the stored ones, by section and slot. Two processes may add to the same rows."""
    if not counted:
        return
    statement = insert(conn, PollCountRow)
    sums = {name: getattr(PollCountRow, name) + statement.excluded[name] for name in _NUMBERS}
    statement = statement.on_conflict_do_update(index_elements=["section", "at"], set_=sums)
    # Always in the same order, so that two processes never deadlock.
    ordered = sorted(counted.items(), key=lambda item: item[0])
    conn.execute(
        statement,
        [
            {"section": section, "at": at, "full": n.full, "not_modified": n.not_modified, "bytes": n.bytes}
            for (section, at), n in ordered
        ],
    )


def read_polls(conn: Connection, sections: Collection[str], since: datetime) -> dict[str, dict[datetime, PollSums]]:
    """Returns the counts since then by section and slot; a section without polls has no slots."""
    found: dict[str, dict[datetime, PollSums]] = {section: {} for section in sections}
    rows = conn.execute(
        select(PollCountRow.__table__)
        .where(PollCountRow.section.in_(found), PollCountRow.at >= since)
        .order_by(PollCountRow.section, PollCountRow.at)
    )
    for row in rows:
        found[row.section][row.at] = PollSums(row.full, row.not_modified, row.bytes)
    return found


def total(conn: Connection, sections: Collection[str], since: datetime) -> dict[datetime, PollSums]:
    """Returns the total counts of these sections since then, by slot."""
    sums = [func.sum(getattr(PollCountRow, name)).label(name) for name in _NUMBERS]
    rows = conn.execute(
        select(PollCountRow.at, *sums)
        .where(PollCountRow.at >= since, PollCountRow.section.in_(sections))
        .group_by(PollCountRow.at)
        .order_by(PollCountRow.at)
    )
    # PostgreSQL sums to numeric, which is a Decimal here.
    return {row.at: PollSums(int(row.full), int(row.not_modified), int(row.bytes)) for row in rows}


def busiest(conn: Connection, since: datetime, most: int) -> list[str]:
    """Returns the sections that were polled since then, at most so many, with the most polls first."""
    polls = func.sum(PollCountRow.full + PollCountRow.not_modified)
    rows = conn.execute(
        select(PollCountRow.section)
        .where(PollCountRow.at >= since)
        .group_by(PollCountRow.section)
        .order_by(polls.desc(), PollCountRow.section)
        .limit(most)
    )
    return list(rows.scalars())


def any_polls(conn: Connection) -> bool:
    """Returns whether any feed was polled in the time for which counts are kept."""
    return conn.execute(select(PollCountRow.at).limit(1)).first() is not None


def last_hour(conn: Connection, now: datetime) -> dict[str, PollSums]:
    """Returns the sums of the slots that began within the last hour, by section; only sections with polls."""
    sums = [func.sum(getattr(PollCountRow, name)).label(name) for name in _NUMBERS]
    rows = conn.execute(
        select(PollCountRow.section, *sums).where(PollCountRow.at > now - HOUR).group_by(PollCountRow.section)
    )
    # PostgreSQL sums 64-bit numbers to a decimal.
    return {section: PollSums(int(full), int(same), int(size)) for section, full, same, size in rows}


def prune(conn: Connection, now: datetime) -> None:
    """Deletes expired slots."""
    conn.execute(delete(PollCountRow).where(PollCountRow.at < now - KEPT))
    asked = or_(*(PollCountRow.section.contains(mark, autoescape=True) for mark in ASKED_MARKS))
    conn.execute(delete(PollCountRow).where(PollCountRow.at < now - ASKED_KEPT, asked))
