"""What one article costs, without polls: processor time, and statements that PostgreSQL gets."""

import time
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.newsroom import slugs
from benchmarks.options import Options
from benchmarks.processes import cpu_seconds
from benchmarks.publishing.figures import Figures
from benchmarks.publishing.newsrooms import APART, Running, spaced
from benchmarks.publishing.postgresql import PostgreSQL, database_name
from benchmarks.publishing.statements import Statement, of_program, of_regenerations, sent
from benchmarks.table import median
from syndication.model.values import ALL

SECTION = slugs(1)[0]
REGENERATED = {SECTION: "the article's section", ALL: "then the feed of every story"}
"""The feeds that an article is in."""

ALONE = 4.0
"""Seconds between two articles that come alone. What waits until a feed has stood still for two seconds, such as br and
zstd, follows each of them. Of a burst, with ``APART`` seconds between articles, it follows the last one only."""

QUIET = 0.1
QUIET_SECONDS = 3
"""A worker is quiet if it takes less of a processor than this, in so many seconds one after the other."""


def settle(running: Sequence[Running], seconds: float) -> None:
    """Waits until what was put off while there were articles to publish is done, such as filling the search index."""
    deadline, quiet = time.monotonic() + seconds, 0
    while quiet < QUIET_SECONDS and time.monotonic() < deadline:
        before = [cpu_seconds(one.worker.pid) for one in running]
        time.sleep(1)
        is_quiet = all(cpu_seconds(one.worker.pid) - used < QUIET for one, used in zip(running, before, strict=True))
        quiet = quiet + 1 if is_quiet else 0


def processor_time(running: Sequence[Running], server: PostgreSQL | None, options: Options, figures: Figures) -> None:
    """Measures processor time without polls, from before the first commit until everything is quiet again."""
    articles = options.size(2, 10, 40)
    before, started = _used(running, server), time.perf_counter()
    time.sleep(options.size(1.0, 5.0))
    idle = _rates(before, _used(running, server), time.perf_counter() - started)
    for n, one in enumerate(running):
        figures.add("processor time of both while nothing happens, ms a second", one.version, 1000 * sum(idle[n][:2]))
    for name, apart in (("an article alone", ALONE), ("an article of a burst", APART)):
        before, started = _used(running, server), time.perf_counter()
        for _ in range(articles):
            for one in running:
                with spaced(apart / len(running)):
                    one.service.commit(SECTION)
        time.sleep(options.size(1.0, ALONE))  # What follows later is part of the costs.
        after, seconds = _used(running, server), time.perf_counter() - started
        rates = _rates(before, after, seconds)
        for n, one in enumerate(running):
            costs = [1000 * (busy - rest) * seconds / articles for busy, rest in zip(rates[n], idle[n], strict=True)]
            figures.add(f"processor time for {name}, worker and web process, ms", one.version, sum(costs[:2]))
            for process, cost in zip(("worker", "web process", "PostgreSQL"), costs, strict=False):
                figures.add(f"processor time for {name}, {process}, ms", one.version, cost)


def _used(running: Sequence[Running], server: PostgreSQL | None) -> list[list[float]]:
    """Returns the processor time of the worker, the web process, and PostgreSQL's sessions of both, by version."""
    return [
        [cpu_seconds(one.worker.pid), cpu_seconds(one.web.pid)]
        + ([server.cpu_seconds(one.service.url)] if server is not None else [])
        for one in running
    ]


def _rates(before: list[list[float]], after: list[list[float]], seconds: float) -> list[list[float]]:
    return [[(b - a) / seconds for a, b in zip(one, two, strict=True)] for one, two in zip(before, after, strict=True)]


def statements(running: Sequence[Running], server: PostgreSQL, options: Options, figures: Figures) -> None:
    """Counts the statements that follow each article, without those that are sent while nothing happens."""
    articles = options.size(2, 8, 20)
    with server.logged() as log:
        started = time.perf_counter()
        time.sleep(options.size(1.0, 5.0))
        quiet, seconds = log.read(), time.perf_counter() - started
        # For each version, the time of each commit, and the number of statements of both until then.
        found, commits = list[Statement](), [list[tuple[float, int]]() for _ in running]
        for _ in range(articles + 1):
            for n, one in enumerate(running):
                with spaced(ALONE / len(running)):
                    found += log.read()
                    commits[n].append((time.perf_counter(), len(found)))
                    one.service.commit(SECTION)
    for one, moments in zip(running, commits, strict=True):
        name = database_name(one.service.url)
        regenerations = of_regenerations(of_program(found, name, "worker"), REGENERATED)
        for section, words in REGENERATED.items():
            if section in regenerations:
                figures.add(f"statements of a regeneration, {words}", one.version, median(regenerations[section]))
        for program in ("worker", "web"):
            idle = sent(of_program(quiet, name, program))
            windows = [
                (sent(of_program(found[first:last], name, program)), until - since)
                for (since, first), (until, last) in pairwise(moments)
            ]
            work = [counted.work - idle.work / seconds * length for counted, length in windows]
            frame = [counted.frame - idle.frame / seconds * length for counted, length in windows]
            figures.add(f"statements of the {program} after one article, all", one.version, median(work))
            figures.add(f"BEGIN, COMMIT and checks of the {program} after it", one.version, median(frame))
