"""The terms of articles: what the worker derives from tags, authors and languages, and the addresses of terms."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.tables.articles import NO_ROWID, PUBLISHED, Base


class ArticleTermRow(Base):
    """A tag, an author or a language of an article, by its key. The worker rewrites it when it gathers a change.

    It refers to no article, so that the terms of a deleted one are still known when the deletion is gathered. The
    times and the status are copies that lead a walk; the article itself decides. ``registered``: 1 once the term has
    its address, or needs none, which is seen when the article is public.
    """

    __tablename__ = "article_term"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    published_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="draft")
    expires_at: Mapped[datetime | None]
    registered: Mapped[int] = mapped_column(server_default="0")

    __table_args__ = NO_ROWID


class TermRow(Base):
    """The address of a term that a public article has or had; it stays.

    ``name`` is how that article wrote it; that of an author with an id follows the byline.
    """

    __tablename__ = "term"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str]

    __table_args__ = (UniqueConstraint("kind", "slug"),)


BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes on both databases, so that everything with one beginning is one range of an index."""


class TermWordRow(Base):
    """What a term is found by: its text from the beginning of each word (``model.term_words``)."""

    __tablename__ = "term_word"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(BYTEWISE, primary_key=True)

    __table_args__ = (Index("ix_term_word_search", "word", "kind", "key"), NO_ROWID)


class TermFillRow(Base):
    """How far the terms of all articles have been read (one row); None: to the end. No row: not begun.

    ``again``: 1 if they had been read before, so that only what differs is news.
    """

    __tablename__ = "term_fill"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    after: Mapped[str | None]
    again: Mapped[int] = mapped_column(server_default="0")


Index(
    "ix_article_term_newest",
    ArticleTermRow.kind,
    ArticleTermRow.key,
    ArticleTermRow.published_at.desc(),
    ArticleTermRow.article_id.desc(),
    ArticleTermRow.expires_at,
    ArticleTermRow.status,
    sqlite_where=PUBLISHED,
    postgresql_where=PUBLISHED,
)
# Few rows: those of articles that were not public when they were last looked at.
UNREGISTERED = text("status = 'published' AND registered = 0")
Index(
    "ix_article_term_unregistered",
    ArticleTermRow.published_at,
    ArticleTermRow.article_id,
    sqlite_where=UNREGISTERED,
    postgresql_where=UNREGISTERED,
)
