"""Polls during the most expensive kinds of editors' requests, one kind after another, from four clients at once.

One poll every 5 ms on its own connection, with a round without other requests between two kinds. API clients have one
token each; log-ins send a wrong password. A worker is running.
"""

import contextlib
import http.client
import json
import multiprocessing
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks import filling, newsroom
from benchmarks.databases import database, folder, urls
from benchmarks.options import Options
from benchmarks.processes import free_port, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ms, percentile, show
from syndication.model.article_json import dump_article
from syndication.store.access import tokens
from syndication.store.access.audit_log import SERVICE
from syndication.store.db.database import Database

CLIENTS = 4
PAUSE = 0.005
GZIP = {"Accept-Encoding": "gzip"}
JSON = {"Content-Type": "application/json"}

Request = tuple[str, str, Any, dict[str, str]]
"""Method, path, body and headers."""


def run(options: Options) -> None:
    """Measures on SQLite."""
    sections, seconds = options.size(4, 15, 15), options.size(1, 10, 20)
    coming = newsroom.articles(200_000, sections, newsroom.SHORT, options.articles)
    with folder() as where, urls("sqlite") as (url,), database(url) as opened:
        filling.put(opened, (next(coming) for _ in range(options.size(60, 20_000, 100_000))))
        write_config(where, sections)
        port, secrets = free_port(), [_token(opened, number) for number in range(CLIENTS)]
        env = {"SYNDICATION_DATABASE__URL": url, "SYNDICATION_EDITORS__FAILED_ATTEMPTS": "1000000"}
        with (
            running(syndication("worker"), where, **env),
            running(syndication("web", "--port", str(port)), where, port, **env),
        ):
            for slug in newsroom.slugs(sections):
                wait_until_served(port, f"/feeds/{slug}.atom")
            batch = [dump_article(next(coming)) for _ in range(options.size(5, 500, 500))]
            rows = [_row("nothing else", _polls(port, seconds), None)]
            for name, make in _kinds(port, batch, options.size(10_000, 4_000_000, 12_000_000)).items():
                with _asking(port, secrets, make) as answered:
                    polled = _polls(port, seconds)
                rows += [_row(name, polled, answered), _row("nothing else", _polls(port, seconds / 2), None)]
    show("polls during editors' requests", ["", "polls", "p50 ms", "p99 ms", "max ms", "requests per second"], rows)


def _kinds(port: int, batch: list[dict[str, Any]], large: int) -> dict[str, Callable[[int], Request]]:
    """Returns the kinds of requests by name, each a function of the client's number."""
    story = {"title": "Large", "url": "/large", "sections": [], "published_at": "2026-03-14T08:00:00Z"}
    html = json.dumps(story | {"status": "draft", "html": "<p>A long read.</p>" * (large // 19)})
    numbers = json.dumps(story | {"tags": [1] * (large // 80)})
    articles = json.dumps({"articles": batch})
    form = log_in_form(port)
    return {
        "searches": lambda _: ("GET", f"/api/v1/articles?q={quote('no such words in here')}&limit=200", None, {}),
        "an article of some MB": lambda n: ("PUT", f"/api/v1/articles/large-{n}", html, JSON),
        "wrong JSON, 25,000 numbers": lambda n: ("PUT", f"/api/v1/articles/wrong-{n}", numbers, JSON),
        "batches": lambda _: ("POST", "/api/v1/articles:batch", articles, JSON),
        "the documentation": lambda _: ("GET", "/api/v1/docs", None, {}),
        "log-ins": lambda _: ("POST", "/editors/login", *form),
    }


def _token(opened: Database, number: int) -> str:
    with opened.write() as conn:
        return tokens.create(conn, f"benchmark-{number}", tokens.SCOPES, None, SERVICE, opened.now(conn))[1]


def log_in_form(port: int) -> tuple[str, dict[str, str]]:
    """Returns a form with a wrong password, and its headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/editors/login")
    response = connection.getresponse()
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.read().decode())
    form = urlencode({"name": "nobody", "password": "wrong", "csrf_token": found[1] if found else ""})
    cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
    return form, {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}


@contextlib.contextmanager
def _asking(port: int, secrets: list[str], make: Callable[[int], Request]) -> Iterator[list[float]]:
    """Runs clients at full speed, each in its own process; appends the requests per second at the end."""
    context, rate = multiprocessing.get_context("fork"), []
    stop, answered = context.Event(), context.Array("q", len(secrets))
    clients = [
        context.Process(target=_ask, args=(port, make(number), secret, stop, answered, number))
        for number, secret in enumerate(secrets)
    ]
    began = time.monotonic()
    for client in clients:
        client.start()
    try:
        yield rate
    finally:
        stop.set()
        for client in clients:
            client.join()
        rate.append(sum(answered) / (time.monotonic() - began))


def _ask(port: int, request: Request, secret: str, stop: Any, answered: Any, number: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    method, path, body, headers = request
    while not stop.is_set():
        connection.request(method, path, body, headers | {"Authorization": f"Bearer {secret}"})
        response = connection.getresponse()
        response.read()
        answered[number] += response.status != http.HTTPStatus.SERVICE_UNAVAILABLE


def _polls(port: int, seconds: float) -> list[float]:
    """Returns the durations of polls with pauses between them, so that none waits for the previous one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    path, found = f"/feeds/{newsroom.slugs(1)[0]}.atom", []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        connection.request("GET", path, headers=GZIP)
        connection.getresponse().read()
        found.append(time.perf_counter() - started)
        time.sleep(PAUSE)
    return found


def _row(name: str, polled: list[float], rate: list[float] | None) -> list[str]:
    asked = f"{rate[0]:.1f}" if rate else ""
    return [name, count(len(polled)), ms(median(polled)), ms(percentile(polled, 99)), ms(max(polled)), asked]
