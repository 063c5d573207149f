"""The states of articles that stood in feeds, and which versions of feeds had them."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.tables.articles import Base


class ArticleRevisionRow(Base):
    """The state of an article that stood in a feed; it is named by the ``digest`` of its content.

    ``state`` is the article as JSON, compressed with zstd. It stood in a feed from ``first_shown_at`` on, and again
    from ``shown_at`` on if the article came back to it. ``written_by`` and ``written_at`` are copied from the audit log
    before that forgets them.
    """

    __tablename__ = "article_revision"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[bytes] = mapped_column(LargeBinary)
    first_shown_at: Mapped[datetime]
    shown_at: Mapped[datetime]
    written_by: Mapped[str | None]
    written_at: Mapped[datetime | None]


Index("ix_article_revision_article_id", ArticleRevisionRow.article_id, ArticleRevisionRow.shown_at)
Index("ix_article_revision_shown_at", ArticleRevisionRow.shown_at)
