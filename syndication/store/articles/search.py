"""Finds articles: by words, status, section and time, newest first, at the same cost for any number of articles.

Words and sections are looked up in the search index (``word_search``), whose rows are numbered by publication time; so
the newest hits are read without the others. Without words and section, the articles' own indexes have the order.
"""

from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from syndication.store.articles.found_articles import ArticleFilter, FoundArticle, Hits
from syndication.store.articles.listing import count_listed, in_order
from syndication.store.articles.word_search import IndexSearch
from syndication.store.db.cursors import decode_cursor, encode_cursor


def search(
    conn: Connection, wanted: ArticleFilter, now: datetime, limit: int, after: str | None
) -> tuple[list[FoundArticle], str | None]:
    """Returns one page, newest first, and the next cursor; raises SyndicationError for a bad ``after``.

    Drafts without a time come last.
    """
    place = decode_cursor(after) if after is not None else None
    if wanted.by_index:
        return IndexSearch(conn, wanted, now).page(limit, place[1] if place is not None else None)
    return _list(conn, wanted, now, limit, place)


def search_and_count(
    conn: Connection, wanted: ArticleFilter, now: datetime, limit: int, after: str | None
) -> tuple[list[FoundArticle], str | None, Hits]:
    """Returns one page, the next cursor, and how many articles there are in all pages together.

    PostgreSQL reads the hits of a word once for both.
    """
    place = decode_cursor(after) if after is not None else None
    if wanted.by_index:
        asked = IndexSearch(conn, wanted, now)
        return *asked.page(limit, place[1] if place is not None else None), asked.count()
    return *_list(conn, wanted, now, limit, place), count_listed(conn, wanted, now)


def _list(
    conn: Connection, wanted: ArticleFilter, now: datetime, limit: int, place: tuple[datetime | None, str] | None
) -> tuple[list[FoundArticle], str | None]:
    found = list(islice(in_order(conn, wanted, now, limit, place), limit + 1))
    cursor = encode_cursor(found[limit - 1].published_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], cursor


def count(conn: Connection, wanted: ArticleFilter, now: datetime) -> Hits:
    """Returns how many articles there are in all pages together."""
    if wanted.by_index:
        return IndexSearch(conn, wanted, now).count()
    return count_listed(conn, wanted, now)
