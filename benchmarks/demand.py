"""Feeds on demand: the first request of a new combination, and what a flood of invented ones costs the newsroom.

The flood comes at a steady rate on several connections, by 40 clients, with the service's own limits. It is compared in
the same run with as many requests for sections, which cost the client and the web server the same: what is left is the
cost of asking and of creating feeds. Rounds of both alternate, so that a machine that becomes busy disturbs both.
"""

import contextlib
import http.client
import itertools
import sys
import threading
import time
from collections.abc import Iterator

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, database, folder, urls
from benchmarks.flooding import SECTIONS
from benchmarks.latency import Poller, _spaced
from benchmarks.options import Options
from benchmarks.processes import free_port, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ms, percentile, ratio, show
from syndication.model.values import Article
from syndication.store.db.database import Database

CONNECTIONS = 4
RATE = 25
"""Requests a second on each connection."""

OPEN = {"SYNDICATION_ON_DEMAND__NEW_PER_MINUTE": "10000", "SYNDICATION_ON_DEMAND__NEW_PER_CLIENT": "10000"}
PROXIED = {"SYNDICATION_EDITORS__TRUSTED_PROXIES": "1"}

Found = dict[str, list[float]]


def run(options: Options) -> None:
    """Measures on each database."""
    first, flooded = [], []
    for dialect in ["sqlite"] if options.quick else available():
        seconds, refused, rounds = _measure(dialect, options)
        figures = [median(seconds), percentile(seconds, 99), max(seconds)]
        first.append([DIALECTS[dialect], count(len(seconds)), *map(ms, figures), count(refused)])
        for name, calm, flood in rounds:
            p50, p99 = (median(calm), median(flood)), (percentile(calm, 99), percentile(flood, 99))
            flooded.append(
                [f"{DIALECTS[dialect]}: {name}", count(len(flood)), *map(ms, (*p50, *p99)), ratio(p50[1] / p50[0])]
            )
    title = f"first request of a combination of {SECTIONS} sections of {newsroom.ENTRIES} articles"
    show(title, ["", "requests", "p50 ms", "p99 ms", "max ms", "503"], first)
    columns = ["", "n", "p50 ms", "in a flood", "p99 ms", "in a flood", "ratio of p50"]
    show(f"a section during {CONNECTIONS * RATE} invented combinations a second", columns, flooded)


def _measure(dialect: str, options: Options) -> tuple[list[float], int, list[tuple[str, list[float], list[float]]]]:
    number = SECTIONS * newsroom.ENTRIES
    coming = newsroom.articles(number + 10_000, SECTIONS, newsroom.SHORT, options.articles)
    with folder() as where, urls(dialect) as (url,), database(url) as opened:
        filling.put(opened, (next(coming) for _ in range(number)))
        write_config(where, SECTIONS)
        env, port, other = {"SYNDICATION_DATABASE__URL": url}, free_port(), free_port()
        with (
            running(syndication("worker"), where, **env),
            running(syndication("web", "--port", str(port)), where, port, **env, **OPEN),
        ):
            for slug in ["all", *newsroom.slugs(SECTIONS)]:
                wait_until_served(port, f"/feeds/{slug}.atom")
            seconds, refused = _first_requests(port, options.size(3, 60, 100))
            with running(syndication("web", "--port", str(other)), where, other, **env, **PROXIED):
                wait_until_served(other, "/feeds/section-000.atom")
                time.sleep(1.5)
                found: dict[str, Found] = {"sections": {}, "invented": {}}
                for _, paths in itertools.product(range(options.size(1, 3, 6)), found):
                    with contextlib.ExitStack() as stack:
                        command = [sys.executable, "-m", "benchmarks.flooding", str(other), str(RATE), paths]
                        for _ in range(CONNECTIONS):
                            stack.enter_context(running(command, where))
                        time.sleep(1)
                        for name, values in _round(opened, other, coming, options.size(5, 20, 100)).items():
                            found[paths].setdefault(name, []).extend(values)
    return seconds, refused, [(n, found["sections"][n], found["invented"][n]) for n in found["sections"]]


def _first_requests(port: int, number: int) -> tuple[list[float], int]:
    """Returns the seconds of each first request that was answered with a feed, and how many were not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    seconds, refused = [], 0
    for pair in itertools.islice(itertools.combinations(newsroom.slugs(SECTIONS), 2), number):
        started = time.perf_counter()
        connection.request("GET", f"/feeds/{'+'.join(pair)}.atom", headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        response.read()
        if response.status == 200:
            seconds.append(time.perf_counter() - started)
        else:
            refused += 1
        time.sleep(0.1)
    return seconds, refused


def _round(opened: Database, port: int, coming: Iterator[Article], commits: int) -> Found:
    """Publishes in each section in turn while another thread polls one; returns the seconds of both."""
    polls: list[float] = []
    ended = threading.Event()
    thread = threading.Thread(target=_poll, args=(port, polls, ended))
    thread.start()
    try:
        served = _spaced(opened, Poller(port), coming, commits, newsroom.slugs(SECTIONS), 0.15)
    finally:
        ended.set()
        thread.join()
    return {"poll of a section": polls, "from commit to changed ETag": served}


def _poll(port: int, seconds: list[float], ended: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while not ended.wait(0.01):
        started = time.perf_counter()
        connection.request("GET", "/feeds/all.atom", headers={"If-None-Match": '"x"', "Accept-Encoding": "gzip"})
        connection.getresponse().read()
        seconds.append(time.perf_counter() - started)
