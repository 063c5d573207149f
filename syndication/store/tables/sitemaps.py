"""The tables of the sitemaps. Only the service writes them."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import NO_ROWID, Base


class SitemapStateRow(Base):
    """A part of the sitemaps: ``news``, a month such as ``2026-11``, or ``archive``, which finds the months.

    As in a section, work is waiting while the completed generation is behind the requested one, or after ``next_due``.
    Only the row of the archive has a ``fingerprint`` (of the configuration; empty: sitemaps are off) and a
    ``revision``, which rises with each change of any file.
    """

    __tablename__ = "sitemap_state"

    part: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str | None]
    revision: Mapped[int] = mapped_column(BigInt, server_default="0")
    requested_generation: Mapped[int] = mapped_column(BigInt, server_default="1")
    completed_generation: Mapped[int] = mapped_column(BigInt, server_default="0")
    rendered_at: Mapped[datetime | None]
    next_due: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]


class SitemapEntryRow(Base):
    """An article that a file of this part may list: what changes or deletes it has to reach this part too."""

    __tablename__ = "sitemap_entry"

    part: Mapped[str] = mapped_column(primary_key=True)
    article_id: Mapped[str] = mapped_column(primary_key=True)

    __table_args__ = (NO_ROWID,)


class SitemapFileRow(Base):
    """One file, in each content coding but identity. ``updated_at``: when its bytes last changed; it never goes back.

    ``last_modified`` is None for a version written while the clock was behind.
    """

    __tablename__ = "sitemap_file"

    path: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str]
    number: Mapped[int]
    version: Mapped[int] = mapped_column(BigInt)
    digest: Mapped[str]
    entries: Mapped[int]
    updated_at: Mapped[datetime]
    last_modified: Mapped[datetime | None]
    gzip: Mapped[bytes] = mapped_column(LargeBinary)
    br: Mapped[bytes] = mapped_column(LargeBinary)
    zstd: Mapped[bytes] = mapped_column(LargeBinary)


Index("ix_sitemap_entry_article_id", SitemapEntryRow.article_id)
Index("ix_sitemap_file_part", SitemapFileRow.part, SitemapFileRow.number)
