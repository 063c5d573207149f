"""How long an editor's search takes: one page of 50 and the number of hits, as the API reads both.

Each kind of question is asked with other words each time, drawn from the articles themselves: the words of a body,
which are few and common, and the number in a title, which is rare. Also how many articles a second the worker indexes.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import insert, text

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, urls
from benchmarks.options import Options
from benchmarks.table import count, median, ms, percentile, show
from syndication.model.search_words import filter_words, text_of, words_of
from syndication.model.selection import Term
from syndication.model.values import Article
from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles import search
from syndication.store.articles.found_articles import ArticleFilter
from syndication.store.articles.search_index import index_next, note_changes, place_of
from syndication.store.db.database import Database
from syndication.store.tables.search import ArticleSearchRow, SearchFillRow

SECTIONS = 200
NOW = newsroom.START + timedelta(days=10_000)

Ask = Callable[[random.Random], ArticleFilter]


def run(options: Options) -> None:
    """Measures on each database."""
    rows: list[list[str]] = []
    for dialect in ["sqlite"] if options.quick else available():
        rows += _measure(dialect, options)
    show(
        "a page of 50 and the number of hits",
        ["", "articles", "question", "hits", "p50, ms", "p99, ms", "slowest, ms"],
        rows,
    )


def _measure(dialect: str, options: Options) -> list[list[str]]:
    number = options.size(300, 100_000, 1_000_000)
    with urls(dialect) as (url,):
        database = Database(url)
        try:
            known = _fill(database, number, options)
            rows = [_row(database, number, kind, ask, options) for kind, ask in _questions(known, number).items()]
            print(f"  {DIALECTS[dialect]}: the worker indexes {_index(database, options):,.0f} articles a second")
            return rows
        finally:
            database.close()


def _fill(database: Database, number: int, options: Options) -> list[str]:
    """Writes articles and their index, as a worker leaves them; returns words of the bodies, the commonest first."""
    coming = newsroom.articles(number, SECTIONS, newsroom.SHORT, options.articles)
    filling.fill_fast(database, coming)
    again = newsroom.articles(number, SECTIONS, newsroom.SHORT, options.articles)
    frequent: dict[str, int] = {}
    while some := list(islice(again, 1_000)):
        rows = [_indexed(article) for article in some]
        with database.write() as conn:
            conn.execute(insert(ArticleSearchRow), rows)
            if database.dialect == "sqlite":
                conn.execute(text("INSERT INTO article_words (rowid, words) VALUES (:place, :words)"), rows)
        for article in some[:5]:
            for word in _body_words(article.html):
                frequent[word] = frequent.get(word, 0) + 1
    with database.write() as conn:
        conn.execute(insert(SearchFillRow), [{"id": 1, "after": None}])
        conn.execute(text("ANALYZE"))
    return sorted(frequent, key=lambda word: -frequent[word])


def _indexed(article: Article) -> dict[str, Any]:
    words = {*_body_words(article.html), *filter_words(article)}
    for own in (article.id, article.title, article.url, article.slug, *(one.name for one in article.authors)):
        words.update(words_of(own))
    return {
        "place": place_of(article.published_at),
        "article_id": article.id,
        "digest": None,
        "words": " ".join(sorted(words)),
    }


@cache
def _body_words(html: str) -> frozenset[str]:
    return frozenset(words_of(text_of(html)))


def _questions(known: list[str], number: int) -> dict[str, Ask]:
    common, others = known[:20], known[20:]

    def section(chance: random.Random) -> WantedTerms:
        return WantedTerms(any=(Term("section", chance.choice(newsroom.slugs(SECTIONS))),), language="en")

    def ask(words: Callable[[random.Random], str] = lambda _: "", **filters: Any) -> Ask:
        return lambda chance: ArticleFilter(words(chance), hidden=True, **filters)

    def sections_of(words: Callable[[random.Random], str], **filters: Any) -> Ask:
        return lambda chance: ArticleFilter(words(chance), feed=section(chance), hidden=True, **filters)

    return {
        "nothing": ask(),
        "a number": ask(lambda chance: f"{chance.randrange(number)}"),
        "a common word": ask(lambda chance: chance.choice(common)),
        "two words": ask(lambda chance: " ".join(chance.sample(others, 2))),
        "three words": ask(lambda chance: " ".join(chance.sample(known, 3))),
        "a common word and a number": ask(lambda chance: f"{chance.choice(common)} {chance.randrange(number)}"),
        "a beginning": ask(lambda chance: f"{chance.choice(others)[:4]}*"),
        "a section": sections_of(lambda _: ""),
        "a section and a word": sections_of(lambda chance: chance.choice(known)),
        "in no feed": ask(feeds="none"),
        "a word, in no feed": ask(lambda chance: chance.choice(known), feeds="none"),
        "drafts": ask(status="draft"),
        "a word, drafts": ask(lambda chance: chance.choice(known), status="draft"),
        "a word, for readers": lambda chance: ArticleFilter(chance.choice(known)),
    }


def _row(database: Database, number: int, kind: str, ask: Ask, options: Options) -> list[str]:
    seconds, hits = [], []
    for wanted in islice(_asked(ask), options.size(3, 200)):
        started = time.perf_counter()
        with database.read() as conn:
            search.search(conn, wanted, NOW, 50, None)
            hits.append(search.count(conn, wanted, NOW).count)
        seconds.append(time.perf_counter() - started)
    return [
        DIALECTS[database.dialect],
        count(number),
        kind,
        count(median(hits)),
        ms(median(seconds)),
        ms(percentile(seconds, 99)),
        ms(max(seconds)),
    ]


def _asked(ask: Ask) -> Iterator[ArticleFilter]:
    chance = random.Random(7)  # the same questions in every run
    while True:
        yield ask(chance)


def _index(database: Database, options: Options) -> float:
    """Returns how many articles a second are indexed again, in steps like the worker's."""
    number = options.size(40, 1_000)
    with database.write() as conn:
        ids = conn.execute(text("SELECT id FROM article ORDER BY id LIMIT :n"), {"n": number}).scalars().all()
        note_changes(conn, ids)
    started = time.perf_counter()
    while index_next(database):
        pass
    return number / (time.perf_counter() - started)
