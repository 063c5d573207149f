"""The feeds that readers asked for by address. Web processes and workers write them."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base


class AskedFeedRow(Base):
    """A combination, tag or author that somebody asked for.

    ``key`` and ``name`` are those of a tag or author when it was asked for. ``slept_at``: nobody has polled it for a
    while, so it is not regenerated. ``forgotten_at``: its documents are deleted, and the row only tells that to other
    processes. ``number`` is that of the last change of the row, from ``AskedNumberRow``.
    """

    __tablename__ = "asked_feed"

    slug: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[datetime]
    polled_at: Mapped[datetime]
    slept_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    number: Mapped[int] = mapped_column(BigInt)


class AskedNumberRow(Base):
    """The number of the last change of ``asked_feed``, in one row: its lock puts numbers in the order of commits."""

    __tablename__ = "asked_number"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInt)


Index("ix_asked_feed_number", AskedFeedRow.number)
Index("ix_asked_feed_asked_at", AskedFeedRow.asked_at)
Index("ix_asked_feed_polled_at", AskedFeedRow.polled_at)
