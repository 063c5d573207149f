"""Worker deaths during a regeneration: recorded as failures of the section, and perhaps of an article.

The first death costs nothing: the next worker continues at once, but records each article that it renders
(``leases.record_rendering_article``). After another death the section waits, twice as long each time, and the article
that was being rendered is left out until its row changes (``FatalArticleRow``).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, exists, insert, not_, select, update

from syndication.model.values import Article
from syndication.store.articles.stored_digests import stored_digests
from syndication.store.db.batches import batched
from syndication.store.processes.workers import is_alive
from syndication.store.tables.publishing import FatalArticleRow, SectionStateRow, WorkerRow

ERROR = "a worker died while regenerating this section"

KEPT = 1_000
"""The most fatal articles kept: the newest."""

REASON = "two workers died while rendering it: change the article to retry"


def record_deaths(
    conn: Connection, mine: Mapping[str, str], owner: str, retry: tuple[timedelta, timedelta], now: datetime
) -> list[str]:
    """Records a failure for each section whose lease ran out while a dead worker held it; returns their slugs.

    A worker that stops normally has released its leases, a slow one still has a heartbeat, and one that wakes up
    again is ``owner`` itself.
    """
    alive = exists().where(WorkerRow.id == SectionStateRow.lease_owner, is_alive(WorkerRow, now))
    rows = conn.execute(
        select(
            SectionStateRow.section,
            SectionStateRow.fingerprint,
            SectionStateRow.failures,
            SectionStateRow.deaths,
            SectionStateRow.rendering_article_id,
        )
        .where(
            and_(SectionStateRow.lease_owner.is_not(None), SectionStateRow.lease_owner != owner),
            SectionStateRow.lease_until <= now,
            not_(alive),
        )
        .with_for_update(skip_locked=True)
    ).all()
    rows = [row for row in rows if mine.get(row.section) == row.fingerprint]
    for row in rows:
        first, longest = (pause.total_seconds() for pause in retry)
        before = row.deaths or 0
        pause = min(longest, first * 2 ** min(before - 1, 20)) if before else 0.0
        conn.execute(
            update(SectionStateRow)
            .where(SectionStateRow.section == row.section)
            .values(
                failures=row.failures + 1,
                deaths=before + 1,
                error=ERROR,
                rendering_article_id=None,
                lease_owner=None,
                lease_until=None,
                **({"retry_at": now + timedelta(seconds=pause)} if pause else {}),
            )
        )
        if row.rendering_article_id is not None:
            _record_fatal(conn, row.rendering_article_id, now)
    return [row.section for row in rows]


def read_fatal(conn: Connection) -> dict[str, str]:
    """Returns the articles that killed workers, each with the digest of its content then."""
    return {
        row.article_id: row.digest for row in conn.execute(select(FatalArticleRow.article_id, FatalArticleRow.digest))
    }


def is_still_fatal(article: Article, known: Mapping[str, str]) -> bool:
    """Returns whether the article is one of them and has not changed since."""
    return article.id in known and known[article.id] == article_digest(article)


def prune(conn: Connection, before: datetime) -> None:
    """Deletes articles that are gone or changed, that killed a worker before ``before``, or that exceed the limit.

    An unchanged article is then tried again: the next program may render it.
    """
    conn.execute(delete(FatalArticleRow).where(FatalArticleRow.at < before))
    known = read_fatal(conn)
    same = stored_digests(conn, known, article_digest)
    newest = select(FatalArticleRow.article_id).order_by(FatalArticleRow.at.desc(), FatalArticleRow.article_id)
    other = {id for id, digest in known.items() if same.get(id) != digest} | set(conn.scalars(newest.offset(KEPT)))
    for some in batched(sorted(other)):
        conn.execute(delete(FatalArticleRow).where(FatalArticleRow.article_id.in_(some)))


def article_digest(article: Article) -> str:
    """Returns a digest of everything stored of an article."""
    return hashlib.sha256(repr(article).encode("utf-8", "surrogatepass")).hexdigest()


def release_leases(conn: Connection, owner: str) -> None:
    """Releases the leases of a worker that stops normally."""
    conn.execute(
        update(SectionStateRow).where(SectionStateRow.lease_owner == owner).values(lease_owner=None, lease_until=None)
    )


def _record_fatal(conn: Connection, article_id: str, now: datetime) -> None:
    """Records an article, with its content, as one that killed a worker; does nothing if it is gone or unreadable."""
    for digest in stored_digests(conn, [article_id], article_digest).values():
        conn.execute(delete(FatalArticleRow).where(FatalArticleRow.article_id == article_id))
        conn.execute(insert(FatalArticleRow).values(article_id=article_id, digest=digest, at=now))
