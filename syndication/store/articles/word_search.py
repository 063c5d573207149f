"""Finds articles by their words and terms in the search index, and reads itself what is not indexed yet."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, column, func, not_, select, table, text

from syndication.errors import SyndicationError
from syndication.model.search_words import (
    MEMBERS,
    NO_LANGUAGE,
    WantedWord,
    article_words,
    has_words,
    status_word,
    term_word,
    wanted_words,
)
from syndication.model.selection import Term
from syndication.model.values import Article
from syndication.model.wanted_terms import article_terms
from syndication.store.articles.found_articles import (
    COLUMNS,
    MOST_COUNTED,
    ArticleFilter,
    FoundArticle,
    Hits,
    conditions_of,
    found_article,
    is_changed,
    visible,
)
from syndication.store.articles.search_index import is_filled, place_of, read_articles
from syndication.store.articles.shown_articles import content_digest, digests, is_public
from syndication.store.db.batches import batched
from syndication.store.db.cursors import INVALID_CURSOR, encode_cursor
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import ChangeRow, LeftOutRow
from syndication.store.tables.search import ArticleSearchRow, SearchChangeRow

MOST_READ = 500
"""Changed articles that a search reads itself; while more wait, it says that it may be incomplete."""

NEWEST_LOOKED_AT = 20_000
"""Places that are looked at in order, on PostgreSQL, before all hits are read and sorted."""


class IndexSearch:
    """One search by words or terms, on one connection."""

    def __init__(self, conn: Connection, wanted: ArticleFilter, now: datetime) -> None:
        self.conn, self.wanted, self.now = conn, wanted, now
        self.words = wanted_words(wanted.text)
        changed, self.read_all = _changed_articles(conn)
        # An id without a letter or a digit has no words.
        self.changed = changed | ({wanted.text} if wanted.text and not self.words else set())
        """Articles whose row in the index does not count; they are read themselves."""
        self.known: int | None = None
        """How many rows of the index are hits, up to ``MOST_COUNTED`` and one more, once that is known."""
        self._changed_found: list[tuple[Article, int]] | None = None

    def page(self, limit: int, after: str | None) -> tuple[list[FoundArticle], str | None]:
        """Returns one page and the cursor of the next."""
        place, id = _read_place(after)
        own = [(at, one.id) for one, at in self._changed_hits()]
        hits = sorted({*self._hits(place, limit + 2), *own}, reverse=True)
        if place is not None:
            hits = [hit for hit in hits if hit < (place, id)]
        rows = self._rows([id for _, id in hits[: limit + 1]])
        # An article may be deleted between two statements.
        found = [found_article(rows[id]) for _, id in hits[:limit] if id in rows]
        cursor = encode_cursor(None, f"{hits[limit - 1][0]} {hits[limit - 1][1]}") if len(hits) > limit else None
        return found, cursor

    def count(self) -> Hits:
        """Returns the number of hits."""
        found = self._count() + len(self._changed_hits())
        complete = is_filled(self.conn) and (self.read_all or not self.wanted.hidden)
        return Hits(min(found, MOST_COUNTED), found > MOST_COUNTED, complete)

    def _rows(self, ids: Sequence[str]) -> dict[str, Row[Any]]:
        found: dict[str, Row[Any]] = {}
        for some in batched(ids):
            found |= {row.id: row for row in self.conn.execute(select(*COLUMNS).where(ArticleRow.id.in_(some)))}
        return found

    # What changed since it was indexed.

    def _changed_hits(self) -> list[tuple[Article, int]]:
        """Returns the changed articles that are found, each with the place that it would have."""
        if self._changed_found is None:
            self._changed_found = self._read_changed()
        return self._changed_found

    def _read_changed(self) -> list[tuple[Article, int]]:
        articles = read_articles(self.conn, sorted(self.changed))
        found = [article for article, _ in articles.values() if self._matches(article)]
        seen = {article.id for article in found} if self.wanted.hidden else self._seen(found)
        kept = self._kept([article.id for article in found if article.id in seen])
        return [(article, place_of(article.published_at)) for article in found if article.id in kept]

    def _matches(self, article: Article) -> bool:
        wanted = self.wanted
        if wanted.status is not None and article.status != wanted.status:
            return False
        if wanted.feed is not None and not wanted.feed.matches(article_terms(article)):
            return False
        if not wanted.text or article.id == wanted.text:
            return True
        return bool(self.words) and has_words(article_words(article), self.words, members=wanted.hidden)

    def _seen(self, articles: Sequence[Article]) -> set[str]:
        known = digests(self.conn, [article.id for article in articles])
        return {
            article.id
            for article in articles
            if is_public(article, self.now) or known.get(article.id) == content_digest(article)
        }

    def _kept(self, ids: Sequence[str]) -> set[str]:
        conditions = conditions_of(self.wanted, self.now)
        if not conditions:
            return set(ids)
        found: set[str] = set()
        for some in batched(ids):
            found.update(self.conn.scalars(select(ArticleRow.id).where(ArticleRow.id.in_(some), *conditions)))
        return found

    # What the index has.

    def _hits(self, before: int | None, limit: int) -> list[tuple[int, str]]:
        """Returns the newest hits, up to and with the place ``before``."""
        if (question := self._question()) is None:
            return []
        return [(row.place, row.article_id) for row in self._ordered(question, limit, before)]

    def _count(self) -> int:
        if self.known is not None:
            return self.known
        if (question := self._question()) is None:
            return 0
        query = self._counted(question).limit(MOST_COUNTED + 1)
        with _by_words(self.conn):
            return self.conn.scalar(select(func.count()).select_from(query.subquery())) or 0

    def _ordered(self, question: str, limit: int, before: int | None) -> Sequence[Row[Any]]:
        hits, place = self._matching(question, before)
        newest = hits.order_by(place.desc()).limit(limit)
        if self.conn.dialect.name == "sqlite":
            # FTS5 reads its rows in their order, and stops.
            return self.conn.execute(newest).all()
        with _by_words(self.conn):
            some = hits.limit(MOST_COUNTED + 1).subquery()
            rows = self.conn.execute(select(some).order_by(some.c.place.desc())).all()
        if before is None:
            self.known = len(rows)
        if len(rows) <= MOST_COUNTED:
            return rows[:limit]
        # A common word: walks the newest places, which has many of them.
        rows = self.conn.execute(self._walking(question, before).limit(limit)).all()
        if len(rows) == limit:
            return rows
        with _by_words(self.conn):
            return self.conn.execute(newest).all()

    def _matching(self, question: str, before: int | None = None) -> tuple[Any, Any]:
        """Returns a statement of the place and the article of each hit, in no order, and its place."""
        if self.conn.dialect.name == "sqlite":
            found = select(_ROWID.label("place"), ArticleSearchRow.article_id).select_from(_FTS)
            found = found.join(ArticleSearchRow, ArticleSearchRow.place == _ROWID)
            found = self._within(found.where(_MATCH.bindparams(question=question)), _ROWID, before)
            if self.wanted.feeds == "left-out":  # Few, so they are looked up, and not each hit of a common word.
                found = found.where(_ROWID.in_(_LEFT_OUT))
            return self._filtered(found, ArticleSearchRow.article_id), _ROWID
        # Materialized: what else is asked of an article is asked of each hit, as far as hits are needed.
        words = select(ArticleSearchRow.place, ArticleSearchRow.article_id)
        words = words.where(_has_words(ArticleSearchRow.words, question))
        if self.wanted.feeds == "left-out":
            words = words.where(ArticleSearchRow.article_id.in_(select(LeftOutRow.article_id)))
        hits = self._within(words, ArticleSearchRow.place, before).cte("hits").prefix_with("MATERIALIZED")
        return self._filtered(select(hits.c.place, hits.c.article_id), hits.c.article_id), hits.c.place

    def _walking(self, question: str, before: int | None) -> Any:
        """Returns a statement of the hits among the newest places, newest first."""
        walk = select(ArticleSearchRow).order_by(ArticleSearchRow.place.desc()).limit(NEWEST_LOOKED_AT)
        places = self._within(walk, ArticleSearchRow.place, before).subquery()
        hits = select(places.c.place, places.c.article_id).where(_has_words(places.c.words, question))
        return self._filtered(hits, places.c.article_id).order_by(places.c.place.desc())

    def _counted(self, question: str) -> Any:
        """Returns a statement of all hits; on SQLite, it reads no row if the index alone decides."""
        if self.conn.dialect.name != "sqlite" or self._is_filtered:
            return self._matching(question)[0]
        numbers = select(_ROWID).select_from(_FTS).where(_MATCH.bindparams(question=question))
        return self._within(numbers, _ROWID)

    @property
    def _is_filtered(self) -> bool:
        return bool(self.changed or self.wanted.feeds or not self.wanted.hidden)

    def _within(self, query: Any, place: Any, before: int | None = None) -> Any:
        if before is not None:
            query = query.where(place <= before)
        if self.wanted.since is not None:
            query = query.where(place >= place_of(self.wanted.since))
        if self.wanted.until is not None:
            query = query.where(place < place_of(self.wanted.until))
        return query

    def _filtered(self, query: Any, id: Any) -> Any:
        if self.changed:
            query = query.where(id.not_in(self.changed))
        conditions = conditions_of(replace(self.wanted, since=None, until=None), self.now)
        if not self.wanted.hidden:
            conditions += [visible(self.now), not_(is_changed(ArticleRow.id))]
        return query.join(ArticleRow, ArticleRow.id == id).where(*conditions) if conditions else query

    def _question(self) -> str | None:
        """Returns the question to the index; None: no article can be an answer."""
        wanted = self.wanted
        if wanted.text and not self.words:
            return None
        parts = [self._word(one) for one in self.words]
        if wanted.status is not None or wanted.feeds == "none":
            parts.append(self._any([WantedWord(status_word(wanted.status or "published"))]))
        if wanted.feed is not None:
            groups = [group for group in (wanted.feed.any, *wanted.feed.all) if group]
            parts += [self._any(self._terms(group)) for group in groups]
            if not parts and wanted.feed.none:  # FTS5 needs something to take others from.
                parts = [self._any([WantedWord(status_word(one)) for one in ("draft", "published", "withdrawn")])]
            excluded = self._any(self._terms(wanted.feed.none)) if wanted.feed.none else ""
        else:
            excluded = ""
        if self.conn.dialect.name == "sqlite":
            asked = " AND ".join(parts)
            return f"({asked}) NOT {excluded}" if excluded else asked
        return " & ".join([*parts, *([f"!{excluded}"] if excluded else [])])

    def _word(self, one: WantedWord) -> str:
        both = [one, WantedWord(MEMBERS + one.word, one.beginning)] if self.wanted.hidden else [one]
        return self._any(both)

    def _terms(self, group: Collection[Term]) -> list[WantedWord]:
        words = [WantedWord(term_word(term)) for term in group]
        if self.wanted.feed is not None and ("language", self.wanted.feed.language) in group:
            words.append(WantedWord(NO_LANGUAGE))
        return words

    def _any(self, words: Collection[WantedWord]) -> str:
        if self.conn.dialect.name == "sqlite":
            return "(" + " OR ".join(f'"{one.word}"' + " *" * one.beginning for one in words) + ")"
        return "(" + " | ".join(f"'{one.word}'" + ":*" * one.beginning for one in words) + ")"


_FTS = table("article_words", column("rowid", BigInteger()))
_ROWID = _FTS.c.rowid
_MATCH = text("article_words MATCH :question")
_LEFT_OUT = select(ArticleSearchRow.place).where(ArticleSearchRow.article_id.in_(select(LeftOutRow.article_id)))


def _has_words(column: Any, question: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.op("@@", is_comparison=True)(
        text("CAST(:question AS tsquery)").bindparams(question=question)
    )
    return found


class _by_words:  # noqa: N801  # used like a function
    """Within it, PostgreSQL reads hits by the index of words: it cannot know how rare a word is."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def __enter__(self) -> None:
        self._set("off")

    def __exit__(self, *_: object) -> None:
        self._set("on")

    def _set(self, value: str) -> None:
        if self.conn.dialect.name == "postgresql":
            self.conn.execute(text(f"SET LOCAL enable_seqscan = {value}"))


def _read_place(after: str | None) -> tuple[int | None, str]:
    if after is None:
        return None, ""
    place, _, id = after.partition(" ")
    try:
        number = int(place)
    except ValueError as error:
        raise SyndicationError(INVALID_CURSOR) from error
    if not -(2**63) <= number < 2**63:
        raise SyndicationError(INVALID_CURSOR)
    return number, id


def _changed_articles(conn: Connection) -> tuple[set[str], bool]:
    """Returns articles that changed since they were indexed, and whether these are all; the latest first."""
    found: set[str] = set()
    for id, seq in ((ChangeRow.article_id, ChangeRow.seq), (SearchChangeRow.article_id, SearchChangeRow.seq)):
        some = select(id).where(id.is_not(None)).order_by(seq.desc()).limit(MOST_READ + 1)
        found.update(conn.scalars(some))
    return set(islice(found, MOST_READ)), len(found) <= MOST_READ
