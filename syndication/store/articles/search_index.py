"""Keeps the search index: gathering notes which articles changed, and the worker indexes them between publications.

Not in the newsroom's own transactions: splitting a story into words takes about a millisecond, and as much again to
store them, which a bulk update of the newsroom would pay for each row. Until an article is indexed, a search reads it
itself (``search``), so that nothing is missing and nothing outdated is found.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, union, update
from sqlalchemy.exc import DataError

from syndication.model.search_words import article_words, filter_words
from syndication.model.values import Article
from syndication.store.articles.article_sizes import measure
from syndication.store.articles.articles import load_articles
from syndication.store.articles.readable_articles import read_cut
from syndication.store.articles.shown_articles import content_digest
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.db.upsert import insert as upsert
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.search import ArticleSearchRow, SearchChangeRow, SearchFillRow

INDEXED_AT_ONCE = 20
"""Articles in one step: some tens of milliseconds, the longest that a change waits for it."""

NOTED_AT_ONCE = 500
"""Articles noted in one step when all are to be indexed."""

MAX_BODY = 4 * 1024 * 1024
"""Bytes of the largest body whose words are indexed; of a larger one, only the rest of the article."""

SECOND = 2**22
"""Places of one second: more than four for each of its microseconds."""

UNDATED = -(2**62)
"""The first place of articles without a publication time: below any time of the calendar."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """What the index has of an article, or would have."""

    published_at: datetime | None
    digest: str | None
    words: frozenset[str]


_NOTE = insert(SearchChangeRow.__table__).inline()  # type: ignore[arg-type]  # a Table, whose numbers nobody asks for
_TAKE = (
    delete(SearchChangeRow)
    .where(SearchChangeRow.seq.in_(bindparam("seqs", expanding=True)))
    .returning(SearchChangeRow.seq)
    .execution_options(synchronize_session=False)
)
_FIRST = select(SearchChangeRow.article_id).order_by(SearchChangeRow.seq).limit(bindparam("most")).subquery()
_NEXT = select(SearchChangeRow.article_id, SearchChangeRow.seq).where(
    SearchChangeRow.article_id.in_(select(_FIRST.c.article_id))
)


def note_changes(conn: Connection, article_ids: Collection[str]) -> None:
    """Notes articles to index, in the transaction that gathers their changes."""
    if article_ids:
        conn.execute(_NOTE, [{"article_id": id} for id in sorted(article_ids)])


def begin_fill(conn: Connection) -> None:
    """Lets every article be indexed again, because any may have changed."""
    statement = upsert(conn, SearchFillRow).values(id=1, after="")
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"after": ""}))


def is_filled(conn: Connection) -> bool:
    """Returns whether every article has been indexed once."""
    rows = conn.execute(select(SearchFillRow.after)).all()
    return bool(rows) and rows[0].after is None


def index_next(database: Database) -> int:
    """Indexes the next articles that wait; returns how many, of which fewer than ``INDEXED_AT_ONCE`` were all.

    Reads and splits outside of the write transaction. That one then takes the rows that were read: who finds them gone
    has been overtaken by another worker, which has read the article later, and leaves it alone.
    """
    with database.snapshot() as conn:
        waiting = _waiting(conn)
        read = read_indexed(conn, list(waiting))
    if not waiting:
        return _fill_next(database)
    with database.write_again() as conn:
        _lock(conn)
        seqs = [seq for some in waiting.values() for seq in some]
        there: set[int] = set()
        for some in batched(seqs):
            there.update(conn.scalars(_TAKE, {"seqs": some}))
        store_indexed(conn, {id: read.get(id) for id, some in waiting.items() if there.issuperset(some)})
    return len(waiting)


def _waiting(conn: Connection) -> dict[str, list[int]]:
    """Returns the next articles to index, each with all its rows: numbers are not committed in their order."""
    found: dict[str, list[int]] = {}
    for row in conn.execute(_NEXT, {"most": INDEXED_AT_ONCE}):
        found.setdefault(row.article_id, []).append(row.seq)
    return found


def _fill_next(database: Database) -> int:
    """Notes the next articles of all, also those that are gone; returns 0 if none were left to look for.

    They are indexed like changed ones: what two workers read at different times would otherwise be stored in any order.
    """
    with database.read() as conn:
        rows = conn.execute(select(SearchFillRow.after)).all()
        if rows and rows[0].after is None:
            return 0
    with database.write_again() as conn:
        _lock(conn)
        after = conn.scalar(select(SearchFillRow.after))
        if after is not None:
            ids = _next_ids(conn, after)
            note_changes(conn, ids)
            conn.execute(update(SearchFillRow).values(after=ids[-1] if ids else None))
    return NOTED_AT_ONCE


def _next_ids(conn: Connection, after: str) -> list[str]:
    # Each in the order of its own index: a union of all ids would be sorted as a whole.
    each = [
        select(column.label("id")).where(column > after).order_by(column).limit(NOTED_AT_ONCE).subquery()
        for column in (ArticleRow.id, ArticleSearchRow.article_id)
    ]
    both = union(*(select(one.c.id) for one in each)).subquery()
    return list(conn.scalars(select(both.c.id).order_by(both.c.id).limit(NOTED_AT_ONCE)))


_ROW = select(SearchFillRow.id).with_for_update()


def _lock(conn: Connection) -> None:
    """Lets one worker write at a time, so that two never choose the same place."""
    if conn.scalar(_ROW) is None:
        conn.execute(upsert(conn, SearchFillRow).values(id=1, after="").on_conflict_do_nothing())
        conn.execute(_ROW)


def read_indexed(conn: Connection, ids: Sequence[str]) -> dict[str, IndexedArticle]:
    """Returns what to index of each of these articles that exists; of one that is over a limit, what can be read."""
    return {
        id: IndexedArticle(
            article.published_at,
            content_digest(article) if whole else None,
            article_words(article) | filter_words(article),
        )
        for id, (article, whole) in read_articles(conn, ids).items()
    }


def read_articles(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[Article, bool]]:
    """Returns these articles, and whether each is whole: texts over a limit are cut, huge bodies omitted."""
    bodies, over = measure(conn, ids)
    whole = [id for id, size in bodies.items() if id not in over and size <= MAX_BODY]
    try:
        found = {id: (article, True) for id, article in load_articles(conn, whole).items()}
        return found | {id: (_cut(conn, id, bodies[id]), False) for id in bodies.keys() - found.keys()}
    except (
        ValueError,
        OverflowError,
        DataError,
    ):  # A row that no program of ours can read; it must not keep the others out.
        if len(ids) == 1:
            return {}
        return {id: one for each in ids for id, one in read_articles(conn, [each]).items()}


def _cut(conn: Connection, id: str, size: int) -> Article:
    return read_cut(conn, id, size, MAX_BODY).article


def store_indexed(conn: Connection, indexed: Mapping[str, IndexedArticle | None]) -> None:
    """Replaces what the index has of these articles; None: the article is gone."""
    known = _known(conn, list(indexed))
    changed = {id: one for id, one in indexed.items() if not _is_same(known.get(id), one)}
    _forget(conn, [known[id] for id in changed if id in known])
    rows: list[dict[str, Any]] = []
    for id, one in changed.items():
        if one is not None:
            place = free_place(conn, one.published_at, {row["place"] for row in rows})
            rows.append({"place": place, "article_id": id, "digest": one.digest, "words": _joined(one.words)})
    if not rows:
        return
    conn.execute(insert(ArticleSearchRow), rows)
    if conn.dialect.name == "sqlite":
        conn.execute(text("INSERT INTO article_words (rowid, words) VALUES (:place, :words)"), rows)


def _known(conn: Connection, ids: Sequence[str]) -> dict[str, Any]:
    statement = _KNOWN[conn.dialect.name]
    return {row.article_id: row for some in batched(ids) for row in conn.execute(statement, {"ids": some})}


def _select_known(*more: Any) -> Any:
    query = select(ArticleSearchRow.article_id, ArticleSearchRow.place, ArticleSearchRow.digest, *more)
    return query.where(ArticleSearchRow.article_id.in_(bindparam("ids", expanding=True)))


# PostgreSQL needs no old words to forget them.
_KNOWN = {"sqlite": _select_known(ArticleSearchRow.words), "postgresql": _select_known()}


def _is_same(known: Any, one: IndexedArticle | None) -> bool:
    if known is None or one is None:
        return known is None and one is None
    words = known._mapping.get("words")
    return bool(
        words == _joined(one.words)
        and known.digest == one.digest
        and known.place // SECOND == place_of(one.published_at) // SECOND
    )


def _forget(conn: Connection, known: Iterable[Any]) -> None:
    for row in known:
        if conn.dialect.name == "sqlite":
            # FTS5 has no copy of the words, so it must be told what it is to forget.
            conn.execute(
                text("INSERT INTO article_words (article_words, rowid, words) VALUES ('delete', :place, :words)"),
                {"place": row.place, "words": row.words},
            )
        conn.execute(delete(ArticleSearchRow).where(ArticleSearchRow.place == row.place))


def _joined(words: frozenset[str]) -> str:
    return " ".join(sorted(words))


def place_of(published_at: datetime | None) -> int:
    """Returns the first place of an article with this publication time."""
    if published_at is None:
        return UNDATED
    since = published_at - _EPOCH
    whole = since // timedelta(seconds=1)
    return whole * SECOND + 4 * (since - timedelta(seconds=whole)).microseconds


_LAST_PLACE = select(func.max(ArticleSearchRow.place)).where(
    ArticleSearchRow.place >= bindparam("first", type_=ArticleSearchRow.place.type),
    ArticleSearchRow.place < bindparam("end", type_=ArticleSearchRow.place.type),
)


def free_place(conn: Connection, published_at: datetime | None, taken: Collection[int]) -> int:
    """Returns a place for an article with this publication time that no other article has, nor one of ``taken``."""
    place = place_of(published_at)
    end = place + 2**40 if published_at is None else (place // SECOND + 1) * SECOND
    while True:
        # Beside others of the same moment; if others of the same second follow at once, after them.
        there = conn.scalar(_LAST_PLACE, {"first": place, "end": end})
        last = max([one for one in taken if place <= one < end], default=None)
        used = [one for one in (there, last) if one is not None]
        if not used:
            return place
        if (
            place not in taken
            and conn.scalar(select(ArticleSearchRow.place).where(ArticleSearchRow.place == place)) is None
        ):
            return place
        if max(used) + 1 < end:
            return int(max(used)) + 1
        place, end = end, end + SECOND
