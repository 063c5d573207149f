"""What there is to do for a worker, in one statement: it looks after each feed, and most looks find little."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, or_, select

from syndication.store.db.types import UtcTime
from syndication.store.publishing.feed_definitions import Revision
from syndication.store.tables.access import PreviewRow
from syndication.store.tables.asked_feeds import AskedNumberRow
from syndication.store.tables.feeds import FeedRevisionRow
from syndication.store.tables.publishing import NEWSROOM, READERS, ChangeRow, SectionStateRow
from syndication.store.tables.search import SearchChangeRow, SearchFillRow


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """What waits: changes and due times (``gathering``), sections to regenerate, previews.

    ``revision`` is that of the settings, ``asked`` the number of the last change of readers' feeds. ``sections`` may be
    those of another configuration, or have their time still to come. ``dead``: a lease of another worker is over.
    ``to_index`` names what is to be indexed for searches, or None; another value means that more has come.
    """

    revision: Revision
    asked: int
    gathering: bool
    sections: bool
    dead: bool
    previews: bool
    to_index: Hashable

    @property
    def publishing(self) -> bool:
        """Whether anything waits that other work must not hold up."""
        return self.gathering or self.sections or self.previews


def look(conn: Connection, owner: str, revision: int, now: datetime | None) -> WaitingWork:
    """Returns what waits for the worker ``owner`` of a program with this render revision.

    ``now`` is None where the statement asks the database's own clock.
    """
    statement = _LOOK if now is None else _LOOK_AT
    row = conn.execute(statement, {"now": now, "owner": owner, "program": revision}).one()
    return WaitingWork(
        Revision(row.definitions or 0, row.reloads or 0),
        row.asked or 0,
        bool(row.gathering),
        bool(row.sections),
        bool(row.dead),
        bool(row.previews),
        None if row.newest is None and row.filled else (row.newest, row.after),
    )


def _look(now: ColumnElement[Any]) -> Select[Any]:
    state = SectionStateRow
    waits = and_(
        state.requested_generation > state.completed_generation,
        state.priority.in_((NEWSROOM, READERS)),
        state.revision <= bindparam("program", type_=state.revision.type),
    )
    leased = and_(state.lease_owner.is_not(None), state.lease_owner != bindparam("owner", type_=state.lease_owner.type))
    return select(
        select(FeedRevisionRow.revision).scalar_subquery().label("definitions"),
        select(FeedRevisionRow.reloads).scalar_subquery().label("reloads"),
        select(func.max(AskedNumberRow.number)).scalar_subquery().label("asked"),
        or_(exists(select(ChangeRow.seq)), _any(state.next_due <= now)).label("gathering"),
        _any(waits).label("sections"),
        _any(and_(leased, state.lease_until <= now)).label("dead"),
        exists(select(PreviewRow.id).where(PreviewRow.finished_at.is_(None))).label("previews"),
        select(func.max(SearchChangeRow.seq)).scalar_subquery().label("newest"),
        exists(select(SearchFillRow.id).where(SearchFillRow.after.is_(None))).label("filled"),
        select(SearchFillRow.after).scalar_subquery().label("after"),
    )


def _any(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(SectionStateRow.section).where(condition))


_LOOK_AT, _LOOK = _look(bindparam("now", type_=UtcTime())), _look(func.clock_timestamp())
