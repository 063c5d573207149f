"""Ten minutes of publishing and polling: memory and files of the processes at the start, in the middle and at the end.

Ten articles are published a second; four readers poll without pauses, each on a new connection from time to time. The
benchmark shows memory leaks, files that stay open, and any status except 200 and 304. With ``--full`` it takes ten
minutes, else one.
"""

import contextlib
import http.client
import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import filling, newsroom
from benchmarks.databases import database, folder, urls
from benchmarks.held import Held, held, serving
from benchmarks.options import Options
from benchmarks.processes import free_port, running, syndication, wait_until_served, write_config
from benchmarks.table import count, show
from syndication.model.values import Article
from syndication.store.db.database import Database

SECTIONS = 10
READERS = 4
PUBLISH_EVERY = 0.1
POLLS_A_CONNECTION = 50
COLUMNS = ["", "worker MB", "worker files", "web MB", "web files"]


class Readers:
    """Readers that poll one feed after another with the last ETag, until the end of the block."""

    def __init__(self, port: int) -> None:
        self.polls, self.errors = 0, 0
        self._port = port
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._poll) for _ in range(READERS)]

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _poll(self) -> None:
        etags: dict[str, str] = {}
        slugs = itertools.cycle(newsroom.slugs(SECTIONS))
        while not self._stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            with contextlib.closing(connection):
                for slug in itertools.islice(slugs, POLLS_A_CONNECTION):
                    if not self._ask(connection, f"/feeds/{slug}.atom", etags):
                        break

    def _ask(self, connection: http.client.HTTPConnection, path: str, etags: dict[str, str]) -> bool:
        try:
            connection.request("GET", path, headers={"If-None-Match": etags[path]} if path in etags else {})
            response = connection.getresponse()
            response.read()
            good = response.status in (200, 304)
            etags[path] = response.headers["ETag"] or ""
        except (OSError, http.client.HTTPException):
            good = False
        self.polls += 1
        self.errors += not good
        time.sleep(0.002)
        return good


def run(options: Options) -> None:
    """Measures on SQLite."""
    seconds = options.size(2, 60, 600)
    coming = newsroom.articles(1_000_000, SECTIONS, newsroom.SHORT, options.articles)
    with folder() as where, urls("sqlite") as (url,), database(url) as opened:
        filling.put(opened, (next(coming) for _ in range(SECTIONS * newsroom.ENTRIES)))
        write_config(where, SECTIONS)
        port = free_port()
        # A small limit for the cache of rendered entries is soon reached; growth beyond it is a leak.
        env = {"SYNDICATION_DATABASE__URL": url, "SYNDICATION_WORKER__FRAGMENT_MEMORY": "8"}
        with (
            running(syndication("worker"), where, **env) as worker,
            running(syndication("web", "--port", str(port)), where, port, **env) as web,
        ):
            for slug in newsroom.slugs(SECTIONS):
                wait_until_served(port, f"/feeds/{slug}.atom")
            with Readers(port) as readers:
                published, found = _soak(opened, coming, seconds, (worker.pid, serving(web.pid)))
            found_warnings = _warnings(where)
    rows = [
        [name, f"{a.megabytes:.0f}", count(a.files), f"{b.megabytes:.0f}", count(b.files)]
        for name, (a, b) in found.items()
    ]
    notes = [
        f"{count(published)} articles published, {count(readers.polls)} polls, {count(readers.errors)} errors,"
        f" {count(len(found_warnings))} warnings in the logs."
    ]
    show(f"{count(seconds)} seconds of publishing and polling", COLUMNS, rows, notes)
    if readers.errors or found_warnings:
        raise RuntimeError(f"{readers.errors} errors; warnings in the logs: {found_warnings[:3]}")


def _soak(
    opened: Database, coming: Iterator[Article], seconds: float, pids: tuple[int, int]
) -> tuple[int, dict[str, tuple[Held, Held]]]:
    """Publishes for some seconds, and returns the number of articles and the memory and files of both processes."""
    # The caches (rendered entries, responses, connections) are full after a tenth of the time.
    moments = {"after a tenth": 0.1, "in the middle": 0.5, "at the end": 1.0}
    started, published = time.monotonic(), 0
    found: dict[str, tuple[Held, Held]] = {}
    for name, part in moments.items():
        while time.monotonic() - started < seconds * part:
            now = datetime.now(UTC)
            filling.put(opened, [replace(next(coming), published_at=now, updated_at=now)])
            published += 1
            time.sleep(PUBLISH_EVERY)
        found[name] = held(pids[0]), held(pids[1])
    return published, found


def _warnings(where: Path) -> list[str]:
    """Returns the warnings and errors in the logs of the processes."""
    text = "".join(path.read_text(errors="replace") for path in where.glob("*.log")).lower()
    words = "[warning", "[error", "traceback"
    return [line for line in text.splitlines() if any(word in line for word in words)]
