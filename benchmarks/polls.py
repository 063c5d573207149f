"""Polls a second of one feed: 200 with gzip, and 304.

The same 50 articles by this service (the web process with one worker), by nginx from a file with its gzip beside it
(one worker), by Django's syndication view and by a Flask view that builds with feedgen (both under the web server that
the service uses, one worker). wrk asks for some seconds each, in turns; the median of the rounds is shown. Where there
are two cores, servers run on one and wrk on the other.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import filling, newsroom, wrk
from benchmarks.databases import database, folder, urls
from benchmarks.options import Options
from benchmarks.peers import SECTION, nginx
from benchmarks.processes import Answer, free_port, get, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ratio, show

PATH = f"/feeds/{SECTION}.atom"
BASELINE = "nginx, a file"
PINNED = shutil.which("taskset") is not None and (os.cpu_count() or 1) >= 2
SERVER_CORE = ["taskset", "-c", "0"] if PINNED else []
WRK_CORE = ["taskset", "-c", "1"] if PINNED else []


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that runs, and the answers it gives."""

    name: str
    port: int
    ok: Answer
    etag: str


def run(options: Options) -> None:
    """Start everything, ask in turns, show."""
    if shutil.which("wrk") is None:
        print(f"polls: wrk is missing: {wrk.INSTALL}", file=sys.stderr)
        return
    seconds, rounds = options.size(1, 1), options.size(1, 7)
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(folder())
        candidates = list(_start(stack, where, options))
        rates: dict[tuple[str, int], list[float]] = {}
        for _ in range(rounds):
            for candidate in candidates:
                for status, headers in _questions(candidate).items():
                    url = f"http://127.0.0.1:{candidate.port}{PATH}"
                    rate = wrk.polls_a_second(url, headers, seconds, WRK_CORE)
                    rates.setdefault((candidate.name, status), []).append(rate)
        _show(candidates, {key: median(values) for key, values in rates.items()}, rounds, seconds)


def _start(stack: contextlib.ExitStack, where: Path, options: Options) -> Iterator[Candidate]:
    lines = where / "articles.jsonl"
    newsroom.write_lines(lines, newsroom.articles(newsroom.ENTRIES, 1, newsroom.SHORT, options.articles))
    (url,) = stack.enter_context(urls("sqlite"))
    with database(url) as opened:
        filling.put(opened, newsroom.articles(newsroom.ENTRIES, 1, newsroom.SHORT, options.articles))
        filling.publish(filling.regenerator(opened, newsroom.sections(1)))
    write_config(where, 1)

    port = free_port()
    ours = syndication("web", "--port", str(port))
    stack.enter_context(running([*SERVER_CORE, *ours], where, port, SYNDICATION_DATABASE__URL=url))
    body = wait_until_served(port, PATH).body
    yield _candidate("this service", port)

    if shutil.which("nginx") is None:
        print(f"polls: nginx is missing: {nginx.INSTALL}", file=sys.stderr)
    else:
        port = free_port()
        stack.enter_context(running([*SERVER_CORE, *nginx.prepare(where, port, PATH, body)], where, port))
        yield _candidate(BASELINE, port)

    for name, module, cached in (
        ("Django, syndication and cache", "django_app", "1"),
        ("Django, syndication", "django_app", ""),
        ("Flask view with feedgen", "flask_app", ""),
    ):
        port = free_port()
        command = _granian(f"benchmarks.peers.{module}:app", port)
        stack.enter_context(running(command, where, port, BENCH_ARTICLES=str(lines), DJANGO_CACHE=cached))
        yield _candidate(name, port)


def _granian(app: str, port: int) -> list[str]:
    words = ["--interface", "wsgi", "--port", str(port), "--workers", "1", "--blocking-threads", "2", "--no-ws"]
    return [*SERVER_CORE, sys.executable, "-m", "granian", *words, app]


def _candidate(name: str, port: int) -> Candidate:
    """Make sure that both questions are answered as they should be."""
    wait_until_served(port, PATH)
    ok = get(port, PATH, Accept_Encoding="gzip")
    candidate = Candidate(name, port, ok, ok.headers["etag"])
    for status, headers in _questions(candidate).items():
        answer = get(port, PATH, **{key.replace("-", "_"): value for key, value in headers.items()})
        if answer.status != status or (status == 200 and answer.headers.get("content-encoding") != "gzip"):
            raise RuntimeError(f"{name} answers {answer.status} {answer.headers} where {status} with gzip is due")
    return candidate


def _questions(candidate: Candidate) -> dict[int, dict[str, str]]:
    return {200: {"Accept-Encoding": "gzip"}, 304: {"Accept-Encoding": "gzip", "If-None-Match": candidate.etag}}


def _show(candidates: list[Candidate], rates: dict[tuple[str, int], float], rounds: int, seconds: int) -> None:
    def cells(name: str, status: int) -> list[str]:
        base = rates.get((BASELINE, status))
        rate = rates[name, status]
        return [count(rate), ratio(rate / base) if base else "-"]

    show(
        f"polls a second, one worker each: {newsroom.ENTRIES} articles, "
        f"{rounds} rounds of {seconds} s in turns, wrk with {wrk.CONNECTIONS} connections",
        ["", "200 gzip", "x nginx", "304", "x nginx", "bytes of the 200"],
        [[c.name, *cells(c.name, 200), *cells(c.name, 304), count(len(c.ok.body))] for c in candidates],
        [f"servers on one core, wrk on another: {'yes' if PINNED else 'no'}"],
    )
