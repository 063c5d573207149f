"""The numbers that say whether a web process has anything to read: those of the last changes, in one statement."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, null, select

from syndication.model.sitemaps import ARCHIVE
from syndication.store.publishing.feed_definitions import Revision
from syndication.store.tables.asked_feeds import AskedNumberRow
from syndication.store.tables.feeds import FeedRevisionRow
from syndication.store.tables.publishing import PublicationRow
from syndication.store.tables.sitemaps import SitemapStateRow


class ServedNumbers(NamedTuple):
    """The last changes of definitions, of feeds that readers asked for, of versions and of sitemaps.

    ``clock`` is PostgreSQL's; None on SQLite, see ``Database.moment``.
    """

    revision: Revision
    asked: int
    publication: int
    sitemaps: int
    clock: datetime | None


def read_numbers(conn: Connection) -> ServedNumbers:
    """Returns the numbers of the last changes."""
    row = conn.execute(_WITH_CLOCK if conn.dialect.name == "postgresql" else _WITHOUT_CLOCK).one()
    definitions, reloads, asked, publication, sitemaps, clock = row
    return ServedNumbers(Revision(definitions or 0, reloads or 0), asked or 0, publication or 0, sitemaps or 0, clock)


def _query(clock: ColumnElement[Any]) -> Select[Any]:
    return select(
        select(FeedRevisionRow.revision).scalar_subquery(),
        select(FeedRevisionRow.reloads).scalar_subquery(),
        select(AskedNumberRow.number).scalar_subquery(),
        select(PublicationRow.number).scalar_subquery(),
        select(SitemapStateRow.revision).where(SitemapStateRow.part == ARCHIVE).scalar_subquery(),
        clock,
    )


_WITH_CLOCK, _WITHOUT_CLOCK = _query(func.clock_timestamp()), _query(null())
