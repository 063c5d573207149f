"""The tables of sources: what was read of another system, and how each source is doing. Only workers write them."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base


class SourceRow(Base):
    """A story of a source. ``digest`` is of what was read last; ``seen_at`` is when that was.

    ``article_id`` is the article that it became, if it did. ``refused`` says why what was read last was not stored, and
    ``asked_id`` under which id. ``vanished_at``: it is no longer public there; with ``refused``, it is listed there and
    not shown.
    """

    __tablename__ = "source_row"

    source: Mapped[str] = mapped_column(primary_key=True)
    foreign_id: Mapped[str] = mapped_column(primary_key=True)
    article_id: Mapped[str | None]
    digest: Mapped[str]
    seen_at: Mapped[datetime]
    vanished_at: Mapped[datetime | None]
    refused: Mapped[str | None]
    asked_id: Mapped[str | None]


class SourceStateRow(Base):
    """How a source is doing. ``fingerprint`` is of what the store has taken over completely.

    ``bookmark`` is what the reader wants to know at its next look. ``lag_ms`` is from the publication of the newest
    story there to its commit here. ``accepted_at``: an operator believes the next look, whatever vanished;
    ``taking_over_at``: until the end of a sweep, ids of other writers are taken over.
    """

    __tablename__ = "source_state"

    source: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    fingerprint: Mapped[str | None]
    bookmark: Mapped[str] = mapped_column(server_default="")
    looked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    lag_ms: Mapped[int | None] = mapped_column(BigInt)
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None]
    error: Mapped[str | None]
    retry_at: Mapped[datetime | None]
    requested_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str | None]
    held_since: Mapped[datetime | None]
    held_vanished: Mapped[int | None]
    held_window: Mapped[int | None]
    accepted_at: Mapped[datetime | None]
    taking_over_at: Mapped[datetime | None]
    window: Mapped[int] = mapped_column(server_default="0")
    articles: Mapped[int] = mapped_column(BigInt, server_default="0")
    refused: Mapped[int] = mapped_column(BigInt, server_default="0")
    sweep_after: Mapped[str | None]
    sweep_began_at: Mapped[datetime | None]
    swept_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]


Index("ix_source_row_article_id", SourceRow.article_id)
Index("ix_source_row_asked_id", SourceRow.asked_id)
