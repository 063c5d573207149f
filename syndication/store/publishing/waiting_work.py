"""What waits for a worker, in one statement: asked between two steps of work that feeds must not wait for."""

from collections.abc import Hashable
from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, select

from syndication.store.tables.access import PreviewRow
from syndication.store.tables.publishing import NEWSROOM, READERS, ChangeRow, SectionStateRow
from syndication.store.tables.search import SearchChangeRow, SearchFillRow


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """``publishing``: whether a change, a feed or a preview waits. ``to_index`` names what is to be indexed, or None.

    Another value of ``to_index`` than before means that more has come.
    """

    publishing: bool
    to_index: Hashable


_PENDING = SectionStateRow.requested_generation > SectionStateRow.completed_generation

_QUERY = select(
    exists().select_from(ChangeRow).label("changes"),
    exists().where(_PENDING, SectionStateRow.priority.in_((NEWSROOM, READERS))).label("feeds"),
    exists().where(PreviewRow.finished_at.is_(None)).label("previews"),
    select(func.max(SearchChangeRow.seq)).scalar_subquery().label("newest"),
    exists().where(SearchFillRow.after.is_(None)).label("filled"),
    select(SearchFillRow.after).scalar_subquery().label("after"),
)


def read(conn: Connection) -> WaitingWork:
    """Returns what waits now."""
    row = conn.execute(_QUERY).one()
    is_indexed = row.newest is None and row.filled
    return WaitingWork(
        publishing=bool(row.changes or row.feeds or row.previews),
        to_index=None if is_indexed else (row.newest, row.after),
    )
