"""The revisions of an article: the states of it that stood in feeds, newest first, and the return to one of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from syndication.model.values import Article
from syndication.store.access.audit_log import Act, Actor, record
from syndication.store.publishing import entry_states
from syndication.store.publishing.article_states import forget_states, writers
from syndication.store.publishing.version_entries import VersionEntry, stretches
from syndication.store.tables.revisions import ArticleRevisionRow

REVERTED = (
    "title", "url", "slug", "html", "summary", "authors", "sections", "tags", "language", "image", "enclosures",
    "published_at", "expires_at",
)  # fmt: skip
"""What a return to a state replaces. Not what readers know the story by (id, guid), nor what an editor has decided
since: status, access, the date of the last update, and the note about what was corrected."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A state of an article that stood in a feed.

    ``shown_at`` is when a feed showed it last for the first time: later than ``first_shown_at`` if it came back.
    ``written_by`` is None if no record says who wrote it: a program that writes to the database, or an import.
    ``versions`` are those of feeds that had it, as far as they are kept.
    """

    digest: str
    title: str
    first_shown_at: datetime
    shown_at: datetime
    written_by: str | None
    written_at: datetime | None
    versions: Sequence[VersionEntry]

    @property
    def is_shown(self) -> bool:
        """Whether a feed shows it now."""
        return any(one.until is None for one in self.versions)


def list_revisions(conn: Connection, article_id: str, sections: Collection[str]) -> list[Revision]:
    """Returns the kept states of an article, newest first, with the versions of these sections' feeds."""
    row = ArticleRevisionRow
    columns = (row.digest, row.title, row.first_shown_at, row.shown_at, row.written_by, row.written_at)
    query = select(*columns).where(row.article_id == article_id).order_by(row.shown_at.desc(), row.digest)
    rows = conn.execute(query).all()
    known = writers(conn, article_id, [one.digest for one in rows])
    versions = stretches(conn, article_id, sections)
    found = []
    for one in rows:
        by, at = known.get(one.digest, (one.written_by, one.written_at))
        found.append(
            Revision(one.digest, one.title, one.first_shown_at, one.shown_at, by, at, versions.get(one.digest, ()))
        )
    return found


def revert(stored: Article, state: Article, note: str | None, locked: Collection[str]) -> tuple[Article, list[str]]:
    """Returns an article as it was in a ``state``, and the locked fields that keep their present value against it.

    With a ``note`` it is a correction, and without one a small fix.
    """
    kept = [name for name in REVERTED if name in locked and getattr(stored, name) != getattr(state, name)]
    values = {name: getattr(state, name) for name in REVERTED if name not in kept}
    return replace(stored, **values, correction=note or stored.correction), kept


def forget_revisions(conn: Connection, article_id: str, by: Actor, now: datetime) -> int:
    """Deletes all kept states of an article for good; returns their number, which is in the audit log.

    So no feed can be rolled back to a version that had the article.
    """
    entry_states.forget(conn, article_id)
    number = forget_states(conn, article_id)
    words = f"{number} state{'' if number == 1 else 's'}"
    record(conn, by, [Act("forget", article_id, "deleted", words)], now)
    return number
