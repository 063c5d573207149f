"""What a sweep costs: statements, seconds and its longest step, and the latency of a publication during one.

A sweep of a newsroom in which nothing was missed, every twentieth article a draft. Then one article after the other is
committed at the very moment at which a step of the sweep begins, the worst one, and published after the step; the same
without a sweep is beside it. The feeds' entries are written without rendering them: a sweep reads no document.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event, insert, update

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

DRAFTS = 20
"""One in so many articles is a draft."""


def run(options: Options) -> None:
    """Measures on each database."""
    rows = [_measure(dialect, options) for dialect in (["sqlite"] if options.quick else available())]
    columns = ["", "articles", "sections", "sweep, s", "statements", "longest step, ms", "to published, ms", "p99",
               "during a sweep, ms", "p99"]  # fmt: skip
    show(f"a sweep of feeds of {newsroom.ENTRIES} articles", columns, rows)


def _measure(dialect: str, options: Options) -> list[str]:
    number, section_count = options.size((200, 4), (60_000, 200), (1_000_000, 1_000))
    coming = newsroom.articles(number + 1_000, section_count, newsroom.SHORT, options.articles)
    with urls(dialect) as (url,):
        clock = Clock(newsroom.START + timedelta(days=10_000))
        database = Database(url, clock=clock)
        try:
            filling.fill_fast(database, (_some_drafts(n, next(coming)) for n in range(number)))
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
            found = [
                {
                    "section": slug, "article_id": candidate.article_id, "entry_id": candidate.article_id,
                    "position": position, "digest": "", "version": 1, "since_version": 1,
                    "published_at": candidate.published_at, "article_updated_at": candidate.published_at,
                }
                for position, candidate in enumerate(list_candidates(conn, section, now, 0))
            ]  # fmt: skip
            conn.execute(insert(EntryRow), found)
        done = {"version": 1, "completed_generation": SectionStateRow.requested_generation, "regenerated_at": now}
        conn.execute(update(SectionStateRow).values(done))


def _some_drafts(n: int, article: Article) -> Article:
    return replace(article, status="draft") if n % DRAFTS == 0 else article


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
