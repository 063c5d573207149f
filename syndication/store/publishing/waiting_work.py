"""What there is to do for a worker, in one statement: it looks after each feed, and most looks find little.

Most wake-ups are for commits, of this worker or of others, that leave nothing to do: they cost one look.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    func,
    null,
    or_,
    select,
    true,
)

from syndication.store.db.types import UtcTime
from syndication.store.publishing.feed_definitions import Revision
from syndication.store.tables.access import PreviewRow
from syndication.store.tables.asked_feeds import AskedNumberRow
from syndication.store.tables.feeds import FeedRevisionRow
from syndication.store.tables.hub import HubIntentRow
from syndication.store.tables.publishing import NEWSROOM, READERS, ChangeRow, SectionStateRow
from syndication.store.tables.search import SearchChangeRow, SearchFillRow
from syndication.store.tables.sitemaps import SitemapStateRow
from syndication.store.tables.terms import TermFillRow


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """What waits: changes and due times (``gathering``), sections to regenerate, previews, and other work.

    ``revision`` is that of the settings, ``asked`` the number of the last change of readers' feeds. ``sections`` may be
    those of another configuration, or have their time still to come. ``dead``: a lease of another worker is over.
    ``to_index`` names what is to be indexed for searches, or None; another value means that more has come. So does
    ``sitemaps``, of what is to be written of the sitemaps, perhaps by another configuration. ``next_due`` and
    ``sitemaps_due`` are the next scheduled changes. ``filling``: the terms of all articles are being read.
    ``intents``: a request to the hub has come that nobody has taken yet. ``clock`` is the database's, if it has one.
    """

    clock: datetime | None
    revision: Revision
    asked: int
    gathering: bool
    sections: bool
    dead: bool
    previews: bool
    to_index: Hashable
    sitemaps: Hashable
    next_due: datetime | None
    sitemaps_due: datetime | None
    filling: bool
    intents: bool

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
    moment = now or row.clock
    filled = row.fill is not None and row.after is None
    return WaitingWork(
        clock=row.clock,
        revision=Revision(row.definitions or 0, row.reloads or 0),
        asked=row.asked or 0,
        gathering=bool(row.changes or (row.next_due is not None and row.next_due <= moment)),
        sections=bool(row.sections),
        dead=bool(row.dead),
        previews=bool(row.previews),
        to_index=None if row.newest is None and filled else (row.newest, row.after),
        sitemaps=row.maps_asked if row.maps_wait else None,
        next_due=row.next_due,
        sitemaps_due=row.maps_due,
        filling=bool(row.filling),
        intents=bool(row.intents),
    )


def _look(now: ColumnElement[Any], clock: ColumnElement[Any]) -> Select[Any]:
    state, intent = SectionStateRow, HubIntentRow
    waits = and_(
        state.requested_generation > state.completed_generation,
        state.priority.in_((NEWSROOM, READERS)),
        state.revision <= bindparam("program", type_=state.revision.type),
    )
    leased = and_(state.lease_owner.is_not(None), state.lease_owner != bindparam("owner", type_=state.lease_owner.type))
    fresh = and_(intent.given_up_at.is_(None), intent.retry_at.is_(None), intent.lease_until.is_(None))
    maps = _sitemaps(now)
    return select(
        clock.label("clock"),
        FeedRevisionRow.revision.label("definitions"),
        FeedRevisionRow.reloads,
        select(func.max(AskedNumberRow.number)).scalar_subquery().label("asked"),
        exists(select(ChangeRow.seq)).label("changes"),
        _any(waits).label("sections"),
        _any(and_(leased, state.lease_until <= now)).label("dead"),
        exists(select(PreviewRow.id).where(PreviewRow.finished_at.is_(None))).label("previews"),
        select(func.max(SearchChangeRow.seq)).scalar_subquery().label("newest"),
        SearchFillRow.id.label("fill"),
        SearchFillRow.after,
        maps.c.asked.label("maps_asked"),
        maps.c.waiting.label("maps_wait"),
        maps.c.due.label("maps_due"),
        select(func.min(state.next_due)).scalar_subquery().label("next_due"),
        exists(select(TermFillRow.id).where(TermFillRow.after.is_not(None))).label("filling"),
        exists(select(intent.id).where(fresh)).label("intents"),
    ).select_from(maps.outerjoin(FeedRevisionRow, true()).outerjoin(SearchFillRow, true()))  # Of one row each, or none.


def _sitemaps(now: ColumnElement[Any]) -> Subquery:
    """Returns whether a part waits, when the next one is due, and a number that rises when one is requested."""
    row = SitemapStateRow
    waits = or_(row.requested_generation > row.completed_generation, row.next_due <= now)
    return select(
        func.sum(row.requested_generation).label("asked"),
        func.max(case((waits, 1), else_=0)).label("waiting"),
        func.min(row.next_due).label("due"),
    ).subquery()


def _any(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(SectionStateRow.section).where(condition))


_LOOK_AT = _look(bindparam("now", type_=UtcTime()), null())
_LOOK = _look(func.clock_timestamp(), func.clock_timestamp())
