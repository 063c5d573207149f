"""How long an editor's search takes: one page of 50 and the number of hits, as the API reads both.

Each kind of question is asked with other words each time, drawn from the articles themselves: the words of a body,
which are few and common, the number in a title, which is rare, and Chinese words of two characters, of which each title
has three. No kind takes longer than ``MOST_SECONDS``. Also how many articles a second the worker indexes.
"""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from itertools import islice
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Connection, insert, text

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, urls
from benchmarks.databases import database as opened
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
from syndication.store.tables.publishing import EntryRow, LeftOutRow, SectionStateRow
from syndication.store.tables.search import ArticleSearchRow, SearchFillRow

SECTIONS = 200

MOST_SECONDS = 20.0
"""Seconds after which no further question of a kind is asked."""

FEWEST = 20
"""Questions of a kind that are asked however long they take."""

CHINESE = [chr(0x4E00 + 7 * n) for n in range(300)]
"""Characters, of which 90,000 pairs can be made: about as many words as a paper uses."""

NOW = newsroom.START + timedelta(days=10_000)

Ask = Callable[[random.Random], ArticleFilter]


def run(options: Options) -> None:
    """Measures on each database; all are filled at the same time, and measured one after another."""
    dialects = ["sqlite"] if options.quick else available()
    number = options.size(300, 100_000, 1_000_000)
    rows: list[list[str]] = []
    with ExitStack() as stack:
        places = [stack.enter_context(urls(dialect))[0] for dialect in dialects]
        with ProcessPoolExecutor(len(places), get_context("spawn")) as processes:
            filled = list(processes.map(partial(_fill, number=number, options=options), places))
        for url, (known, seconds) in zip(places, filled, strict=True):
            with opened(url) as database:
                name = DIALECTS[database.dialect]
                print(f"  {name}: filled in {seconds:,.0f} s", flush=True)
                # Before the questions: what was indexed last is what a search reads with most trouble.
                print(f"  {name}: the worker indexes {_index(database, options):,.0f} articles a second", flush=True)
                rows += [_row(database, number, kind, ask, options) for kind, ask in _questions(known, number).items()]
    show(
        "a page of 50 and the number of hits",
        ["", "articles", "question", "asked", "hits", "p50, ms", "p99, ms", "slowest, ms"],
        rows,
    )


def _fill(url: str, number: int, options: Options) -> tuple[list[str], float]:
    """Writes articles and their index, as a worker leaves them.

    Returns words of the bodies, the commonest first, and the seconds that it took.
    """
    started = time.perf_counter()
    with opened(url) as database:
        filling.fill_fast(database, _articles(number, options))
        with database.write() as conn:
            frequent = _fill_index(conn, _articles(number, options))
            _publish(conn, number)
            conn.execute(insert(SearchFillRow), [{"id": 1, "after": None}])
            if conn.dialect.name == "sqlite":
                conn.execute(text("ANALYZE"))
        if database.dialect == "postgresql":  # As autovacuum does when a table has grown.
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.execute(text("VACUUM (ANALYZE)"))
    return sorted(frequent, key=lambda word: -frequent[word]), time.perf_counter() - started


def _fill_index(conn: Connection, waiting: Iterator[Article]) -> dict[str, int]:
    """Indexes articles, and counts words of some bodies; the index of words is made when its table is full."""
    name, made = "ix_article_search_words", None
    if conn.dialect.name == "postgresql":
        made = conn.scalar(text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": name})
        conn.execute(text(f"DROP INDEX {name}"))
    frequent: dict[str, int] = {}
    while some := list(islice(waiting, 1_000)):
        filling.put_rows(conn, ArticleSearchRow, [_indexed(article) for article in some])
        for article in some[:5]:
            for word in _body_words(article.html):
                frequent[word] = frequent.get(word, 0) + 1
    if made is not None:
        conn.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        conn.execute(text(made))
    else:
        conn.execute(text("INSERT INTO article_words (article_words) VALUES ('rebuild')"))
    return frequent


def _publish(conn: Connection, number: int) -> None:
    """Writes the entries of the feeds, with which a search for what is in none compares; one article is left out."""
    for place, slug in enumerate(newsroom.slugs(SECTIONS)):
        conn.execute(insert(SectionStateRow), [{"section": slug, "fingerprint": "f"}])
        shown = [n for n in range(number - SECTIONS + place, -1, -SECTIONS) if n < number][: newsroom.ENTRIES]
        rows = [
            {"section": slug, "article_id": f"a{n:07}", "entry_id": f"a{n:07}", "position": position, "digest": "d"}
            | {"version": 1, "since_version": 1, "published_at": newsroom.START + timedelta(minutes=2 * n)}
            for position, n in enumerate(shown)
        ]
        if rows:
            conn.execute(insert(EntryRow), rows)
    left_out = {
        "section": newsroom.slugs(SECTIONS)[0],
        "article_id": "a0000001",
        "reason": "r",
        "since": newsroom.START,
    }
    conn.execute(insert(LeftOutRow), [left_out])


def _articles(number: int, options: Options) -> Iterator[Article]:
    """Yields the newsroom's articles, with Chinese in each title."""
    chance = random.Random(11)
    for article in newsroom.articles(number, SECTIONS, newsroom.SHORT, options.articles):
        yield replace(article, title=f"{article.title} {''.join(chance.choices(CHINESE, k=4))}")


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

    def days(chance: random.Random) -> dict[str, Any]:
        begun = newsroom.START + timedelta(minutes=2 * chance.randrange(number))
        return {"since": begun, "until": begun + timedelta(days=7)}

    def in_days(words: Callable[[random.Random], str] = lambda _: "") -> Ask:
        return lambda chance: ArticleFilter(words(chance), hidden=True, **days(chance))

    return {
        "nothing": ask(),
        "an id": ask(lambda chance: f"a{chance.randrange(number):07}"),
        "an address": ask(lambda chance: f"https://www.daily.example/news/story-{chance.randrange(number):07}"),
        "a number": ask(lambda chance: f"{chance.randrange(number)}"),
        "a common word": ask(lambda chance: chance.choice(common)),
        "two words": ask(lambda chance: " ".join(chance.sample(others, 2))),
        "three words": ask(lambda chance: " ".join(chance.sample(known, 3))),
        "two Chinese characters": ask(lambda chance: "".join(chance.choices(CHINESE, k=2))),
        "a Chinese character": ask(lambda chance: chance.choice(CHINESE)),
        "no hit": ask(lambda chance: f"zq{chance.randrange(number)}x"),
        "a common word, no hit": ask(lambda chance: f"{chance.choice(common)} zq{chance.randrange(number)}x"),
        "a week": in_days(),
        "a common word in a week": in_days(lambda chance: chance.choice(common)),
        "left out": ask(feeds="left-out"),
        "a common word, left out": ask(lambda chance: chance.choice(common), feeds="left-out"),
        "a common word and a number": ask(lambda chance: f"{chance.choice(common)} {chance.randrange(number)}"),
        "a beginning": ask(lambda chance: f"{chance.choice(others)[:4]}*"),
        "a beginning and a number": ask(lambda chance: f"{chance.choice(others)[:4]}* {chance.randrange(number)}"),
        "a beginning and a word": ask(lambda chance: f"{chance.choice(others)[:4]}* {chance.choice(others)}"),
        "a beginning of the oldest ids": ask(lambda chance: f"a00{chance.randrange(10)}*"),
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
            _, _, found = search.search_and_count(conn, wanted, NOW, 50, None)
        hits.append(found.count)
        seconds.append(time.perf_counter() - started)
        if sum(seconds) > MOST_SECONDS and len(seconds) >= FEWEST:
            break
    return [
        DIALECTS[database.dialect],
        count(number),
        kind,
        count(len(seconds)),
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
