"""The newsroom's tables: articles and the rows that belong to them.

The newsroom's programs may write these through the ORM, Core or plain SQL: triggers capture all of it.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from syndication.store.db.types import BigInt, UtcTime, slug_check, utc_check, years_check


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can refer to it on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: Text, datetime: UtcTime}


# Without a rowid, REPLACE displaces a row only by its key, and so never one of another article.
NO_ROWID = {"sqlite_with_rowid": False}


def _article_key() -> Mapped[str]:
    return mapped_column(ForeignKey("article.id", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True)


class ArticleRow(Base):
    """An article. It has no unique key besides its id, so that REPLACE can displace no other row."""

    __tablename__ = "article"

    id: Mapped[str] = mapped_column(primary_key=True)
    guid: Mapped[str | None]
    slug: Mapped[str]
    url: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str | None]
    html: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str | None]
    published_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="draft")
    correction: Mapped[str | None]
    access: Mapped[str] = mapped_column(server_default="public")

    sections: Mapped[list["ArticleSectionRow"]] = relationship(
        order_by="ArticleSectionRow.position", cascade="all, delete-orphan"
    )
    authors: Mapped[list["AuthorRow"]] = relationship(order_by="AuthorRow.position", cascade="all, delete-orphan")
    tags: Mapped[list["TagRow"]] = relationship(order_by="TagRow.position", cascade="all, delete-orphan")
    image: Mapped["ImageRow | None"] = relationship(cascade="all, delete-orphan")
    enclosures: Mapped[list["EnclosureRow"]] = relationship(
        order_by="EnclosureRow.position", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("id <> ''", name="id_is_not_empty"),
        CheckConstraint("status IN ('draft', 'published', 'withdrawn')", name="status_is_known"),
        CheckConstraint("access IN ('public', 'members')", name="access_is_known"),
        CheckConstraint("status <> 'published' OR published_at IS NOT NULL", name="published_has_published_at"),
        utc_check("published_at"),
        utc_check("updated_at"),
        utc_check("expires_at"),
        years_check("published_at"),
        years_check("updated_at"),
        years_check("expires_at"),
    )


class ArticleSectionRow(Base):
    """A section of an article. Triggers copy the article's published_at, status and expires_at into it."""

    __tablename__ = "article_section"

    article_id: Mapped[str] = _article_key()
    section: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(server_default="0")
    published_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="draft")
    expires_at: Mapped[datetime | None]

    __table_args__ = (slug_check("section"), NO_ROWID)


class AuthorRow(Base):
    """One author of an article, in the order of the byline; ``id`` is the newsroom's own for this person."""

    __tablename__ = "article_author"

    article_id: Mapped[str] = _article_key()
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    email: Mapped[str | None]
    uri: Mapped[str | None]
    id: Mapped[str | None]

    __table_args__ = NO_ROWID


class TagRow(Base):
    """One tag of an article."""

    __tablename__ = "article_tag"

    article_id: Mapped[str] = _article_key()
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tag: Mapped[str]

    __table_args__ = NO_ROWID


class ImageRow(Base):
    """The lead image of an article; width and height in pixels."""

    __tablename__ = "article_image"

    article_id: Mapped[str] = _article_key()
    url: Mapped[str]
    caption: Mapped[str | None]
    credit: Mapped[str | None]
    alt: Mapped[str | None]
    width: Mapped[int | None] = mapped_column(BigInt)
    height: Mapped[int | None] = mapped_column(BigInt)

    __table_args__ = NO_ROWID


class EnclosureRow(Base):
    """A file that belongs to an article; length in bytes, duration in seconds."""

    __tablename__ = "article_enclosure"

    article_id: Mapped[str] = _article_key()
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[str]
    media_type: Mapped[str]
    length: Mapped[int | None] = mapped_column(BigInt)
    title: Mapped[str | None]
    duration: Mapped[int | None] = mapped_column(BigInt)

    __table_args__ = NO_ROWID


CHILD_ROWS: tuple[type[Base], ...] = (ArticleSectionRow, AuthorRow, TagRow, ImageRow, EnclosureRow)
"""The tables with the lists of an article."""

ARTICLE_ROWS: tuple[type[Base], ...] = (ArticleRow, *CHILD_ROWS)
"""The tables that a newsroom's programs write."""


class WithdrawalRow(Base):
    """A withdrawn article, which stays out until it is restored by id. Outlives the article's row.

    ``former_status`` is the status after a restore: the previous one, or one requested since. None: unknown.
    ``reason`` is for the newsroom; no feed shows it. ``batch`` is the act that withdrew it, see ``WithdrawalBatchRow``.
    """

    __tablename__ = "withdrawal"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str | None]
    former_status: Mapped[str | None]
    reason: Mapped[str | None]
    batch: Mapped[str | None]

    __table_args__ = (utc_check("at"), years_check("at"))


class WithdrawalBatchRow(Base):
    """Articles that one act withdrew, so that it can be undone as a whole."""

    __tablename__ = "withdrawal_batch"

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    reason: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]

    __table_args__ = (utc_check("at"), years_check("at"), utc_check("undone_at"), years_check("undone_at"))


class WithdrawnArticleRow(Base):
    """What one act did with one article, and what became of it when the act was undone.

    ``digest`` is of its content then. ``former_by`` had withdrawn it before, if the act took that over.
    """

    __tablename__ = "withdrawn_article"

    batch: Mapped[str] = mapped_column(
        ForeignKey("withdrawal_batch.id", ondelete="CASCADE", onupdate="CASCADE"), primary_key=True
    )
    article_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(server_default="0")
    outcome: Mapped[str]
    detail: Mapped[str | None]
    digest: Mapped[str | None]
    former_by: Mapped[str | None]
    undone: Mapped[str | None]

    __table_args__ = NO_ROWID


class ArticleCorrectionRow(Base):
    """The last correction of an article. Outlives the article's row.

    ``corrected_at`` is when it moved the date; None: it did not, or the writer has set a date since.
    """

    __tablename__ = "article_correction"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    correction: Mapped[str]
    corrected_at: Mapped[datetime | None]

    __table_args__ = (utc_check("corrected_at"), years_check("corrected_at"))


class FieldLockRow(Base):
    """A field of an article whose stored value programs do not replace, until it is released.

    Outlives the article's row: only a person makes one, so there are few. ``field`` is named as in JSON.
    """

    __tablename__ = "field_lock"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]

    __table_args__ = (utc_check("at"), years_check("at"), NO_ROWID)


class DeletedArticleRow(Base):
    """When an article's row was last deleted. It means nothing while the article has a row again."""

    __tablename__ = "deleted_article"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]

    __table_args__ = (utc_check("at"), years_check("at"))


class NinjsItemRow(Base):
    """The last version that was received of a ninjs item, and what became of it. Outlives the article's row.

    ``version`` and ``made_at`` are as the sender says. ``replaces`` is the story whose place it has taken.
    """

    __tablename__ = "ninjs_item"

    uri: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str | None]
    made_at: Mapped[datetime | None]
    status: Mapped[str]
    replaces: Mapped[str | None]
    received_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("status IN ('usable', 'withheld', 'canceled')", name="status_is_known"),
        utc_check("made_at"),
        years_check("made_at"),
    )


PUBLISHED = text("status = 'published'")

# Queries walk these backwards and stop: a feed's newest entries cost the same with any number of articles. They include
# the columns that decide whether an article has expired, so that expired rows are never read; and the status, which is
# always the same, because otherwise SQLite looks for it in the row.
Index(
    "ix_article_newest",
    ArticleRow.published_at.desc(),
    ArticleRow.id.desc(),
    ArticleRow.expires_at,
    sqlite_where=PUBLISHED,
    postgresql_where=PUBLISHED,
)
Index(
    "ix_article_section_newest",
    ArticleSectionRow.section,
    ArticleSectionRow.published_at.desc(),
    ArticleSectionRow.article_id.desc(),
    ArticleSectionRow.expires_at,
    ArticleSectionRow.status,
    sqlite_where=PUBLISHED,
    postgresql_where=PUBLISHED,
)
# For lists of drafts and withdrawn articles. For sweeps, the links: a link that missed a publication is found quickly.
UNPUBLISHED = text("status <> 'published'")
Index(
    "ix_article_unpublished",
    ArticleRow.published_at.desc(),
    ArticleRow.id.desc(),
    ArticleRow.status,
    sqlite_where=UNPUBLISHED,
    postgresql_where=UNPUBLISHED,
)
Index(
    "ix_article_section_unpublished",
    ArticleSectionRow.article_id,
    ArticleSectionRow.section,
    sqlite_where=UNPUBLISHED,
    postgresql_where=UNPUBLISHED,
)
# Expiry times, in order: few articles expire, and only those are included.
EXPIRES = text("status = 'published' AND expires_at IS NOT NULL")
Index("ix_article_expiry", ArticleRow.expires_at, ArticleRow.id, sqlite_where=EXPIRES, postgresql_where=EXPIRES)
Index("ix_ninjs_item_replaces", NinjsItemRow.replaces)
Index("ix_withdrawal_batch_at", WithdrawalBatchRow.at)
