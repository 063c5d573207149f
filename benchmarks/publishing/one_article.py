"""What one article costs in a newsroom of ten sections: until it is served, processor time, statements and memory.

All versions run all the time. Commits that are more than a second apart alternate between the versions; those in turns
come in alternating rounds.
"""

import contextlib
import time
from collections.abc import Sequence

from benchmarks.held import family, resident
from benchmarks.newsroom import ENTRIES, slugs
from benchmarks.options import Options
from benchmarks.processes import wait_until_served
from benchmarks.publishing import costs, newsrooms, polling
from benchmarks.publishing.figures import Figures
from benchmarks.publishing.newsrooms import APART, SECTIONS, Running, spaced
from benchmarks.publishing.postgresql import PostgreSQL
from benchmarks.publishing.services import services
from benchmarks.publishing.versions import Version
from benchmarks.table import median, percentile

QUIET_SECONDS = 1.5


def measure(dialect: str, found: Sequence[Version], options: Options, figures: Figures) -> None:
    """Adds the figures of one database."""
    with contextlib.ExitStack() as stack:
        entries = options.size(3, ENTRIES)
        filled = stack.enter_context(services(dialect, found, SECTIONS, entries, options.articles))
        running = [stack.enter_context(newsrooms.run(service)) for service in filled]
        for one in running:
            one.service.wait_until_idle(SECTIONS)
        time.sleep(QUIET_SECONDS)
        _show("alone", running, _alone(running, options.size(2, 20, 60)), figures)
        rounds, commits = options.size(1, 3, 8), options.size(4, 20, 50)
        _show("in turns", running, _in_turns(running, rounds, commits), figures)
        with contextlib.ExitStack() as of_server:
            server = of_server.enter_context(PostgreSQL(filled[0].url)) if dialect == "postgresql" else None
            costs.settle(running, options.size(3, 30))
            costs.processor_time(running, server, options, figures)
            if server is not None:
                costs.statements(running, server, options, figures)
        for one in running:
            figures.add("memory of the worker, MB", one.version, resident(family(one.worker.pid)))
            figures.add("memory of the web process, MB", one.version, resident(family(one.web.pid)))
        for version, value in polling.of_nginx([(one.version, one.port, one.web.pid) for one in running], options):
            figures.add("304 a second, of nginx's rate", version, value)


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
            with spaced(APART / len(running)):
                seconds, last[n] = _served(one, slugs(1)[0])
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
                with spaced(0.15):
                    found[n].append(_served(one, slugs(SECTIONS)[commit % SECTIONS])[0])
    return found


def _served(one: Running, slug: str) -> tuple[float, str]:
    one.poller.poll(slug)
    committed, article_id = one.service.commit(slug)
    return one.poller.wait(slug) - committed, article_id


def _check(running: Sequence[Running], last: Sequence[str]) -> None:
    """Makes sure that the change that was waited for was the article."""
    for one, article_id in zip(running, last, strict=True):
        if article_id.encode() not in wait_until_served(one.port, f"/feeds/{slugs(1)[0]}.atom").body:
            raise RuntimeError(f"{one.version.name} does not serve {article_id}")
