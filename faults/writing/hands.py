"""Two ways to write a story: plain SQL, as a CMS does, and the functions of the service's own store."""

from typing import Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from faults.writing.journal import Story
from syndication.model.values import Article
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, withdrawals
from syndication.store.db.database import Database
from syndication.store.db.types import utc_text

WRITER = Actor("a writer", "the faults")

SECONDS = 5
"""The timeout for a connection, and for another writer of SQLite."""

_PUT = """
INSERT INTO article (id, slug, url, title, html, status, published_at, updated_at, expires_at)
VALUES (:id, :id, :url, :title, :html, :status, :published_at, :updated_at, :expires_at)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, html = excluded.html, status = excluded.status,
  published_at = excluded.published_at, updated_at = excluded.updated_at, expires_at = excluded.expires_at
"""


class Hand(Protocol):
    """Makes the store match ``story``; every method is idempotent."""

    def put(self, story: Story) -> None:
        """Writes the whole story."""

    def withdraw(self, story: Story) -> None:
        """Withdraws the story."""

    def close(self) -> None:
        """Closes the connections."""


class PlainSql:
    """A CMS that writes two tables."""

    def __init__(self, url: str) -> None:
        postgresql = url.startswith("postgresql")
        self._engine = create_engine(
            url.replace("postgresql://", "postgresql+psycopg://"),
            poolclass=NullPool,
            connect_args={"connect_timeout": SECONDS} if postgresql else {"timeout": SECONDS},
        )

    def put(self, story: Story) -> None:
        """Inserts or updates the story, and replaces its sections."""
        with self._engine.begin() as conn:
            conn.execute(text(_PUT), _values(story))
            _file(conn, story)

    def replace(self, story: Story) -> None:
        """Deletes the row and inserts it again in one transaction, as many synchronizing programs do."""
        with self._engine.begin() as conn:
            conn.execute(text("DELETE FROM article WHERE id = :id"), {"id": story.id})
            conn.execute(text(_PUT), _values(story))
            _file(conn, story)

    def withdraw(self, story: Story) -> None:
        """Sets the status to withdrawn."""
        with self._engine.begin() as conn:
            conn.execute(text("UPDATE article SET status = 'withdrawn' WHERE id = :id"), {"id": story.id})

    def delete(self, story: Story) -> None:
        """Deletes the row and what belongs to it."""
        with self._engine.begin() as conn:
            conn.execute(text("DELETE FROM article WHERE id = :id"), {"id": story.id})

    def close(self) -> None:
        """Closes the engine."""
        self._engine.dispose()


class OwnStore:
    """The functions of the store that the import and the API use."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def put(self, story: Story) -> None:
        """Writes the story as the import does."""
        list(articles.put_articles(self._database, [_article(story)]))

    def withdraw(self, story: Story) -> None:
        """Withdraws the story as ``syndication withdraw`` does."""
        withdrawals.withdraw(self._database, [story.id], WRITER)

    def restore(self, story: Story) -> None:
        """Restores the story as ``syndication restore`` does, the only way to do so."""
        withdrawals.restore(self._database, [story.id], WRITER)

    def close(self) -> None:
        """Closes the pool."""
        self._database.close()


def _wanted(story: Story) -> str:
    """Returns the status that a CMS writes that does not know of withdrawals."""
    return "draft" if story.draft else "published"


def _values(story: Story) -> dict[str, str | None]:
    return {
        "id": story.id,
        "url": f"/news/{story.id}",
        "title": story.title,
        "html": story.html,
        "status": _wanted(story),
        "published_at": utc_text(story.published_at),
        "updated_at": utc_text(story.updated_at) if story.updated_at else None,
        "expires_at": utc_text(story.expires_at) if story.expires_at else None,
    }


def _file(conn: Connection, story: Story) -> None:
    conn.execute(text("DELETE FROM article_section WHERE article_id = :id"), {"id": story.id})
    rows = [{"id": story.id, "section": slug, "position": n} for n, slug in enumerate(story.sections)]
    conn.execute(
        text("INSERT INTO article_section (article_id, section, position) VALUES (:id, :section, :position)"), rows
    )


def _article(story: Story) -> Article:
    return Article(
        id=story.id,
        slug=story.id,
        url=f"/news/{story.id}",
        title=story.title,
        html=story.html,
        sections=story.sections,
        published_at=story.published_at,
        updated_at=story.updated_at,
        expires_at=story.expires_at,
        status=_wanted(story),
    )
