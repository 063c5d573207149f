"""The change queue: changes noticed by triggers, waiting to be gathered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, delete, func, select

from syndication.store.db.batches import batched
from syndication.store.tables.articles import ArticleSectionRow
from syndication.store.tables.publishing import ChangeRow, EntryRow

AT_ONCE = 5000
"""Changes gathered in one transaction, which stays short even after a big import."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What ``number`` rows of the queue said; ``everything``: any article may have changed.

    ``former`` are the sections under which articles were filed before. ``noticed_at`` is the time of the oldest; None
    if there are none. ``written`` is that of each article, in the order of their last changes.
    """

    number: int
    article_ids: frozenset[str]
    everything: bool
    former: Mapping[str, Collection[str]]
    noticed_at: datetime | None
    written: Mapping[str, datetime]


_OLDEST = select(ChangeRow.seq).order_by(ChangeRow.seq).limit(bindparam("most", type_=Integer))

_RETURNED = (ChangeRow.seq, ChangeRow.article_id, ChangeRow.noticed_at, ChangeRow.former_section)

# On PostgreSQL as an array, which is made once: as a table, the planner may have it made again for each row.
_TAKE = {
    "sqlite": delete(ChangeRow).where(ChangeRow.seq.in_(_OLDEST)).returning(*_RETURNED),
    "postgresql": delete(ChangeRow)
    .where(ChangeRow.seq == func.any(func.array(_OLDEST.with_for_update(skip_locked=True).scalar_subquery())))
    .returning(*_RETURNED),
}


def take(conn: Connection) -> Changes:
    """Deletes and returns the oldest changes, in the transaction that records their consequences.

    Two workers on PostgreSQL never take the same ones: what another has locked is left to it. Exactly what is returned
    is deleted: a change with a smaller number may be committed later.
    """
    # They come in the order in which they were deleted.
    rows = sorted(conn.execute(_TAKE[conn.dialect.name], {"most": AT_ONCE}), key=lambda row: row.seq)
    former: dict[str, set[str]] = {}
    written: dict[str, datetime] = {}
    for row in rows:
        if row.article_id is not None:
            # Put last: dicts keep the order in which keys came.
            written[row.article_id] = min(written.pop(row.article_id, row.noticed_at), row.noticed_at)
        if row.former_section is not None:
            former.setdefault(row.article_id, set()).add(row.former_section)
    return Changes(
        number=len(rows),
        article_ids=frozenset(written),
        everything=any(row.article_id is None for row in rows),
        former=former,
        noticed_at=min((row.noticed_at for row in rows), default=None),
        written=written,
    )


@dataclass(frozen=True, slots=True)
class Links:
    """The slugs under which each article is filed now, and the feeds that still show it."""

    filed: dict[str, set[str]]
    shown_in: dict[str, set[str]]

    @property
    def shown(self) -> frozenset[str]:
        """The feeds that show any of them."""
        return frozenset().union(*self.shown_in.values())


def read_links(conn: Connection, article_ids: Collection[str]) -> Links:
    """Returns where the articles are: what they are filed under, and what shows them."""
    filed: dict[str, set[str]] = {}
    shown: dict[str, set[str]] = {}
    for some in batched(sorted(article_ids)):
        links = select(ArticleSectionRow.article_id, ArticleSectionRow.section)
        for row in conn.execute(links.where(ArticleSectionRow.article_id.in_(some))):
            filed.setdefault(row.article_id, set()).add(row.section)
        entries = select(EntryRow.article_id, EntryRow.section)
        for row in conn.execute(entries.where(EntryRow.article_id.in_(some))):
            shown.setdefault(row.article_id, set()).add(row.section)
    return Links(filed, shown)


def oldest(conn: Connection) -> datetime | None:
    """Returns when the oldest waiting change was noticed.

    By the smallest number, which reads one row however long the queue is.
    """
    return conn.scalar(select(ChangeRow.noticed_at).order_by(ChangeRow.seq).limit(1))


def waiting(conn: Connection, most: int) -> int:
    """Returns the number of waiting changes, counted up to ``most``, because a big import leaves very many."""
    some = select(ChangeRow.seq).limit(most).subquery()
    return conn.scalar(select(func.count()).select_from(some)) or 0
