"""What a sweep costs: statements, seconds and its longest step, and the latency of a publication during one.

A sweep of a newsroom in which nothing was missed, every 19th article a draft. Then one article after the other is
committed at the very moment at which a step of the sweep begins, the worst one, and published after the step; the same
without a sweep is beside it. The database makes the articles, and nothing renders the feeds' entries: a sweep reads no
body and no document.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event, insert, text, update

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, urls
from benchmarks.options import Options
from benchmarks.scale import Clock
from benchmarks.table import count, median, ms, percentile, show
from syndication.model.values import Article
from syndication.pipeline.gather import list_candidates
from syndication.pipeline.regenerate import Regenerator
from syndication.pipeline.sweep import Sweeper
from syndication.store.db.database import Database
from syndication.store.tables.publishing import EntryRow, SectionStateRow
from syndication.store.triggers import create_triggers, drop_triggers

DRAFTS = 19
"""One in so many articles is a draft; prime, so that drafts are in every section."""

ARTICLES = {
    "sqlite": """
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :number - 1)
        INSERT INTO article (id, slug, url, title, html, published_at, updated_at, status)
        SELECT printf('m%07d', i), 'story', '/news/' || i, 'Story ' || i, hex(randomblob(700)), at, at,
            CASE WHEN i % :drafts = 0 THEN 'draft' ELSE 'published' END
        FROM (SELECT i, strftime('%Y-%m-%dT%H:%M:%S', '2020-01-01', (2 * i) || ' minutes') || '.000000Z' AS at FROM n)
    """,
    "postgresql": """
        INSERT INTO article (id, slug, url, title, html, published_at, updated_at, status)
        SELECT 'm' || lpad(i::text, 7, '0'), 'story', '/news/' || i, 'Story ' || i, repeat(md5(i::text), 44), at, at,
            CASE WHEN i % :drafts = 0 THEN 'draft' ELSE 'published' END
        FROM (SELECT i, '2020-01-01 00:00+00'::timestamptz + i * interval '2 minutes' AS at
            FROM generate_series(0, :number - 1) AS i) AS made
    """,
}
LINKS = """
    INSERT INTO article_section (article_id, section, position, published_at, status)
    SELECT id, 'section-' || substr('00' || n, length('00' || n) - 2), 0, published_at, status
    FROM (SELECT id, published_at, status, CAST(CAST(substr(id, 2) AS integer) % :sections AS text) AS n
        FROM article) AS numbered
"""


def run(options: Options) -> None:
    """Measures on each database."""
    rows = [_measure(dialect, options) for dialect in (["sqlite"] if options.quick else available())]
    columns = ["", "articles", "sections", "sweep, s", "statements", "longest step, ms", "to published, ms", "p99",
               "during a sweep, ms", "p99"]  # fmt: skip
    show(f"a sweep of feeds of {newsroom.ENTRIES} articles", columns, rows)


def _measure(dialect: str, options: Options) -> list[str]:
    number, section_count = options.size((200, 4), (60_000, 200), (1_000_000, 1_000))
    coming = newsroom.articles(1_000, section_count, newsroom.SHORT, options.articles)
    with urls(dialect) as (url,):
        clock = Clock(newsroom.START + timedelta(days=10_000))
        database = Database(url, clock=clock)
        try:
            _fill(database, number, section_count)
            worker = filling.regenerator(database, newsroom.sections(section_count))
            _publish_unrendered(database, worker)
            sweeper = Sweeper(database, worker.newsroom, "benchmark", timedelta(0))
            list(sweeper.sweep())  # Once, so that the cache is as warm as it is after five minutes.
            with _counted(database) as statements:
                steps = _steps(sweeper)
            for _ in range(2):  # Renders the two feeds that are published from here on.
                _publish_one(database, worker, clock, coming, iter(()))
            alone = [_publish_one(database, worker, clock, coming, iter(())) for _ in range(options.size(3, 100))]
            beside = _beside(database, worker, clock, coming, sweeper, options.size(3, 100))
        finally:
            database.close()
    return [
        DIALECTS[dialect], count(number), count(section_count), f"{sum(steps):.2f}", count(statements[0]),
        ms(max(steps)), ms(median(alone)), ms(percentile(alone, 99)), ms(median(beside)), ms(percentile(beside, 99)),
    ]  # fmt: skip


def _publish_unrendered(database: Database, worker: Regenerator) -> None:
    """Writes the entries and the state of every section as its first version would."""
    with database.write() as conn:
        now = database.now(conn)
        for slug, section in worker.newsroom.sections.items():
            wanted = worker.newsroom.selections.wanted(section)
            found = [
                {
                    "section": slug, "article_id": candidate.article_id, "entry_id": candidate.article_id,
                    "position": position, "digest": "", "version": 1, "since_version": 1,
                    "published_at": candidate.published_at, "article_updated_at": candidate.published_at,
                }
                for position, candidate in enumerate(list_candidates(conn, wanted, section, now, 0))
            ]  # fmt: skip
            conn.execute(insert(EntryRow), found)
        done = {"version": 1, "completed_generation": SectionStateRow.requested_generation, "regenerated_at": now}
        conn.execute(update(SectionStateRow).values(done))


def _fill(database: Database, number: int, sections: int) -> None:
    """Writes articles of some 1.4 kB and their links, with the values that triggers would write."""
    with database.write() as conn:
        drop_triggers(conn)
        conn.execute(text(ARTICLES[database.dialect]), {"number": number, "drafts": DRAFTS})
        conn.execute(text(LINKS), {"sections": sections})
        create_triggers(conn)
    if database.dialect == "postgresql":
        with database.write() as conn:
            conn.execute(text("ANALYZE"))


def _steps(sweeper: Sweeper) -> list[float]:
    """Sweeps once; returns the seconds of each step."""
    seconds, steps = [], sweeper.sweep()
    while True:
        started = time.perf_counter()
        ended = next(steps, 0) is not None
        seconds.append(time.perf_counter() - started)
        if ended:
            return seconds


def _beside(
    database: Database, worker: Regenerator, clock: Clock, coming: Iterator[Article], sweeper: Sweeper, number: int
) -> list[float]:
    """Returns the seconds from the commit to the published version, each with a step in between."""

    def endless() -> Iterator[None]:
        while True:
            yield from sweeper.sweep()

    steps = endless()
    return [_publish_one(database, worker, clock, coming, steps) for _ in range(number)]


def _publish_one(
    database: Database, worker: Regenerator, clock: Clock, coming: Iterator[Article], steps: Iterator[None]
) -> float:
    clock.tick()
    story = replace(next(coming), published_at=clock.now, updated_at=None, sections=(newsroom.slugs(1)[0],))
    filling.put(database, [story])
    started = time.perf_counter()
    next(steps, None)
    published = filling.publish(worker)
    if published != 2:
        raise RuntimeError(f"{published} feeds were published instead of two, the section and all")
    return time.perf_counter() - started


@contextmanager
def _counted(database: Database) -> Iterator[list[int]]:
    """Counts the statements sent to the database."""
    statements = [0]

    def sent(*_: Any) -> None:
        statements[0] += 1

    event.listen(database.engine, "before_cursor_execute", sent)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", sent)
