"""A worker that died while it regenerated a section: that is the section's failure, and perhaps an article's.

The first death costs nothing: the next worker goes on at once, but writes down each article that it renders
(``leases.under_way``). After another one the section waits, twice as long each time, and the article that was under
way then is left out for as long as its row stays as it is (``FatalRow``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, exists, insert, not_, select, update

from syndication.model.values import Article
from syndication.store.articles import articles
from syndication.store.articles.stored_digests import stored_digests
from syndication.store.db.batches import chunks
from syndication.store.processes.workers import ALIVE
from syndication.store.tables.publishing import FatalRow, SectionRow, WorkerRow

ERROR = "a worker died while it regenerated this section"

KEPT = 1_000
"""Articles that are remembered as fatal: the newest."""

REASON = "two workers died while they rendered it: change the article, and it is tried again"


def record(
    conn: Connection, mine: Mapping[str, str], owner: str, retry: tuple[timedelta, timedelta], now: datetime
) -> list[str]:
    """Record a failure for each section whose lease ran out in the hands of a dead worker; gives their slugs.

    A worker that stops in order has given its leases back, one that is only slow still says that it is alive, and
    whoever wakes up again is ``owner`` itself.
    """
    alive = exists().where(WorkerRow.id == SectionRow.lease_owner, WorkerRow.seen_at > now - ALIVE)
    rows = conn.execute(
        select(SectionRow.section, SectionRow.failures, SectionRow.deaths, SectionRow.under_way)
        .where(
            SectionRow.section.in_(mine),
            SectionRow.fingerprint.in_(mine.values()),
            and_(SectionRow.lease_owner.is_not(None), SectionRow.lease_owner != owner),
            SectionRow.lease_until <= now,
            not_(alive),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        first, longest = (pause.total_seconds() for pause in retry)
        before = row.deaths or 0
        pause = min(longest, first * 2 ** min(before - 1, 20)) if before else 0.0
        conn.execute(
            update(SectionRow)
            .where(SectionRow.section == row.section)
            .values(
                failures=row.failures + 1,
                deaths=before + 1,
                error=ERROR,
                under_way=None,
                lease_owner=None,
                lease_until=None,
                **({"retry_at": now + timedelta(seconds=pause)} if pause else {}),
            )
        )
        if row.under_way is not None and (digest := _stored(conn, row.under_way)) is not None:
            conn.execute(delete(FatalRow).where(FatalRow.article_id == row.under_way))
            conn.execute(insert(FatalRow).values(article_id=row.under_way, digest=digest, at=now))
    return [row.section for row in rows]


def fatal(conn: Connection) -> dict[str, str]:
    """The articles that killed workers, each with the digest of what it was then."""
    return {row.article_id: row.digest for row in conn.execute(select(FatalRow.article_id, FatalRow.digest))}


def still_fatal(article: Article, known: Mapping[str, str]) -> bool:
    """Whether the article is one of them, and has not changed since."""
    return article.id in known and known[article.id] == digest_of(article)


def prune(conn: Connection, before: datetime) -> None:
    """Forget articles that are gone or changed, that killed a worker before a time, or that are beyond the newest.

    One that is still stored as it was is tried again then: the next program may render it.
    """
    conn.execute(delete(FatalRow).where(FatalRow.at < before))
    known = fatal(conn)
    same = stored_digests(conn, known, digest_of)
    newest = select(FatalRow.article_id).order_by(FatalRow.at.desc(), FatalRow.article_id)
    other = {id for id, digest in known.items() if same.get(id) != digest} | set(conn.scalars(newest.offset(KEPT)))
    for some in chunks(sorted(other)):
        conn.execute(delete(FatalRow).where(FatalRow.article_id.in_(some)))


def digest_of(article: Article) -> str:
    """A digest of everything that is stored of an article."""
    return hashlib.sha256(repr(article).encode("utf-8", "surrogatepass")).hexdigest()


def give_back(conn: Connection, owner: str) -> None:
    """A worker that stops in order holds no section any more."""
    conn.execute(update(SectionRow).where(SectionRow.lease_owner == owner).values(lease_owner=None, lease_until=None))


def _stored(conn: Connection, article_id: str) -> str | None:
    found: Sequence[Article] = list(articles.load_articles(conn, [article_id]).values())
    return digest_of(found[0]) if found else None
