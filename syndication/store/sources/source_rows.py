"""The stories of a source as they were taken over: which article each one is, and the digest that it had."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from syndication.store.db.batches import batched
from syndication.store.db.upsert import insert
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.sources import SourceRow


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A story as it was read last; ``article_id`` is the article that it became.

    ``refused`` says why what was read last was not stored, ``asked_id`` under which id. With ``vanished_at`` too, the
    source lists the story still, and does not show it.
    """

    foreign_id: str
    article_id: str | None
    digest: str
    seen_at: datetime
    vanished_at: datetime | None = None
    refused: str | None = None
    asked_id: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of an article, and its story there."""

    source: str
    row: KnownRow


_COLUMNS = (
    SourceRow.foreign_id, SourceRow.article_id, SourceRow.digest, SourceRow.seen_at, SourceRow.vanished_at,
    SourceRow.refused, SourceRow.asked_id,
)  # fmt: skip


def find(conn: Connection, source: str, foreign_ids: Sequence[str]) -> dict[str, KnownRow]:
    """Returns what is known of these stories, by id."""
    found: dict[str, KnownRow] = {}
    for some in batched(foreign_ids):
        query = select(*_COLUMNS).where(SourceRow.source == source, SourceRow.foreign_id.in_(some))
        found.update((row.foreign_id, _known(row)) for row in conn.execute(query))
    return found


def public_ids(conn: Connection, source: str) -> set[str]:
    """Returns the ids of all stories that were public when they were last seen, refused ones too."""
    return _ids(conn, SourceRow.source == source, SourceRow.vanished_at.is_(None))


def unshown_ids(conn: Connection, source: str) -> set[str]:
    """Returns the ids of stories that were withdrawn although the source listed them, because it did not show them."""
    return _ids(conn, SourceRow.source == source, SourceRow.vanished_at.is_not(None), SourceRow.refused.is_not(None))


def _ids(conn: Connection, *conditions: ColumnElement[bool]) -> set[str]:
    """Returns the ids there of stories, as one JSON text: 200,000 take a quarter of the time that their rows take."""
    gather = func.json_agg if conn.dialect.name == "postgresql" else func.json_group_array
    found = conn.scalar(select(gather(SourceRow.foreign_id)).where(*conditions))
    return set(json.loads(found) if isinstance(found, str) else found or ())


def owners(conn: Connection, article_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Returns the source and the id there of each of these articles that belongs to one."""
    found: dict[str, tuple[str, str]] = {}
    for some in batched(sorted(article_ids)):
        query = select(SourceRow.article_id, SourceRow.source, SourceRow.foreign_id).where(
            SourceRow.article_id.in_(some)
        )
        found.update((row.article_id, (row.source, row.foreign_id)) for row in conn.execute(query))
    return found


def origin(conn: Connection, article_id: str) -> Origin | None:
    """Returns where an article comes from, or a story that was refused under this id; None: from no source."""
    mine = or_(SourceRow.article_id == article_id, SourceRow.asked_id == article_id)
    query = select(SourceRow.source, *_COLUMNS).where(mine)
    # The story that became the article comes before one that was refused.
    row = conn.execute(query.order_by(SourceRow.article_id.is_(None), SourceRow.source).limit(1)).one_or_none()
    return None if row is None else Origin(row.source, _known(row))


def stored_ids(conn: Connection, article_ids: Collection[str]) -> set[str]:
    """Returns those of the articles that have a row, whoever wrote it."""
    found: set[str] = set()
    for some in batched(sorted(article_ids)):
        found.update(conn.scalars(select(ArticleRow.id).where(ArticleRow.id.in_(some))))
    return found


def count_claims(conn: Connection, source: str, others: Collection[str]) -> int:
    """Returns how many stories were refused whose ids ``accept`` gives to the source: other writers have them.

    ``others`` are the other configured sources, whose ids stay theirs.
    """
    owner = aliased(SourceRow)
    keeps = exists().where(owner.article_id == SourceRow.asked_id, owner.source.in_([source, *others]))
    is_taken = or_(
        exists().where(ArticleRow.id == SourceRow.asked_id), exists().where(owner.article_id == SourceRow.asked_id)
    )
    mine = SourceRow.source == source, SourceRow.refused.is_not(None), SourceRow.asked_id.is_not(None)
    return conn.scalar(select(func.count()).select_from(SourceRow).where(*mine, is_taken, ~keeps)) or 0


def record(conn: Connection, source: str, rows: Iterable[KnownRow]) -> None:
    """Records stories that were taken over or refused, in the transaction that stores their articles."""
    values = [
        {
            "source": source,
            "foreign_id": row.foreign_id,
            "article_id": row.article_id,
            "digest": row.digest,
            "seen_at": row.seen_at,
            "vanished_at": row.vanished_at,
            "refused": row.refused,
            "asked_id": row.asked_id,
        }
        for row in rows
    ]
    if values:
        statement = insert(conn, SourceRow)
        changed = {name: statement.excluded[name] for name in values[0] if name not in ("source", "foreign_id")}
        conn.execute(statement.on_conflict_do_update(index_elements=["source", "foreign_id"], set_=changed), values)


def record_vanished(conn: Connection, source: str, foreign_ids: Sequence[str], now: datetime) -> None:
    """Records that stories are no longer public there; forgets those that never became an article."""
    for some in batched(foreign_ids):
        mine = SourceRow.source == source, SourceRow.foreign_id.in_(some)
        conn.execute(delete(SourceRow).where(*mine, SourceRow.article_id.is_(None)))
        conn.execute(update(SourceRow).where(*mine).values(vanished_at=now, refused=None, asked_id=None))


def take_from_others(conn: Connection, source: str, article_ids: Collection[str]) -> None:
    """Forgets the rows of other sources for articles that are this source's now."""
    for some in batched(sorted(article_ids)):
        conn.execute(delete(SourceRow).where(SourceRow.article_id.in_(some), SourceRow.source != source))


def list_refused(conn: Connection, source: str, limit: int = 100) -> Mapping[str, str]:
    """Returns the reasons why stories were refused, by id, the newest first."""
    query = select(SourceRow.foreign_id, SourceRow.refused).where(
        SourceRow.source == source, SourceRow.refused.is_not(None)
    )
    rows = conn.execute(query.order_by(SourceRow.seen_at.desc(), SourceRow.foreign_id).limit(limit))
    return {row.foreign_id: row.refused for row in rows}


def count(conn: Connection, source: str) -> tuple[int, int]:
    """Returns how many stories are articles that are public there, and how many are refused."""
    public = func.count(SourceRow.article_id).filter(SourceRow.vanished_at.is_(None))
    query = select(public, func.count(SourceRow.refused)).where(SourceRow.source == source)
    articles, refused = conn.execute(query).one()
    return articles, refused


def _known(row: Any) -> KnownRow:
    return KnownRow(row.foreign_id, row.article_id, row.digest, row.seen_at, row.vanished_at, row.refused, row.asked_id)
