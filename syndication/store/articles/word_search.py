"""Finds articles by their words and terms in the search index, and reads itself what is not indexed yet."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, select

from syndication.errors import SyndicationError
from syndication.model.search_words import article_words, has_words, wanted_words
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
)
from syndication.store.articles.indexed_hits import Hit, IndexedHits
from syndication.store.articles.search_index import is_filled, place_of, read_articles
from syndication.store.articles.search_question import question_of
from syndication.store.articles.shown_articles import content_digest, digests, is_public
from syndication.store.db.batches import batched
from syndication.store.db.cursors import INVALID_CURSOR, encode_cursor
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import ChangeRow
from syndication.store.tables.search import SearchChangeRow

MOST_READ = 500
"""Changed articles that a search reads itself; while more wait, it says that it may be incomplete."""


class IndexSearch:
    """One search by words or terms, on one connection."""

    def __init__(self, conn: Connection, wanted: ArticleFilter, now: datetime) -> None:
        self.conn, self.wanted, self.now = conn, wanted, now
        self.words = wanted_words(wanted.text)
        changed, self.read_all = _changed_articles(conn)
        # An id without a letter or a digit has no words.
        self.changed = changed | ({wanted.text} if wanted.text and not self.words else set())
        """Articles whose row in the index does not count; they are read themselves."""
        question = question_of(wanted, self.words)
        self._indexed = IndexedHits(conn, wanted, question, self.changed, now) if question else None
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
        found = (self._indexed.count() if self._indexed else 0) + len(self._changed_hits())
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

    def _hits(self, before: int | None, limit: int) -> list[Hit]:
        """Returns the newest hits, up to and with the place ``before``."""
        return self._indexed.newest(before, limit) if self._indexed else []


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
