"""From the commit of an article to the changed ETag, with real processes: a worker and a web process.

The measurement starts when the commit returns and ends when the web process answers a conditional poll of the section
with 200 instead of 304. The poll is repeated every millisecond on one connection, so figures are accurate to a
millisecond or two and include the load of polling. Three rows for each database:

    in turns    a commit every 0.15 seconds, in each section in turn, so that each gets at most one a second
    alone       a commit every 1.2 seconds in one section, without other load
    burst       five commits within a quarter of a second in one section, measured from the last one until that article
                is served: a section publishes one version a second, so this waits for the next second
"""

import http.client
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, database, folder, urls
from benchmarks.options import Options
from benchmarks.processes import free_port, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ms, percentile, show
from syndication.model.values import Article
from syndication.store.db.database import Database

SECTIONS = 10
GIVE_UP_SECONDS = 15
POLL_PAUSE = 0.001
COLUMNS = ["", "commits", "p50 ms", "p99 ms", "max ms"]


class Poller:
    """Polls feeds on one connection as a reader does, with the last ETag; ``coding`` is what it accepts."""

    def __init__(self, port: int, coding: str = "identity") -> None:
        self._coding = coding
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        self._etags: dict[str, str] = {}

    def poll(self, slug: str, format: str = "atom") -> bytes | None:
        """Returns the body if it has changed."""
        path = f"/feeds/{slug}.{format}"
        headers = {"Accept-Encoding": self._coding} | (
            {"If-None-Match": self._etags[path]} if path in self._etags else {}
        )
        try:
            self._connection.request("GET", path, headers=headers)
            response = self._connection.getresponse()
        except http.client.RemoteDisconnected:  # It was silent for too long.
            self._connection.close()
            self._connection.request("GET", path, headers=headers)
            response = self._connection.getresponse()
        body = response.read()
        if response.status == 304:
            return None
        self._etags[path] = response.headers["ETag"]
        return body

    def wait(self, slug: str, words: bytes = b"", seconds: float = GIVE_UP_SECONDS) -> float:
        """Waits for a changed body that contains ``words``, and returns the time of its arrival."""
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            body = self.poll(slug)
            if body is not None and words in body:
                return time.perf_counter()
            time.sleep(POLL_PAUSE)
        raise RuntimeError(f"{slug} did not change within {seconds:.0f} seconds")


def run(options: Options) -> None:
    """Measures on each database."""
    rows: list[list[str]] = []
    for dialect in ["sqlite"] if options.quick else available():
        for name, seconds in _measure(dialect, options).items():
            figures = [median(seconds), percentile(seconds, 99), max(seconds)]
            rows.append([f"{DIALECTS[dialect]}: {name}", count(len(seconds)), *map(ms, figures)])
    show(f"from commit to changed ETag, {SECTIONS} sections of {newsroom.ENTRIES} articles", COLUMNS, rows)


def _measure(dialect: str, options: Options) -> dict[str, list[float]]:
    number = SECTIONS * newsroom.ENTRIES
    coming = newsroom.articles(number + 10_000, SECTIONS, newsroom.SHORT, options.articles)
    with folder() as where, urls(dialect) as (url,), database(url) as opened:
        filling.put(opened, (next(coming) for _ in range(number)))
        write_config(where, SECTIONS)
        port = free_port()
        env = {"SYNDICATION_DATABASE__URL": url}
        with (
            running(syndication("worker"), where, **env),
            running(syndication("web", "--port", str(port)), where, port, **env),
        ):
            for slug in newsroom.slugs(SECTIONS):
                wait_until_served(port, f"/feeds/{slug}.atom")
            time.sleep(1.5)  # A section publishes at most one version a second.
            poller = Poller(port)
            return {
                "in turns": _spaced(opened, poller, coming, options.size(10, 100, 400), newsroom.slugs(SECTIONS), 0.15),
                "alone": _spaced(opened, poller, coming, options.size(1, 8, 40), newsroom.slugs(1), 1.2),
                "burst": _bursts(opened, poller, coming, options.size(1, 5, 20)),
            }


def _spaced(
    opened: Database, poller: Poller, coming: Iterator[Article], commits: int, slugs: Sequence[str], pause: float
) -> list[float]:
    """Commits every ``pause`` seconds, in each section in turn, and returns the latencies in seconds."""
    rng = random.Random(3)
    found = []
    for slug in slugs:
        poller.poll(slug)
    for n in range(commits):
        started = time.perf_counter()
        slug = slugs[n % len(slugs)]
        committed = _commit(opened, coming, slug)
        found.append(poller.wait(slug) - committed)
        # Random, so that commits are not aligned with the seconds of the clock.
        time.sleep(max(0.0, pause - (time.perf_counter() - started)) + rng.random() * pause / 5)
    return found


def _bursts(opened: Database, poller: Poller, coming: Iterator[Article], bursts: int) -> list[float]:
    slug = newsroom.slugs(1)[0]
    found = []
    for n in range(bursts):
        time.sleep(1.3)
        for _ in range(4):
            _commit(opened, coming, slug)
            time.sleep(0.05)
        committed = _commit(opened, coming, slug, title=f"The last of burst {n}.")
        found.append(poller.wait(slug, f"The last of burst {n}.".encode()) - committed)
    return found


def _commit(opened: Database, coming: Iterator[Article], slug: str, **changes: str) -> float:
    """Publishes an article now, and returns the time at which the commit returned."""
    now = datetime.now(UTC)
    article = replace(next(coming), sections=(slug,), published_at=now, updated_at=now, **changes)
    filling.put(opened, [article])
    return time.perf_counter()
