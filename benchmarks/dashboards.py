"""The cost of open dashboards for polls: a worker, a web process with one core's worth of load, 50 dashboards.

one poll each 5 ms   duration of a poll on its own connection, without dashboards and with 50
polls per second     the web process's maximum (wrk), likewise

Each dashboard requests the live part of the overview every two seconds, as its page does. Rounds with and without
dashboards alternate. Articles are published all the time, so that there are updates.
"""

import contextlib
import http.client
import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from benchmarks import filling, newsroom, wrk
from benchmarks.databases import database, folder, urls
from benchmarks.options import Options
from benchmarks.processes import free_port, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ms, percentile, ratio, show
from syndication.auth.secrets import passwords
from syndication.model.values import Article
from syndication.store.access import users
from syndication.store.access.audit_log import SERVICE
from syndication.store.articles import articles
from syndication.store.db.database import Database

WATCHERS = 50
EVERY = 2.0
"""Seconds between two updates of one dashboard, as in templates/dashboard/parts/overview.html."""

PAUSE = 0.005
NAME, PASSWORD = "benchmark", "polls-are-not-to-wait"  # for a temporary database
GZIP = {"Accept-Encoding": "gzip"}


def run(options: Options) -> None:
    """Measures on SQLite."""
    sections, entries = options.size(4, 15, 15), options.size(3, newsroom.ENTRIES, newsroom.ENTRIES)
    rounds, seconds = options.size(1, 5, 10), options.size(1, 10, 20)
    coming = newsroom.articles(100_000, sections, newsroom.SHORT, options.articles)
    with folder() as where, urls("sqlite") as (url,), database(url) as opened:
        filling.put(opened, (next(coming) for _ in range(sections * entries)))
        _let_in(opened)
        write_config(where, sections)
        port = free_port()
        env = {"SYNDICATION_DATABASE__URL": url}
        with (
            running(syndication("worker"), where, **env),
            running(syndication("web", "--port", str(port)), where, port, **env),
            _publishing(opened, coming),
        ):
            for slug in newsroom.slugs(sections):
                wait_until_served(port, f"/feeds/{slug}.atom")
            cookie = _log_in(port)
            polled: dict[int, list[float]] = {0: [], WATCHERS: []}
            rates: dict[int, list[float]] = {0: [], WATCHERS: []}
            looks = 0
            for _ in range(rounds):
                for watchers in (0, WATCHERS):
                    with _dashboards(port, cookie, watchers) as seen:
                        polled[watchers] += _polls(port, seconds)
                        if shutil.which("wrk"):
                            address = f"http://127.0.0.1:{port}/feeds/{newsroom.slugs(1)[0]}.atom"
                            rates[watchers].append(wrk.ask(address, GZIP, seconds, []).rate)
                    looks += sum(seen)
    _show(polled, rates, looks)


def _show(polled: dict[int, list[float]], rates: dict[int, list[float]], looks: int) -> None:
    best = median(rates[0]) if rates[0] else 0.0
    rows = [
        [
            f"{watchers} dashboards",
            count(len(polled[watchers])),
            ms(median(polled[watchers])),
            ms(percentile(polled[watchers], 99)),
            ms(max(polled[watchers])),
            count(median(rates[watchers])) if best else "",
            ratio(median(rates[watchers]) / best) if best else "",
        ]
        for watchers in polled
    ]
    columns = ["", "polls", "p50 ms", "p99 ms", "max ms", "polls per second", "x without"]
    notes = [f"The dashboards sent {count(looks)} requests."]
    if not best:
        notes.append(f"Polls per second need wrk: {wrk.INSTALL}")
    show("polls while dashboards are open", columns, rows, notes)


def _let_in(opened: Database) -> None:
    hash = passwords.hash_password(PASSWORD, NAME)
    with opened.write() as conn:
        users.create(conn, NAME, hash, ["read", "preview", "regenerate"], SERVICE, opened.now(conn))


def _log_in(port: int) -> str:
    """Logs in and returns the session cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/editors/login")
    response = connection.getresponse()
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.read().decode())
    form = urlencode({"name": NAME, "password": PASSWORD, "csrf_token": found[1] if found else ""})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": _cookie(response)}
    connection.request("POST", "/editors/login", form, headers)
    response = connection.getresponse()
    response.read()
    if response.status != http.HTTPStatus.SEE_OTHER:
        raise RuntimeError(f"log-in failed: {response.status}")
    return _cookie(response)


def _cookie(response: http.client.HTTPResponse) -> str:
    return (response.getheader("Set-Cookie") or "").partition(";")[0]


@contextlib.contextmanager
def _dashboards(port: int, cookie: str, number: int) -> Iterator[list[int]]:
    """Keeps dashboards open, and counts the responses of each."""
    stop, answered = threading.Event(), [0] * number
    threads = [threading.Thread(target=_watch, args=(port, cookie, n, answered, stop)) for n in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _watch(port: int, cookie: str, number: int, answered: list[int], stop: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers, seen = {"Cookie": cookie, "HX-Request": "true"}, ""
    stop.wait(EVERY * number / WATCHERS)  # They are not all opened at the same moment.
    while not stop.is_set():
        connection.request("GET", f"/editors/live/overview?seen={seen}", headers=headers)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status not in (http.HTTPStatus.OK, http.HTTPStatus.NO_CONTENT):
            raise RuntimeError(f"a dashboard got {response.status}")
        found = re.search(r"seen=(\w+)", text)
        seen = found[1] if found else seen
        answered[number] += 1
        stop.wait(EVERY)


def _polls(port: int, seconds: float) -> list[float]:
    """Returns the durations of polls with pauses between them, so that none waits for the previous one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    path, found = f"/feeds/{newsroom.slugs(1)[0]}.atom", []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        connection.request("GET", path, headers=GZIP)
        connection.getresponse().read()
        found.append(time.perf_counter() - started)
        time.sleep(PAUSE)
    return found


@contextlib.contextmanager
def _publishing(opened: Database, coming: Iterator[Article]) -> Iterator[None]:
    """Publishes an article every second."""
    stop = threading.Event()

    def publish() -> None:
        while not stop.wait(1.0):
            articles.put_articles(opened, [replace(next(coming), published_at=datetime.now(UTC))])

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
