"""Polls per second of one feed: 200 with gzip, and 304.

The same 50 articles are served by this service (a web process with one front, at the feed's own address and at an old
one, and with cache times that follow the newsroom), by nginx from a file with a gzip copy
(one worker), by Django's syndication view and by a Flask view that builds with feedgen (both with the service's web
server, one worker). wrk polls each for a second, in turns; the median of the rounds is shown. With two cores, servers
run on one and wrk on the other. The table also shows the server's CPU time for each poll (user and system, including
children), which other load on the machine affects less.
"""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import filling, newsroom, wrk
from benchmarks.databases import database, folder, urls
from benchmarks.options import Options
from benchmarks.peers import SECTION, nginx
from benchmarks.processes import (
    Answer,
    cpu_seconds,
    free_port,
    get,
    running,
    syndication,
    wait_until_served,
    write_config,
)
from benchmarks.table import count, median, show

PATH = f"/feeds/{SECTION}.atom"
OLD_PATH = f"/category/news/{SECTION}/feed/atom/?utm_source=reader"
"""The same feed at an address of WordPress, in one of its longer spellings."""

MOVING = {"SYNDICATION_CACHE__NEWS__MIN_BROWSER": "60", "SYNDICATION_CACHE__NEWS__MAX_BROWSER": "3600"}
"""The bounds of cache times that follow the newsroom; they are fixed in the configuration of the benchmarks."""

OLD_SITE = '[[old_site]]\nsystem = "wordpress"\n'
BASELINE = "nginx, a file"
SETTLE_SECONDS = 3
PINNED = shutil.which("taskset") is not None and (os.cpu_count() or 1) >= 2
SERVER_CORE = ["taskset", "-c", "0"] if PINNED else []
WRK_CORE = ["taskset", "-c", "1"] if PINNED else []


@dataclass(frozen=True, slots=True)
class Candidate:
    """A running server and its response to check."""

    name: str
    port: int
    pid: int
    ok: Answer
    etag: str
    path: str = PATH


@dataclass(frozen=True, slots=True)
class Round:
    """Polls per second, and microseconds of CPU time per poll."""

    rate: float
    cpu: float


def run(options: Options) -> None:
    """Starts all servers, polls them in turns, and shows the medians."""
    if shutil.which("wrk") is None:
        print(f"polls: wrk is missing: {wrk.INSTALL}", file=sys.stderr)
        return
    seconds, rounds = options.size(1, 1), options.size(1, 7)
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(folder())
        candidates = list(_start(stack, where, options))
        rounds_by: dict[tuple[str, int], list[Round]] = {}
        for _ in range(rounds):
            for candidate in candidates:
                for status in _questions(candidate):
                    rounds_by.setdefault((candidate.name, status), []).append(_ask(candidate, status, seconds))
    medians = {
        key: Round(median(r.rate for r in found), median(r.cpu for r in found)) for key, found in rounds_by.items()
    }
    _show(candidates, medians, rounds, seconds)


def _ask(candidate: Candidate, status: int, seconds: int) -> Round:
    before = cpu_seconds(candidate.pid)
    url = f"http://127.0.0.1:{candidate.port}{candidate.path}"
    load = wrk.ask(url, _questions(candidate)[status], seconds, WRK_CORE)
    used = cpu_seconds(candidate.pid) - before
    _settle(candidate.pid)
    return Round(load.rate, used / max(load.answered, 1) * 1e6)


def _settle(pid: int) -> None:
    """Waits until a slow server has finished wrk's last requests, which would slow down the next server."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        before = cpu_seconds(pid)
        time.sleep(0.1)
        if cpu_seconds(pid) - before < 0.03:
            return


def _start(stack: contextlib.ExitStack, where: Path, options: Options) -> Iterator[Candidate]:
    lines = where / "articles.jsonl"
    newsroom.write_lines(lines, newsroom.articles(newsroom.ENTRIES, 1, newsroom.SHORT, options.articles))
    (url,) = stack.enter_context(urls("sqlite"))
    with database(url) as opened:
        filling.put(opened, newsroom.articles(newsroom.ENTRIES, 1, newsroom.SHORT, options.articles))
        filling.publish(filling.regenerator(opened, newsroom.sections(1)))
    write_config(where, 1, OLD_SITE)

    port = free_port()
    ours = syndication("web", "--port", str(port))
    process = stack.enter_context(running([*SERVER_CORE, *ours], where, port, SYNDICATION_DATABASE__URL=url))
    body = wait_until_served(port, PATH).body
    yield _candidate("this service", port, process.pid)
    yield _candidate("this service, an old address", port, process.pid, OLD_PATH)

    port = free_port()
    ours = syndication("web", "--port", str(port))
    process = stack.enter_context(running([*SERVER_CORE, *ours], where, port, SYNDICATION_DATABASE__URL=url, **MOVING))
    yield _candidate("this service, moving cache times", port, process.pid)

    if shutil.which("nginx") is None:
        print(f"polls: nginx is missing: {nginx.INSTALL}", file=sys.stderr)
    else:
        port = free_port()
        process = stack.enter_context(running([*SERVER_CORE, *nginx.prepare(where, port, PATH, body)], where, port))
        yield _candidate(BASELINE, port, process.pid)

    for name, module, cached in (
        ("Django, syndication and cache", "django_app", "1"),
        ("Django, syndication", "django_app", ""),
        ("Flask view with feedgen", "flask_app", ""),
    ):
        port = free_port()
        command = _granian(f"benchmarks.peers.{module}:app", port)
        process = stack.enter_context(running(command, where, port, BENCH_ARTICLES=str(lines), DJANGO_CACHE=cached))
        yield _candidate(name, port, process.pid)


def _granian(app: str, port: int) -> list[str]:
    words = ["--interface", "wsgi", "--port", str(port), "--workers", "1", "--blocking-threads", "2", "--no-ws"]
    return [*SERVER_CORE, sys.executable, "-m", "granian", *words, app]


def _candidate(name: str, port: int, pid: int, path: str = PATH) -> Candidate:
    """Checks that the server answers both requests correctly."""
    wait_until_served(port, path)
    ok = get(port, path, Accept_Encoding="gzip")
    candidate = Candidate(name, port, pid, ok, ok.headers["etag"], path)
    for status, headers in _questions(candidate).items():
        answer = get(port, path, **{key.replace("-", "_"): value for key, value in headers.items()})
        if answer.status != status or (status == 200 and answer.headers.get("content-encoding") != "gzip"):
            raise RuntimeError(f"{name} answers {answer.status} {answer.headers} instead of {status} with gzip")
    return candidate


def _questions(candidate: Candidate) -> dict[int, dict[str, str]]:
    return {200: {"Accept-Encoding": "gzip"}, 304: {"Accept-Encoding": "gzip", "If-None-Match": candidate.etag}}


def _show(candidates: list[Candidate], medians: dict[tuple[str, int], Round], rounds: int, seconds: int) -> None:
    def cells(name: str, status: int) -> list[str]:
        base, own = medians.get((BASELINE, status)), medians[name, status]
        return [count(own.rate), f"{own.rate / base.rate:.3f}" if base else "-", f"{own.cpu:,.1f}"]

    of_nginx = ["x nginx", "CPU µs"]
    show(
        f"polls per second, one worker each: {newsroom.ENTRIES} articles, "
        f"{rounds} rounds of {seconds} s in turns, wrk with {wrk.CONNECTIONS} connections",
        ["", "200 gzip", *of_nginx, "304", *of_nginx],
        [[c.name, *cells(c.name, 200), *cells(c.name, 304)] for c in candidates],
        [
            f"bytes with gzip: {', '.join(f'{c.name} {count(len(c.ok.body))}' for c in candidates)}",
            f"servers and wrk on separate cores: {'yes' if PINNED else 'no'}",
        ],
    )
