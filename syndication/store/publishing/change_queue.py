"""The change queue: changes noticed by triggers, waiting to be gathered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from syndication.store.db.batches import batched
from syndication.store.tables.articles import ArticleSectionRow
from syndication.store.tables.publishing import ChangeRow, EntryRow

AT_ONCE = 5000
"""Changes gathered in one transaction, which stays short even after a big import."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows of the queue: ``seqs`` are the rows to delete; ``everything``: any article may have changed.

    ``former`` are the sections under which articles were filed before. ``noticed_at`` is the time of the oldest; None
    if there are none.
    """

    seqs: tuple[int, ...]
    article_ids: frozenset[str]
    everything: bool
    former: Mapping[str, Collection[str]]
    noticed_at: datetime | None


def read(conn: Connection) -> Changes:
    """Returns the oldest changes, locked on PostgreSQL so that two workers never gather the same ones."""
    rows = conn.execute(
        select(ChangeRow.seq, ChangeRow.article_id, ChangeRow.noticed_at, ChangeRow.former_section)
        .order_by(ChangeRow.seq)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    former: dict[str, set[str]] = {}
    for row in rows:
        if row.former_section is not None:
            former.setdefault(row.article_id, set()).add(row.former_section)
    return Changes(
        seqs=tuple(row.seq for row in rows),
        article_ids=frozenset(row.article_id for row in rows if row.article_id is not None),
        everything=any(row.article_id is None for row in rows),
        former=former,
        noticed_at=min((row.noticed_at for row in rows), default=None),
    )


def remove(conn: Connection, seqs: Sequence[int]) -> None:
    """Deletes exactly these rows: one with a smaller number may have been committed since they were read."""
    for some in batched(seqs):
        conn.execute(delete(ChangeRow).where(ChangeRow.seq.in_(some)))


@dataclass(frozen=True, slots=True)
class Links:
    """The slugs under which each article is filed now, and the feeds that still show any of them."""

    filed: dict[str, set[str]]
    shown: frozenset[str]


def read_links(conn: Connection, article_ids: Collection[str]) -> Links:
    """Returns where the articles are: what they are filed under, and what shows them."""
    filed: dict[str, set[str]] = {}
    shown: set[str] = set()
    for some in batched(sorted(article_ids)):
        links = select(ArticleSectionRow.article_id, ArticleSectionRow.section)
        for row in conn.execute(links.where(ArticleSectionRow.article_id.in_(some))):
            filed.setdefault(row.article_id, set()).add(row.section)
        shown.update(conn.scalars(select(EntryRow.section).where(EntryRow.article_id.in_(some)).distinct()))
    return Links(filed, frozenset(shown))


def oldest(conn: Connection) -> datetime | None:
    """Returns when the oldest waiting change was noticed.

    By the smallest number, which reads one row however long the queue is.
    """
    return conn.scalar(select(ChangeRow.noticed_at).order_by(ChangeRow.seq).limit(1))


def waiting(conn: Connection, most: int) -> int:
    """Returns the number of waiting changes, counted up to ``most``, because a big import leaves very many."""
    some = select(ChangeRow.seq).limit(most).subquery()
    return conn.scalar(select(func.count()).select_from(some)) or 0
