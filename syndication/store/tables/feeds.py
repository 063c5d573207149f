"""The tables of editors' feeds, and the number by which every process notices that they changed."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base


class FeedDefinitionRow(Base):
    """A feed that editors own. ``definition`` is JSON (``model/feed_definition.py``).

    ``number`` is that of its last change: the feed revision which that change made.
    """

    __tablename__ = "feed_definition"

    slug: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[str]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    number: Mapped[int] = mapped_column(BigInt)


class FeedRevisionRow(Base):
    """One row. Each change of a definition raises ``revision``, each request to read the files again ``reloads``."""

    __tablename__ = "feed_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInt, server_default="0")
    reloads: Mapped[int] = mapped_column(BigInt, server_default="0")
