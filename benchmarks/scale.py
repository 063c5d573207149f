"""The same work in a large and in a small newsroom, with the same number of entries in each feed.

One article is published, noticed and regenerated (its section and ``all``), as a worker does but in this process; the
two newsrooms alternate, a second of their clocks apart. Then every section is rendered again with empty caches. The
ratio of the medians is the cost of size; full rebuilds are compared per section.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, urls
from benchmarks.options import Options
from benchmarks.table import count, median, ms, ratio, show
from syndication.model.values import Article, Section
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import Regenerator
from syndication.store.db.database import Database
from syndication.store.publishing import section_state


class Clock:
    """A clock that advances by a second on request, so that no section has to wait for its next second."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Returns the time."""
        return self.now

    def tick(self) -> None:
        """Advances by a second."""
        """Advances by a second."""
        self.now += timedelta(seconds=1)


@dataclass(slots=True)
class Scale:
    """A newsroom of one size, its next articles, and its measurements."""

    articles: int
    sections: Mapping[str, Section]
    database: Database
    clock: Clock
    worker: Regenerator
    coming: Iterator[Article]
    published: list[float]
    rebuilt: float = 0.0


def run(options: Options) -> None:
    """Measures on each database."""
    rows: list[list[str]] = []
    for dialect in ["sqlite"] if options.quick else available():
        rows += _measure(dialect, options)
    columns = ["", "articles", "sections", "one article, ms", "x small", "full rebuild, s", "ms per section", "x small"]
    show(f"size of the newsroom, feeds of {newsroom.ENTRIES} articles", columns, rows)


def _measure(dialect: str, options: Options) -> list[list[str]]:
    sizes = [options.size((60, 2), (10_000, 20)), options.size((120, 4), (60_000, 200), (1_000_000, 200))]
    with ExitStack() as stack:
        found = stack.enter_context(urls(dialect, len(sizes)))
        scales = [_fill(stack, url, size, options) for url, size in zip(found, sizes, strict=True)]
        for _ in range(options.size(2, 40)):
            for scale in scales:
                _publish_one(scale)
        for scale in scales:
            _rebuild(scale)
    small, large = scales
    return [_row(dialect, small, small), _row(dialect, large, small)]


def _fill(stack: ExitStack, url: str, size: tuple[int, int], options: Options) -> Scale:
    number, section_count = size
    coming = newsroom.articles(number + 1_000, section_count, newsroom.SHORT, options.articles)
    clock = Clock(newsroom.START + timedelta(days=10_000))
    database = Database(url, clock=clock, prepared=True)
    stack.callback(database.close)
    filling.fill_fast(database, (next(coming) for _ in range(number)))
    wanted = newsroom.sections(section_count)
    worker = filling.regenerator(database, wanted)
    filling.publish(worker)
    return Scale(number, wanted, database, clock, worker, coming, [])


def _publish_one(scale: Scale) -> None:
    scale.clock.tick()
    filling.put(scale.database, [replace(next(scale.coming), published_at=scale.clock.now, updated_at=None)])
    started = time.perf_counter()
    published = filling.publish(scale.worker)
    scale.published.append(time.perf_counter() - started)
    if published != 2:
        raise RuntimeError(f"{published} feeds were published instead of two, the section and all")


def _rebuild(scale: Scale) -> None:
    """Rebuilds everything, as after an upgrade that changes rendering: another base URL changes every document."""
    scale.clock.tick()
    site = replace(newsroom.SITE, base_url="http://127.0.0.1:8001")
    scale.worker.newsroom = Newsroom(site, scale.sections)
    scale.worker.renderer.clear()
    with scale.database.write() as conn:
        section_state.request(conn, scale.sections, scale.clock.now)
    started = time.perf_counter()
    published = filling.publish(scale.worker)
    scale.rebuilt = time.perf_counter() - started
    if published != len(scale.sections):
        raise RuntimeError(f"{published} of {len(scale.sections)} feeds were rebuilt")


def _row(dialect: str, scale: Scale, small: Scale) -> list[str]:
    one = median(scale.published)
    by_section, small_by_section = scale.rebuilt / len(scale.sections), small.rebuilt / len(small.sections)
    return [
        DIALECTS[dialect],
        count(scale.articles),
        count(len(scale.sections) - 1),
        ms(one),
        ratio(one / median(small.published)),
        f"{scale.rebuilt:.1f}",
        ms(by_section),
        ratio(by_section / small_by_section),
    ]
