"""The most expensive requests: without a token, of a CMS that signs webhooks, and of a token with each single scope.

Each request of the catalogue (``dearest_requests``) is sent alone to a web process with one worker, and measured until
the worker is idle.

answered ms    from sending the request to the end of the response
until done s   from then until the worker is idle
web MB more    peak of the web process and its editors process above their memory before; for a large body the editors
               process is restarted first, so that it has no memory left from earlier requests
web, worker MB their peaks during the request, including the worker's rendering process
rows           by how many rows all tables grew
"""

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks import filling, newsroom
from benchmarks.beside import log_in_form
from benchmarks.databases import database, folder, urls
from benchmarks.dearest_requests import OLD, PARAGRAPH, WIDE, Catalogue, Request, Target
from benchmarks.held import family, forget_peak, peak
from benchmarks.options import Options
from benchmarks.processes import free_port, get, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ms, show
from syndication.model.body_limits import MIB, BodyLimits
from syndication.store.access import tokens
from syndication.store.access.audit_log import SERVICE
from syndication.store.db.database import Database

SECRET = "what the CMS and the service share"
GIVE_UP_SECONDS = 300
STILL_SECONDS = 0.3
"""Seconds without new rows, and with nothing waiting, after which the work counts as done."""

NOT_OURS = {"poll_count", "worker", "web_process", "sqlite_sequence"}
"""Tables that grow over time, not because of a request."""

COLUMNS = ["", "", "status", "answered ms", "until done s", "web MB more", "web MB", "worker MB", "rows", "answer kB"]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one request."""

    request: Request
    status: int
    seconds: float
    done: float
    more: float
    web: float
    worker: float
    rows: int
    size: int


class Meter:
    """Sends requests to a service and measures the cost of each."""

    def __init__(self, port: int, web: int, worker: int, file: Path, repeats: int) -> None:
        self.port, self._web, self._worker, self._file, self._repeats = port, web, worker, file, repeats

    def measure(self, request: Request, token: str, known: dict[str, str]) -> Cost:
        """Measures one request; GET requests are repeated."""
        if len(request.body) > 2 * MIB:
            self._restart_editors()
        headers = dict(request.headers) | ({"Authorization": f"Bearer {token}"} if token else {})
        before = self._rows()
        held = forget_peak(family(self._web))
        forget_peak(family(self._worker))
        times = []
        for _ in range(self._repeats if request.method == "GET" else 1):
            started = time.perf_counter()
            status, body = _ask(self.port, request, headers)
            times.append(time.perf_counter() - started)
        started = time.monotonic()
        rows = before if request.method == "GET" else self._until_done()
        done = max(0.0, time.monotonic() - started - STILL_SECONDS)
        _remember(request, status, body, known)
        top = peak(family(self._web))
        return Cost(
            request, status, median(times), done, top - held, top, peak(family(self._worker)), rows - before, len(body)
        )

    def _restart_editors(self) -> None:
        """Restarts the editors process, which keeps memory of earlier requests."""
        for pid in family(self._web):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(b"\0editors"):
                    os.kill(pid, signal.SIGTERM)
        time.sleep(0.2)
        _wait_for_editors(self.port)

    def _until_done(self) -> int:
        """Waits until no work is left, and returns the number of rows of all tables."""
        deadline, found, since = time.monotonic() + GIVE_UP_SECONDS, -1, time.monotonic()
        while time.monotonic() < deadline:
            now = self._rows()
            if now != found or self._waiting():
                found, since = now, time.monotonic()
            if time.monotonic() - since > STILL_SECONDS:
                return found
            time.sleep(0.05)
        return found  # The table shows the wait.

    def _waiting(self) -> int:
        return self._numbers(
            "SELECT (SELECT count(*) FROM change) + (SELECT count(*) FROM preview WHERE finished_at IS NULL)"
            " + (SELECT count(*) FROM section_state"
            " WHERE completed_generation < requested_generation AND retry_at IS NULL)"
        )[0]

    def _rows(self) -> int:
        names = self._numbers("SELECT name FROM sqlite_master WHERE type = 'table'")
        return sum(self._numbers(f'SELECT count(*) FROM "{name}"')[0] for name in names if name not in NOT_OURS)

    def _numbers(self, query: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self._file, timeout=60)) as conn:
            return [row[0] for row in conn.execute(query)]


def run(options: Options) -> None:
    """Measures on SQLite."""
    sections = options.size(4, 15, 15)
    limits = options.size(BodyLimits(MIB, MIB), BodyLimits(batch=4 * MIB), BodyLimits())
    found = newsroom.articles(options.size(20, 5_000, 20_000), sections - 1, newsroom.SHORT, options.articles)
    slugs = newsroom.slugs(sections)
    target = Target(slugs[:-1], slugs[-1], "a0000001", "large")
    with folder() as where, urls("sqlite") as (url,), database(url) as opened:
        filling.put(opened, _with_large(list(found), target, limits))
        write_config(where, sections)
        port, secrets = free_port(), {scope: _token(opened, scope) for scope in tokens.SCOPES}
        env = {
            "SYNDICATION_DATABASE__URL": url,
            "SYNDICATION_EDITORS__FAILED_ATTEMPTS": "1000000",
            "SYNDICATION_EDITORS__WEBHOOK_SECRET": SECRET,
            "SYNDICATION_NINJS__SECRET": SECRET,
            "SYNDICATION_NINJS__URL": "/news/{slug}",
            "SYNDICATION_EDITORS__LARGEST_ARTICLE_MB": str(limits.article // MIB),
            "SYNDICATION_EDITORS__LARGEST_BATCH_MB": str(limits.batch // MIB),
        }
        with (
            running(syndication("worker"), where, **env) as worker,
            running(syndication("web", "--port", str(port)), where, port, **env) as web,
        ):
            for slug in slugs:
                wait_until_served(port, f"/feeds/{slug}.atom")
            _wait_for_editors(port)
            catalogue = Catalogue(json.loads(get(port, "/api/v1/openapi.json").body), target, limits)
            meter = Meter(port, web.pid, worker.pid, Path(url.removeprefix("sqlite:///")), options.size(1, 3, 5))
            meter.measure(Request("", "", "GET", "/api/v1/status"), secrets["read"], {})
            for who, requests in _callers(catalogue, port):
                few = (request for request in requests if request.form == "usual" or not options.quick)
                costs = [meter.measure(request, secrets.get(who, ""), target.known) for request in few]
                _show(who, costs, len(costs) if options.full else options.size(5, 8))


def _callers(catalogue: Catalogue, port: int) -> Iterator[tuple[str, Iterable[Request]]]:
    """Yields the callers with their requests; readers come after writers, when there is most to read."""
    form, headers = log_in_form(port)
    log_in = Request("POST /editors/login, a wrong password", "usual", "POST", "/editors/login", form.encode(), headers)
    yield "no token", chain([log_in], catalogue.of_stranger())
    yield "a webhook", catalogue.of_webhook(SECRET)
    for scope in ("write", "read", "preview", "regenerate", "feeds", "admin"):
        yield scope, catalogue.of_scope(scope)


def _show(who: str, costs: list[Cost], number: int) -> None:
    """Shows the most expensive requests by time, and the top three by memory, rows and bytes."""
    costs.sort(key=lambda cost: -cost.seconds)
    chosen = set(map(id, costs[:number]))
    for key in (lambda cost: cost.more, lambda cost: cost.rows, lambda cost: cost.size):
        chosen |= set(map(id, sorted(costs, key=key, reverse=True)[:3]))
    rows = [_row(cost) for cost in costs if id(cost) in chosen]
    show(f"most expensive requests, {who}: {len(rows)} of {len(costs)}", COLUMNS, rows)


def _row(cost: Cost) -> list[str]:
    return [
        cost.request.name, cost.request.form, str(cost.status), ms(cost.seconds), f"{cost.done:.1f}",
        f"{cost.more:.0f}", f"{cost.web:.0f}", f"{cost.worker:.0f}", count(cost.rows), f"{cost.size / 1000:,.1f}",
    ]  # fmt: skip


def _with_large(found: list[Any], target: Target, limits: BodyLimits) -> list[Any]:
    """Returns the articles and an old one of nearly the largest size; a PUT adds another, and the two fill a feed."""
    html = WIDE + PARAGRAPH * (limits.article * 9 // 10 // len(PARAGRAPH))
    id, sections = target.large_article, (target.large_section,)
    large = replace(
        found[-1], id=id, slug=id, url=f"/{id}", html=html, sections=sections, published_at=datetime.fromisoformat(OLD)
    )
    return [*found, large]


def _token(opened: Database, scope: str) -> str:
    with opened.write() as conn:
        return tokens.create(conn, f"dearest-{scope}", (scope,), None, SERVICE, opened.now(conn))[1]


def _ask(port: int, request: Request, headers: dict[str, str]) -> tuple[int, bytes]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS)) as connection:
        with contextlib.suppress(ConnectionError):  # Refused before the whole body was sent; the response says why.
            connection.request(request.method, request.path, request.body or None, headers)
        response = connection.getresponse()
        return response.status, response.read()


def _remember(request: Request, status: int, body: bytes, known: dict[str, str]) -> None:
    """Remembers the ID of what was created, for later requests."""
    if status in (http.HTTPStatus.CREATED, http.HTTPStatus.ACCEPTED):
        value, subject = json.loads(body), request.path.split("/")[3]
        known[subject] = str(value.get("name" if subject == "users" else "id"))


def _wait_for_editors(port: int) -> None:
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if get(port, "/editors/login").status == http.HTTPStatus.OK:
                return
        time.sleep(0.05)
    raise RuntimeError("the editors process does not answer")
