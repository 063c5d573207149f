"""How long editors wait, with real processes and over HTTP: a worker, and a web process with the API.

put to served      from sending a PUT of an article until its section's feed contains it; each section is used at most
                   once a second
puts per second    single PUTs on one connection, and batches of a thousand
click to served    from sending POST /regenerations until it is done and served, for one section and for all
"""

import http.client
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks import filling, newsroom
from benchmarks.databases import DIALECTS, available, database, folder, urls
from benchmarks.latency import Poller
from benchmarks.options import Options
from benchmarks.processes import free_port, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ms, percentile, show
from syndication.model.article_json import dump_article
from syndication.model.values import Article
from syndication.store.access import tokens
from syndication.store.access.audit_log import SERVICE
from syndication.store.db.database import Database

SECTIONS = 200
SPACED = 10
"""Sections of the timed PUTs, in turn."""

GIVE_UP_SECONDS = 120
COLUMNS = ["", "requests", "p50 ms", "p99 ms", "per second"]


class Api:
    """One connection to the API."""

    def __init__(self, port: int, secret: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, value: Any = None) -> Any:
        """Returns the JSON of the response; raises RuntimeError unless it is a success."""
        body = None if value is None else json.dumps(value)
        self._connection.request(method, f"/api/v1{path}", body, self._headers)
        response = self._connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {text[:300]!r}")
        return json.loads(text)


def run(options: Options) -> None:
    """Measures on each database."""
    rows: list[list[str]] = []
    sections = options.size(12, SECTIONS, SECTIONS)
    for dialect in ["sqlite"] if options.quick else available():
        rows += [[f"{DIALECTS[dialect]}: {row[0]}", *row[1:]] for row in _measure(dialect, sections, options)]
    show(f"how long editors wait, {sections} sections of {newsroom.ENTRIES} articles", COLUMNS, rows)


def _measure(dialect: str, sections: int, options: Options) -> list[list[str]]:
    entries = options.size(3, newsroom.ENTRIES, newsroom.ENTRIES)
    coming = newsroom.articles(sections * entries + 100_000, sections, newsroom.SHORT, options.articles)
    with folder() as where, urls(dialect) as (url,), database(url) as opened:
        filling.put(opened, (next(coming) for _ in range(sections * entries)))
        write_config(where, sections)
        port = free_port()
        env = {"SYNDICATION_DATABASE__URL": url}
        with (
            running(syndication("worker"), where, **env),
            running(syndication("web", "--port", str(port)), where, port, **env),
        ):
            for slug in newsroom.slugs(sections):
                wait_until_served(port, f"/feeds/{slug}.atom")
            api = Api(port, _token(opened))
            return [
                _put_to_served(api, Poller(port), coming, options.size(4, 100, 400)),
                _puts(api, coming, options.size(10, 300, 2_000)),
                _batches(api, coming, options.size(1, 3, 10), options.size(50, 1_000, 1_000)),
                _clicks(api, "click to served, one section", {"sections": newsroom.slugs(1)}, options.size(2, 20, 50)),
                _clicks(api, f"click to served, {sections} sections", {"all_sections": True}, options.size(1, 3, 5)),
            ]


def _token(opened: Database) -> str:
    with opened.write() as conn:
        return tokens.create(conn, "benchmark", tokens.SCOPES, None, SERVICE, opened.now(conn))[1]


def _put_to_served(api: Api, poller: Poller, coming: Iterator[Article], number: int) -> list[str]:
    slugs = newsroom.slugs(SPACED)
    for slug in slugs:
        poller.poll(slug)
    seconds = []
    for n in range(number):
        time.sleep(0.12)
        slug = slugs[n % len(slugs)]
        value = _fresh(next(coming), slug)
        started = time.perf_counter()
        api.ask("PUT", f"/articles/{value['id']}", value)
        seconds.append(poller.wait(slug, value["id"].encode()) - started)
    return _row("put to served", seconds)


def _puts(api: Api, coming: Iterator[Article], number: int) -> list[str]:
    seconds = []
    for _ in range(number):
        value = _fresh(next(coming), newsroom.slugs(1)[0])
        started = time.perf_counter()
        api.ask("PUT", f"/articles/{value['id']}", value)
        seconds.append(time.perf_counter() - started)
    return [*_row("puts, one at a time", seconds)[:-1], count(number / sum(seconds))]


def _batches(api: Api, coming: Iterator[Article], number: int, size: int) -> list[str]:
    seconds = []
    for _ in range(number):
        batch = [_fresh(next(coming), newsroom.slugs(1)[0]) for _ in range(size)]
        started = time.perf_counter()
        api.ask("POST", "/articles:batch", {"articles": batch})
        seconds.append(time.perf_counter() - started)
    return [*_row(f"puts, in batches of {count(size)}", seconds)[:-1], count(number * size / sum(seconds))]


def _clicks(api: Api, name: str, request: dict[str, Any], number: int) -> list[str]:
    seconds = []
    for _ in range(number):
        time.sleep(1.1)  # A section publishes at most one version a second.
        started = time.perf_counter()
        asked = api.ask("POST", "/regenerations", request)
        while asked["served_ms"] is None:
            if time.perf_counter() - started > GIVE_UP_SECONDS:
                raise RuntimeError(f"{name}: not done within {GIVE_UP_SECONDS} seconds")
            time.sleep(0.005)
            asked = api.ask("GET", f"/regenerations/{asked['id']}")
        seconds.append(time.perf_counter() - started)
    return _row(name, seconds)


def _fresh(article: Article, slug: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return dump_article(article) | {"sections": [slug], "published_at": now, "updated_at": now}


def _row(name: str, seconds: list[float]) -> list[str]:
    return [name, count(len(seconds)), ms(median(seconds)), ms(percentile(seconds, 99)), ""]
