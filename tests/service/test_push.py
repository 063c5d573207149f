"""Pushes by real processes: to a subscriber of another library, within a second, and whatever kills the worker."""

import contextlib
import hashlib
import hmac
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import feedparser
import pytest
from flask import Flask, request
from sqlalchemy import func, select
from werkzeug.serving import make_server

from syndication.store.db.database import Database
from syndication.store.publishing import documents
from syndication.store.tables.hub import HubDeliveryRow, HubSubscriptionRow
from tests.service.test_purging import publish
from tests.support.caches import cache
from tests.support.pushes import subscribe
from tests.support.service import running
from tests.support.service import until as until_soon

until = partial(until_soon, seconds=120.0)
"""A worker and two databases start slowly on a busy machine."""

SECRET = "夜車 and a good deal of other characters"


def env(**hub: Any) -> dict[str, str]:
    """Returns the environment in which callbacks on loopback are allowed."""
    values = {"ALLOW_PRIVATE": "true", "PORTS": "", "TIMEOUT": "3"} | hub
    return {f"SYNDICATION_HUB__{name}": str(value) for name, value in values.items()}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database of the processes, in real time."""
    with closing(Database(database_url)) as found:
        yield found


def version(database: Database) -> int:
    with database.read() as conn:
        return documents.read_versions(conn).get("taiwan", 0)


def delivered(database: Database, version: int) -> int:
    """Returns how many subscriptions have this version of taiwan, or a later one."""
    with database.read() as conn:
        query = select(func.count()).select_from(HubSubscriptionRow).where(HubSubscriptionRow.version >= version)
        return conn.scalar(query) or 0


class Subscriber:
    """A reader's server, as its documentation would have one write it: Flask, hmac and feedparser."""

    def __init__(self) -> None:
        self.arrived: list[tuple[list[str], str]] = []
        app = Flask("subscriber")

        @app.post("/news")
        def receive() -> tuple[str, int]:
            body = request.get_data()
            expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            if not hmac.compare_digest(request.headers.get("X-Hub-Signature", ""), expected):
                return "wrong signature", 403
            parsed = feedparser.parse(body, response_headers={"content-type": request.content_type})
            assert not parsed.bozo
            self.arrived.append(([entry.title for entry in parsed.entries], request.headers["Link"]))
            return "", 202

        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}/news"


@contextlib.contextmanager
def subscriber() -> Iterator[Subscriber]:
    found = Subscriber()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        thread.join()
        found.server.server_close()


@pytest.mark.thorough("sqlite")
def test_a_story_reaches_a_subscriber_of_another_library_without_a_poll(tmp_path, database_url, database):
    with subscriber() as reader, running(tmp_path, url=database_url, env=env()) as service:
        service.ready()
        for format in ("atom", "rss"):
            subscribe(database, f"{reader.url}?format={format}", format=format, secret=SECRET)
        publish(database_url, "news-1")
        until(lambda: len(reader.arrived) == 2)
        for titles, link in reader.arrived:
            assert titles == ["Story news-1"]
            assert '/hub>; rel="hub"' in link and "/feeds/taiwan." in link
        until(lambda: delivered(database, version(database)) == 2)
        with database.read() as conn:
            lags = conn.scalars(select(HubDeliveryRow.lag_ms).where(HubDeliveryRow.outcome == "done")).all()
        assert len(lags) == 2 and all(lag is not None and lag < 10_000 for lag in lags)
        assert SECRET not in service.log.read_text()


@pytest.mark.thorough("postgresql")
def test_the_rest_of_a_killed_worker_is_delivered_by_another(tmp_path, database_url, database):
    """What was under way when it was killed may come twice; everything else comes once."""
    subscribers, at_once = 30, 4
    settings = env(AT_ONCE=at_once)

    def slow(handler: Any) -> None:
        handler.server.released.wait(0.2)
        handler.send_response(204)
        handler.end_headers()

    with cache(slow) as server:
        with running(tmp_path, "worker", url=database_url, env=settings) as first:
            until(lambda: version(database))
            before = version(database)
            for n in range(subscribers):
                subscribe(database, f"{server.url}/{n}")
            publish(database_url, "news-1")
            until(lambda: len(server.asked) >= 8)
            first.process.kill()
            first.process.wait()
        after = version(database)
        left = subscribers - delivered(database, after)
        assert after > before and left > 0
        with running(tmp_path, "worker", url=database_url, env=settings):
            until(lambda: delivered(database, after) == subscribers)
        times = Counter(asked.path for asked in server.asked)
    assert len(times) == subscribers
    # At most the attempts under way, and the results of a moment that were not recorded yet.
    assert all(number <= 2 for number in times.values())
    assert sum(number == 2 for number in times.values()) <= 4 * at_once
