"""The service beside the CMS: its first import, and the time from an act there to the feed that readers poll."""

import random
import time
from collections.abc import Callable

from benchmarks import newsroom
from benchmarks.databases import database, folder, urls
from benchmarks.latency import POLL_PAUSE, Poller
from benchmarks.options import Options
from benchmarks.processes import wait_until_served
from benchmarks.sources.cms import Cms
from benchmarks.sources.service import following
from benchmarks.table import count, median, ms, percentile
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states

COLUMNS = ["", "times", "p50 ms", "p99 ms", "max ms", "seconds", "stories a second"]

SOURCE = "cms"
IMPORT_SECONDS = 3600
SERVED_SECONDS = 60
LOOK_SECONDS = 0.1
PAUSE = 1.2
"""Seconds between two acts at least: a section publishes at most one version a second."""


def measure(cms: Cms, imported: int, options: Options, sections: int) -> list[list[str]]:
    """Returns the rows of the table."""
    times = options.size(1, 20, 100)
    slug = newsroom.slugs(1)[0]
    drafts = {title: cms.draft(title) for title in (f"Breaking story {n:04}" for n in range(times))}
    with folder() as where, urls("sqlite") as (url,), database(url) as opened:
        began = time.perf_counter()
        with following(where, url, cms.source(), sections=sections) as port:
            seconds = _import(opened, imported, began)
            _wait_for_the_sweep(opened)
            wait_until_served(port, f"/feeds/{slug}.atom")
            published, withdrawn = _acts(cms, Poller(port), slug, drafts)
    rate = ["", "", "", "", f"{seconds:.1f}", count(imported / seconds)]
    return [
        [f"{cms.name}: first import of {imported:,}", *rate],
        [f"{cms.name}: published", *_cells(published)],
        [f"{cms.name}: withdrawn", *_cells(withdrawn)],
    ]


def _cells(seconds: list[float]) -> list[str]:
    return [count(len(seconds)), *map(ms, [median(seconds), percentile(seconds, 99), max(seconds)]), "", ""]


def _import(opened: Database, number: int, began: float) -> float:
    """Waits for all stories in the store, and returns the seconds since ``began``."""
    while time.perf_counter() < began + IMPORT_SECONDS:
        with opened.read() as conn:
            articles, refused = source_rows.count(conn, SOURCE)
        if refused:
            raise RuntimeError(f"{refused} stories were refused")
        if articles == number:
            return time.perf_counter() - began
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"{articles} of {number} stories were imported within {IMPORT_SECONDS} seconds")


def _wait_for_the_sweep(opened: Database) -> None:
    """Waits for the comparison of all stories that follows an import: a look that does it takes seconds."""
    ends = time.monotonic() + IMPORT_SECONDS
    while time.monotonic() < ends:
        with opened.read() as conn:
            state = source_states.get(conn, SOURCE)
        if state is not None and state.swept_at is not None:
            return
        time.sleep(LOOK_SECONDS)
    raise RuntimeError(f"the stories were not compared within {IMPORT_SECONDS} seconds")


def _acts(cms: Cms, poller: Poller, slug: str, drafts: dict[str, str]) -> tuple[list[float], list[float]]:
    """Publishes each draft and withdraws it, and returns the seconds until each is served, from the call on."""
    rng = random.Random(4)
    published, withdrawn = [], []
    time.sleep(2 * PAUSE)
    poller.poll(slug)
    for title, id in drafts.items():
        words = title.encode()
        began = time.perf_counter()
        cms.publish(id)
        published.append(_served(poller, slug, lambda body, words=words: words in body) - began)
        # Random, so that acts are not aligned with the looks.
        time.sleep(PAUSE + rng.random())
        began = time.perf_counter()
        cms.withdraw(id)
        withdrawn.append(_served(poller, slug, lambda body, words=words: words not in body) - began)
        time.sleep(PAUSE + rng.random())
    return published, withdrawn


def _served(poller: Poller, slug: str, is_there: Callable[[bytes], bool]) -> float:
    """Waits for a changed feed of which that is true, and returns the time of its arrival."""
    ends = time.perf_counter() + SERVED_SECONDS
    while time.perf_counter() < ends:
        body = poller.poll(slug)
        if body is not None and is_there(body):
            return time.perf_counter()
        time.sleep(POLL_PAUSE)
    raise RuntimeError(f"{slug} did not follow within {SERVED_SECONDS} seconds")
