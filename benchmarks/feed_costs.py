"""What each step of a worker and of a web process costs beside many feeds, in this process: a profile, not a benchmark.

``python -m benchmarks.feed_costs [FEEDS]``
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import many_feeds, newsroom
from benchmarks.databases import available, database, folder, urls
from benchmarks.filling import put
from benchmarks.processes import write_config
from benchmarks.table import ms, show
from syndication.config.loading import load_settings
from syndication.store.db.database import Database
from syndication.store.processes.service_status import read_service_status
from syndication.store.publishing import asked_feeds
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.web.asked_catalogue import AskedCatalogue
from syndication.web.document_loader import DocumentLoader
from syndication.web.front import empty_catalogue
from syndication.worker.process import Worker

FEEDS = 50_000


class Steps:
    """The duration of each step, in seconds."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measures a block."""
        started = time.perf_counter()
        yield
        self.rows.append([name, ms(time.perf_counter() - started)])

    def each(self, name: str, work: Callable[[], object], times: int = 10) -> None:
        """Measures the mean of some calls."""
        started = time.perf_counter()
        for _ in range(times):
            work()
        self.rows.append([name, ms((time.perf_counter() - started) / times)])


def main(feeds: int = FEEDS) -> None:
    """Prints the costs for each database."""
    for dialect in available():
        with folder() as where, urls(dialect) as (url,), database(url) as opened:
            write_config(where, many_feeds.SECTIONS)
            with (where / "config/syndication.toml").open("a") as config:
                config.write("[on_demand]\nmax_feeds = 100000\n")
            coming = newsroom.articles(10_000, many_feeds.SECTIONS, newsroom.SHORT)
            many_feeds.fill(opened, where / "config/syndication.toml", feeds, coming)
            show(f"{dialect}, {feeds:,} feeds", ["step", "ms"], measure(where, opened))


def measure(where: Path, opened: Database) -> list[list[str]]:
    """Returns the steps and their milliseconds."""
    coming = newsroom.articles(20_000, many_feeds.SECTIONS, newsroom.SHORT)
    for _ in range(10_000):
        next(coming)
    settings = load_settings(where / "config/syndication.toml")
    settings = replace(settings, database_url=opened.url)
    steps = Steps()
    _worker(steps, Worker(settings, opened), opened, coming)
    effective = EffectiveSettings(settings)
    loader = DocumentLoader(
        opened,
        empty_catalogue(settings),
        lambda _: None,
        settings=effective,
        asked=AskedCatalogue(settings),
    )
    _web(steps, loader, opened)
    loader.reader.stop()
    return steps.rows


def _worker(steps: Steps, worker: Worker, opened: Database, coming: Iterator[newsroom.Article]) -> None:
    with steps.step("worker: register at the start"):
        worker.regenerator.register()
    with steps.step("worker: follow all asked feeds"):
        worker.asked.follow()
    with steps.step("worker: index of terms"):
        worker.regenerator.newsroom.feeds_of(())
    publish_all(worker)
    for n in range(3):
        now = datetime.now(UTC)
        put(opened, [replace(many_feeds.story(next(coming), n), published_at=now, updated_at=now)])
        with steps.step(f"worker: process changes, {n}"):
            worker.regenerator.process_changes()
        time.sleep(1)
        with steps.step("worker: first regeneration"):
            worker.regenerator.regenerate_next()
        steps.each("worker: claim", worker.regenerator._claim, 3)
        steps.each("worker: ready at", worker.regenerator.next_ready_at, 3)
        with steps.step("worker: the others"):
            publish_all(worker)
    steps.each("worker: an empty round", worker._drain)
    for n in range(2):
        with opened.write() as conn:
            slug = f"tag/new-{n}"
            asked_feeds.ask(conn, slug, "tag", f"new {n}", f"New {n}", opened.now(conn), 1 << 30, 1 << 30)
        with steps.step("worker: follow one asked feed"):
            worker.asked.follow()
        with steps.step("worker: its regeneration"):
            publish_all(worker)
    with steps.step("worker: housekeep"):
        worker.asked.housekeep()


def publish_all(worker: Worker) -> None:
    """Regenerates what is waiting."""
    for _ in worker.regenerator.regenerate_pending():
        pass


def _web(steps: Steps, loader: DocumentLoader, opened: Database) -> None:
    with steps.step("web: first load"):
        loader.load()
    steps.each("web: load, nothing new", loader.load)
    steps.each("web: state", loader.read_state, 3)
    with opened.write() as conn:
        asked_feeds.ask(conn, "tag/new-9", "tag", "new 9", "New 9", opened.now(conn), 1 << 30, 1 << 30)
    with steps.step("web: load, one asked feed"):
        loader.load()
    loader._compared = -1e9
    with steps.step("web: load with a comparison"):
        loader.load()
    steps.each("web: versions", loader.catalogue.versions)
    with opened.read() as conn:
        now = opened.now(conn)
        steps.each("status", lambda: read_service_status(conn, loader.catalogue.sections.keys(), now), 3)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
