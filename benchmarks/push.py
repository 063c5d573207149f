"""Deliveries of one new version to all subscribers of a feed: the service, and senders that keep no books.

Each subscriber has a secret and a callback of its own, on servers of the benchmark's own. The candidates send the same
document, signed, in turn, each in a process of its own. *asyncio alone* is the service's HTTP client and as many
requests at a time, without a database; *one after the other* is http.client with a connection for each delivery.
"""

import asyncio
import hmac
import http.client
import multiprocessing
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import insert

from benchmarks import filling, newsroom
from benchmarks.callbacks import Callbacks, callbacks
from benchmarks.databases import DIALECTS, available, urls
from benchmarks.options import Options
from benchmarks.table import count, median, show
from syndication.config.hub_schema import HubSettings
from syndication.config.loading import load_settings
from syndication.hub.push import PUSH, PushQueue
from syndication.outbound.engine import Engine
from syndication.store.db.database import Database
from syndication.store.hub import pushes
from syndication.store.publishing import documents
from syndication.store.tables.hub import HubSubscriptionRow

AT_ONCE = 200
FEED = "section-000"


def run(options: Options) -> None:
    """Measures on each database, with all subscribers and with a tenth of them."""
    servers, subscribers = options.size(3, 20, 50), options.size(30, 2_000, 10_000)
    rounds = options.size(1, 3, 3)
    dialects = ["sqlite"] if options.quick else available()
    with callbacks(servers) as found:
        rows = _measure(found, dialects, subscribers, rounds)
        rows += _measure(found, dialects[:1], subscribers // 10, rounds)[:1]
    columns = (
        "",
        "subscribers",
        "deliveries a second",
        "of asyncio alone",
        "last after, s",
        "memory, MB",
        "grew by, MB",
    )
    show(f"Pushing one new version of a feed to subscribers on {servers} callback servers", columns, rows)


def _measure(servers: Callbacks, dialects: list[str], subscribers: int, rounds: int) -> list[list[str]]:
    targets = [
        (f"http://127.0.0.1:{servers.ports[n % len(servers.ports)]}/{n}", f"secret {n}") for n in range(subscribers)
    ]
    with urls("sqlite") as (lite,), _urls(dialects) as post:
        own = {DIALECTS[name]: url for name, url in zip(dialects, [lite, *post], strict=True)}
        body = b""
        for url in own.values():
            body = _fill(url, targets)
        candidates = {f"this service, {name}": _Child(_service, url) for name, url in own.items()}
        candidates["asyncio alone"] = _Child(_asyncio_alone, targets, body)
        candidates["one after the other"] = _Child(_one_by_one, targets, body)
        took: dict[str, list[tuple[float, float, float]]] = {name: [] for name in candidates}
        try:
            for number in range(rounds + 1):
                for name, child in candidates.items():
                    servers.take()
                    began, memory, grew = child.deliver()
                    arrived, last, paths = servers.take()
                    if (arrived, len(paths)) != (subscribers, subscribers):
                        raise RuntimeError(f"{name}: {arrived} deliveries to {len(paths)} of {subscribers} callbacks")
                    if number:  # In the first round, everybody opens files and imports.
                        took[name].append((last - began, memory, grew))
        finally:
            for child in candidates.values():
                child.close()
    return _rows(took, subscribers)


def _rows(took: dict[str, list[tuple[float, float, float]]], subscribers: int) -> list[list[str]]:
    floor = median([seconds for seconds, _, _ in took["asyncio alone"]])
    rows = []
    for name, found in took.items():
        seconds, memory, grew = (median([one[n] for one in found]) for n in range(3))
        rows.append(
            [
                name, count(subscribers), count(subscribers / seconds), f"{floor / seconds:.2f}", f"{seconds:.2f}",
                f"{memory:.0f}", f"{grew:.1f}",
            ]
        )  # fmt: skip
    return rows


class _Urls:
    """The databases but the first, which is SQLite."""

    def __init__(self, dialects: list[str]) -> None:
        self._open = [urls(name) for name in dialects[1:]]

    def __enter__(self) -> list[str]:
        return [one.__enter__()[0] for one in self._open]

    def __exit__(self, *error: Any) -> None:
        for one in self._open:
            one.__exit__(*error)


_urls = _Urls


def _fill(url: str, targets: list[tuple[str, str]]) -> bytes:
    """Publishes a feed and stores its subscriptions; returns its document."""
    database = Database(url)
    filling.put(database, newsroom.articles(50, 1, newsroom.SHORT))
    filling.publish(filling.regenerator(database, newsroom.sections(1)))
    now = datetime.now(UTC)
    with database.write() as conn:
        current = next(one for one in documents.load_documents(conn, [FEED]) if one.format == "atom")
        rows = [
            {
                "section": FEED, "format": "atom", "callback": callback, "host": callback.split("/")[2],
                "address": "127.0.0.1", "secret": secret, "lease_seconds": 864_000, "subscribed_at": now,
                "verified_at": now, "expires_at": now + timedelta(days=10), "version": current.version,
                "digest": current.digest,
            }
            for callback, secret in targets
        ]  # fmt: skip
        conn.execute(insert(HubSubscriptionRow), rows)
    database.close()
    return current.identity


class _Child:
    """A candidate in a process of its own."""

    def __init__(self, run: Callable[..., None], *arguments: Any) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=run, args=(theirs, *arguments), daemon=True)
        self._process.start()

    def deliver(self) -> tuple[float, float, float]:
        """Has everything delivered once; returns when that began, and its memory and how much it grew, in MB."""
        self._pipe.send("deliver")
        found: tuple[float, float, float] = self._pipe.recv()
        return found

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.join()


def _service(pipe: Connection, url: str) -> None:
    database = Database(url)
    found = replace(
        load_settings(environ={}),
        site=newsroom.SITE,
        hub=HubSettings(allow_private=True, ports=(), at_once=AT_ONCE),
    )
    engine = Engine(database, [PushQueue(lambda: found, "benchmark")])
    engine.start()
    worker = filling.regenerator(database, newsroom.sections(1))
    story = next(iter(newsroom.articles(1, 1, newsroom.SHORT)))
    number = 0
    while True:
        pipe.recv()
        number += 1
        filling.put(database, [replace(story, title=f"Edited {number}")])
        while not filling.publish(worker):  # A feed is published once a second at most.
            time.sleep(0.01)
        before = _memory()
        began = time.monotonic()
        engine.notify(PUSH)
        while _behind(database):
            time.sleep(0.02)
        pipe.send((began, _memory(), _memory() - before))


def _behind(database: Database) -> bool:
    with database.read() as conn:
        return bool(pushes.list_behind(conn))


def _asyncio_alone(pipe: Connection, targets: list[tuple[str, str]], body: bytes) -> None:
    async def deliver() -> None:
        waiting = iter(targets)

        async def send() -> None:
            for callback, secret in waiting:
                headers = {"X-Hub-Signature": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"}
                async with session.post(callback, data=body, headers=headers) as answer:
                    await answer.read()

        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(send() for _ in range(AT_ONCE)))

    while True:
        pipe.recv()
        before, began = _memory(), time.monotonic()
        asyncio.run(deliver())
        pipe.send((began, _memory(), _memory() - before))


def _one_by_one(pipe: Connection, targets: list[tuple[str, str]], body: bytes) -> None:
    while True:
        pipe.recv()
        before, began = _memory(), time.monotonic()
        for callback, secret in targets:
            _, _, host, path = callback.split("/", 3)
            connection = http.client.HTTPConnection(host, timeout=10)
            headers = {"X-Hub-Signature": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"}
            connection.request("POST", f"/{path}", body, headers)
            connection.getresponse().read()
            connection.close()
        pipe.send((began, _memory(), _memory() - before))


def _memory() -> float:
    """Returns the greatest memory of this process since the last call, in MB."""
    peak = re.search(r"VmHWM:\s+([0-9]+)", Path("/proc/self/status").read_text())
    Path("/proc/self/clear_refs").write_text("5")
    return int(peak[1]) / 1024 if peak else 0.0
