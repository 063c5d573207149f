"""What one article costs in a newsroom of ten sections: until it is served, processor time, statements and memory.

All versions run all the time. Commits that are more than a second apart alternate between the versions; those in turns
come in alternating rounds.
"""

import contextlib
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks import newsroom
from benchmarks.latency import Poller
from benchmarks.options import Options
from benchmarks.processes import cpu_seconds, free_port, wait_until_served
from benchmarks.publishing import polling
from benchmarks.publishing.figures import Figures
from benchmarks.publishing.postgresql import PostgreSQL, database_name
from benchmarks.publishing.services import Service, memory_mb, services
from benchmarks.publishing.statements import Statement, of_program, of_regenerations, sent
from benchmarks.publishing.versions import Version
from benchmarks.table import median, percentile
from syndication.model.values import ALL

SECTIONS = 10
APART = 1.2
"""Seconds between two commits into one section, which publishes at most once a second."""

REGENERATED = {newsroom.slugs(1)[0]: "the article's section", ALL: "then the feed of every story"}
"""The feeds that one article is in."""

QUIET_SECONDS = 1.5
QUIET = 0.1
"""A worker is quiet if it takes less of a processor than this."""


@dataclass(slots=True)
class Running:
    """A service with its processes, and a reader with gzip."""

    service: Service
    port: int
    worker: subprocess.Popen[bytes]
    web: subprocess.Popen[bytes]
    poller: Poller

    @property
    def version(self) -> Version:
        """Its version."""
        return self.service.version


def measure(dialect: str, found: Sequence[Version], options: Options, figures: Figures) -> None:
    """Adds the figures of one database."""
    with contextlib.ExitStack() as stack:
        entries = options.size(3, newsroom.ENTRIES)
        filled = stack.enter_context(services(dialect, found, SECTIONS, entries, options.articles))
        running = [stack.enter_context(_running(service)) for service in filled]
        for one in running:
            one.service.wait_until_idle(SECTIONS)
        time.sleep(QUIET_SECONDS)
        _show("alone", running, _alone(running, options.size(2, 20, 60)), figures)
        rounds, commits = options.size(1, 3, 8), options.size(4, 20, 50)
        _show("in turns", running, _in_turns(running, rounds, commits), figures)
        with contextlib.ExitStack() as of_server:
            server = of_server.enter_context(PostgreSQL(filled[0].url)) if dialect == "postgresql" else None
            _settle(running, options.size(3, 30))
            _cpu(running, server, options, figures)
            if server is not None:
                _statements(running, server, options, figures)
        for one in running:
            figures.add("memory of the worker, MB", one.version, memory_mb(one.worker.pid))
            figures.add("memory of the web process, MB", one.version, memory_mb(one.web.pid))
        for version, value in polling.of_nginx([(one.version, one.port, one.web.pid) for one in running], options):
            figures.add("304 a second, of nginx's rate", version, value)


@contextlib.contextmanager
def _running(service: Service) -> Iterator[Running]:
    config, port = service.config(SECTIONS), free_port()
    with service.worker(config) as worker, service.web(config, port) as web:
        for slug in newsroom.slugs(SECTIONS):
            wait_until_served(port, _path(slug))
        yield Running(service, port, worker, web, Poller(port, "gzip"))


def _path(slug: str) -> str:
    return f"/feeds/{slug}.atom"


def _show(name: str, running: Sequence[Running], seconds: Sequence[list[float]], figures: Figures) -> None:
    for one, found in zip(running, seconds, strict=True):
        figures.add(f"commit to served, {name}, p50 ms", one.version, 1000 * median(found))
        figures.add(f"commit to served, {name}, p99 ms", one.version, 1000 * percentile(found, 99))


def _alone(running: Sequence[Running], commits: int) -> list[list[float]]:
    """Commits into one section, more than a second apart; returns the seconds until each is served, by version."""
    found: list[list[float]] = [[] for _ in running]
    last = ["" for _ in running]
    for _ in range(commits):
        for n, one in enumerate(running):
            with _spaced(APART / len(running)):
                seconds, last[n] = _served(one, newsroom.slugs(1)[0])
            found[n].append(seconds)
    _check(running, last)
    return found


def _in_turns(running: Sequence[Running], rounds: int, commits: int) -> list[list[float]]:
    """Commits into ten sections in turns, all in ``all``, in alternating rounds; returns the same."""
    found: list[list[float]] = [[] for _ in running]
    for _ in range(rounds):
        for n, one in enumerate(running):
            time.sleep(QUIET_SECONDS)
            for commit in range(commits):
                with _spaced(0.15):
                    found[n].append(_served(one, newsroom.slugs(SECTIONS)[commit % SECTIONS])[0])
    return found


def _served(one: Running, slug: str) -> tuple[float, str]:
    one.poller.poll(slug)
    committed, article_id = one.service.commit(slug)
    return one.poller.wait(slug) - committed, article_id


@contextlib.contextmanager
def _spaced(seconds: float) -> Iterator[None]:
    """Takes that long, and a random fifth more, so that commits are not aligned with the seconds of the clock."""
    started = time.perf_counter()
    yield
    time.sleep(max(0.0, seconds - (time.perf_counter() - started)) + random.random() * seconds / 5)


def _check(running: Sequence[Running], last: Sequence[str]) -> None:
    """Makes sure that the change that was waited for was the article."""
    for one, article_id in zip(running, last, strict=True):
        if article_id.encode() not in wait_until_served(one.port, _path(newsroom.slugs(1)[0])).body:
            raise RuntimeError(f"{one.version.name} does not serve {article_id}")


def _settle(running: Sequence[Running], seconds: float) -> None:
    """Waits until what was put off while there were articles to publish is done, such as filling the search index."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = [cpu_seconds(one.worker.pid) for one in running]
        time.sleep(1)
        if all(cpu_seconds(one.worker.pid) - used < QUIET for one, used in zip(running, before, strict=True)):
            return


def _cpu(running: Sequence[Running], server: PostgreSQL | None, options: Options, figures: Figures) -> None:
    """Measures processor time without polls, from before the first commit until everything is quiet again."""
    articles = options.size(2, 10, 40)
    before, started = _used(running, server), time.perf_counter()
    time.sleep(options.size(1.0, 5.0))
    idle = _rates(before, _used(running, server), time.perf_counter() - started)
    before, started = _used(running, server), time.perf_counter()
    _commit(running, articles, newsroom.slugs(1))
    time.sleep(options.size(1.0, 4.0))  # What follows later is part of the costs.
    seconds, after = time.perf_counter() - started, _used(running, server)
    for n, one in enumerate(running):
        costs = [(b - a - rate * seconds) / articles for a, b, rate in zip(before[n], after[n], idle[n], strict=True)]
        figures.add("processor time for one article, worker and web process, ms", one.version, 1000 * sum(costs[:2]))
        for name, cost in zip(("worker", "web process", "PostgreSQL"), costs, strict=False):
            figures.add(f"processor time for one article, {name}, ms", one.version, 1000 * cost)
        figures.add("processor time of both while nothing happens, ms a second", one.version, 1000 * sum(idle[n][:2]))


def _used(running: Sequence[Running], server: PostgreSQL | None) -> list[list[float]]:
    """Returns the processor time of the worker, the web process, and PostgreSQL's sessions of both, by version."""
    return [
        [cpu_seconds(one.worker.pid), cpu_seconds(one.web.pid)]
        + ([server.cpu_seconds(one.service.url)] if server is not None else [])
        for one in running
    ]


def _rates(before: list[list[float]], after: list[list[float]], seconds: float) -> list[list[float]]:
    return [[(b - a) / seconds for a, b in zip(one, two, strict=True)] for one, two in zip(before, after, strict=True)]


def _commit(running: Sequence[Running], articles: int, slugs: Sequence[str]) -> None:
    for _ in range(articles):
        for one in running:
            with _spaced(APART / len(running)):
                one.service.commit(*slugs)


def _statements(running: Sequence[Running], server: PostgreSQL, options: Options, figures: Figures) -> None:
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
                with _spaced(APART / len(running)):
                    found += log.read()
                    commits[n].append((time.perf_counter(), len(found)))
                    one.service.commit(newsroom.slugs(1)[0])
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
