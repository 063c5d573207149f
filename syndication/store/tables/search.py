"""The search index: derived from articles by the worker, and rebuilt by it wherever it is missing."""

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base
from syndication.store.tables.publishing import AUTOINCREMENT

WORDS = Text().with_variant(TSVECTOR(), "postgresql")


class ArticleSearchRow(Base):
    """The words of one article. ``place`` orders articles by publication time, newest last; it is the row's number.

    On SQLite, the full-text table ``article_words`` indexes ``words`` and has no copy of its own. ``digest`` is of the
    content that was indexed; None: it could not be read as a whole.
    """

    __tablename__ = "article_search"

    place: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    article_id: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str | None]
    words: Mapped[str] = mapped_column(WORDS)


class SearchChangeRow(Base):
    """An article that waits to be indexed. Like ``change``: append-only, and exactly the rows that were read go."""

    __tablename__ = "search_change"

    seq: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    article_id: Mapped[str]

    __table_args__ = AUTOINCREMENT


class SearchFillRow(Base):
    """How far all articles have been indexed (one row); None: to the end. No row: not begun."""

    __tablename__ = "search_fill"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    after: Mapped[str | None]


Index("ix_search_change_article_id", SearchChangeRow.article_id)
Index("ix_article_search_words", ArticleSearchRow.words, postgresql_using="gin").ddl_if(dialect="postgresql")
