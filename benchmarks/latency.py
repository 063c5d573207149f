"""From the commit of an article to the changed ETag, with real processes: a worker and a web process.

The clock starts when the commit returns and stops when the web process answers a conditional poll of the section with
200 instead of 304. The poll is repeated each millisecond on one connection, so that a figure is right to a millisecond
or two, and its load is part of what is measured. Three rows for each database:

    in turns    a commit every 0.15 seconds, each into another section, each section more than a second apart
    alone       a commit every 1.2 seconds into one section, with nothing else going on
    burst       five commits within a quarter of a second into one section, timed from the last one until that article
                is served: a section publishes one version a second, so that this waits for the next second
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
    """Asks for one feed after the other on one connection, as a reader does: with the ETag that it knows."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        self._etags: dict[str, str] = {}

    def poll(self, slug: str) -> bytes | None:
        """The body if it changed."""
        headers = {"Accept-Encoding": "identity"} | (
            {"If-None-Match": self._etags[slug]} if slug in self._etags else {}
        )
        self._connection.request("GET", f"/feeds/{slug}.atom", headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status == 304:
            return None
        self._etags[slug] = response.headers["ETag"]
        return body

    def wait(self, slug: str, words: bytes = b"") -> float:
        """The moment at which a changed body with ``words`` in it was there."""
        deadline = time.perf_counter() + GIVE_UP_SECONDS
        while time.perf_counter() < deadline:
            body = self.poll(slug)
            if body is not None and words in body:
                return time.perf_counter()
            time.sleep(POLL_PAUSE)
        raise RuntimeError(f"{slug} did not change within {GIVE_UP_SECONDS} seconds")


def run(options: Options) -> None:
    """Measure on each database."""
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
            time.sleep(1.5)  # Until the last version's second is over.
            poller = Poller(port)
            return {
                "in turns": _spaced(opened, poller, coming, options.size(10, 100, 400), newsroom.slugs(SECTIONS), 0.15),
                "alone": _spaced(opened, poller, coming, options.size(1, 8, 40), newsroom.slugs(1), 1.2),
                "burst": _bursts(opened, poller, coming, options.size(1, 5, 20)),
            }


def _spaced(
    opened: Database, poller: Poller, coming: Iterator[Article], commits: int, slugs: Sequence[str], pause: float
) -> list[float]:
    """One commit each ``pause`` seconds, into one section after the other; the seconds that each took."""
    rng = random.Random(3)
    found = []
    for slug in slugs:
        poller.poll(slug)
    for n in range(commits):
        started = time.perf_counter()
        slug = slugs[n % len(slugs)]
        committed = _commit(opened, coming, slug)
        found.append(poller.wait(slug) - committed)
        # Never in step with the seconds of the clock.
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
    """Publish an article now; the moment at which the commit had returned."""
    now = datetime.now(UTC)
    article = replace(next(coming), sections=(slug,), published_at=now, updated_at=now, **changes)
    filling.put(opened, [article])
    return time.perf_counter()
