"""What became of each change: when it was written, noticed, published, served and purged.

Only the service writes these tables.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base
from syndication.store.tables.publishing import AUTOINCREMENT


class DeliveryRow(Base):
    """A change of an article, on its way to the readers.

    ``article_id`` is None for a row that stands for ``articles`` stories changed together. ``kind``: one of
    ``deliveries.KINDS``. ``written_at`` is when its first row was written, or the moment at which it was to appear;
    ``noticed_at`` when a worker read it. ``settled_at`` is when nothing was left to wait for, ``served_ms`` the
    milliseconds from ``written_at`` until every web process served it; None: it changed no feed.
    """

    __tablename__ = "delivery"

    seq: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    article_id: Mapped[str | None]
    articles: Mapped[int] = mapped_column(BigInt, server_default="1")
    kind: Mapped[str]
    written_at: Mapped[datetime]
    noticed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    served_ms: Mapped[int | None] = mapped_column(BigInt)

    __table_args__ = AUTOINCREMENT


class DeliveryFeedRow(Base):
    """A feed that a change may concern; the row is deleted if the feed stays the same.

    Until ``published_at`` it waits for the regeneration of ``generation``. ``change`` and ``reason`` are the entry's,
    as in a version's history; None for many stories. ``publication`` is the number of the version among those of all
    feeds. ``purge``: one of ``deliveries.PURGES``, None if no cache is purged.
    """

    __tablename__ = "delivery_feed"

    delivery: Mapped[int] = mapped_column(ForeignKey("delivery.seq", ondelete="CASCADE"), primary_key=True)
    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    generation: Mapped[int] = mapped_column(BigInt)
    change: Mapped[str | None]
    reason: Mapped[str | None]
    version: Mapped[int | None] = mapped_column(BigInt)
    published_at: Mapped[datetime | None]
    publication: Mapped[int | None] = mapped_column(BigInt)
    served_at: Mapped[datetime | None]
    purge: Mapped[str | None]
    purged_at: Mapped[datetime | None]


Index("ix_delivery_article_id", DeliveryRow.article_id, DeliveryRow.seq)
Index("ix_delivery_noticed_at", DeliveryRow.noticed_at)
Index("ix_delivery_served_ms", DeliveryRow.served_ms, DeliveryRow.seq)
_waits = DeliveryRow.settled_at.is_(None)
Index("ix_delivery_waiting", DeliveryRow.written_at, DeliveryRow.seq, sqlite_where=_waits, postgresql_where=_waits)
Index("ix_delivery_feed_section", DeliveryFeedRow.section, DeliveryFeedRow.delivery)
_unpublished = DeliveryFeedRow.published_at.is_(None)
Index(
    "ix_delivery_feed_unpublished",
    DeliveryFeedRow.section,
    DeliveryFeedRow.generation,
    sqlite_where=_unpublished,
    postgresql_where=_unpublished,
)
_unserved = DeliveryFeedRow.publication.is_not(None) & DeliveryFeedRow.served_at.is_(None)
Index("ix_delivery_feed_unserved", DeliveryFeedRow.publication, sqlite_where=_unserved, postgresql_where=_unserved)
_unpurged = DeliveryFeedRow.purge.is_not(None) & DeliveryFeedRow.purged_at.is_(None)
Index(
    "ix_delivery_feed_unpurged",
    DeliveryFeedRow.section,
    DeliveryFeedRow.version,
    sqlite_where=_unpurged,
    postgresql_where=_unpurged,
)
