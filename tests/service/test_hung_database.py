"""A database that hangs delays no poll, and what was committed meanwhile is served when it answers again."""

import contextlib
import http.client
import json
import sqlite3
import subprocess
import threading
import time

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.service.test_api import client_of
from tests.service.test_dashboard import log_in
from tests.service.test_logs import JSON, lines
from tests.support.api import story
from tests.support.hung_postgresql import frozen, locked, poll_at_once
from tests.support.service import running, until


def insert(id: str) -> str:
    return f"""
    INSERT INTO article (id, slug, url, title, html, status, published_at)
    VALUES ('{id}', '{id}', '/{id}', 'Story {id}', '<p>x</p>', 'published', '2026-03-14T08:00:00.000000Z');
    INSERT INTO article_section (article_id, section) VALUES ('{id}', 'taiwan');
    """


def database_of(service) -> str:
    return json.loads(service.get("/readyz").body)["database"]


def until_served(service, url: str, id: str) -> None:
    """Writes an article and waits until the service has noticed it."""
    with psycopg.connect(url) as conn:
        conn.execute(insert(id))
    for slug in ("taiwan", "all"):
        until(lambda slug=slug: f"Story {id}".encode() in service.get(f"/feeds/{slug}.atom").body)
    until(lambda: database_of(service) == "ok")


@pytest.fixture(scope="module")
def postgres(new_module_url, tmp_path_factory):
    """A service on PostgreSQL and its URL; in the end, it must stop in time while PostgreSQL hangs."""
    url = new_module_url("postgresql")
    with running(tmp_path_factory.mktemp("postgres"), url=url) as service:
        yield service.ready(), url
        with frozen(url):
            poll_at_once(service)
            assert service.stop() < 6  # Its children are killed after four.


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    with running(tmp_path_factory.mktemp("sqlite")) as service:
        yield service.ready()


@pytest.mark.parametrize("hung", [frozen, pytest.param(locked, marks=pytest.mark.thorough)])
def test_hung_postgresql_delays_no_poll(postgres, hung):
    service, url = postgres
    until(lambda: database_of(service) == "ok")
    with hung(url):
        for _ in range(5):
            poll_at_once(service)
        # Reported although no statement failed: none was answered.
        until(lambda: database_of(service) == "down")
        assert b"syndication_database_up 0.0" in service.get("/metrics").body
        poll_at_once(service)
    until_served(service, url, f"after-{hung.__name__}")


def test_worker_alone_stops_in_time_while_postgresql_hangs(postgres_url, tmp_path):
    # A database of its own: the service's sections would become those of this worker's configuration.
    with running(tmp_path, "worker", url=postgres_url, env=JSON) as worker:
        until(lambda: any(line["event"] == "worker_started" for line in lines(worker.log)))
        with frozen(postgres_url):
            assert worker.stop() < 6 and worker.process.returncode == 0


def test_feeds_are_unchanged_while_postgresql_accepts_no_connections(postgres):
    service, address = postgres
    before = service.get("/feeds/all.atom")
    url = make_url(address)
    base, admin = url.database, url.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f'ALTER DATABASE "{base}" ALLOW_CONNECTIONS false')
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (base,))
        try:
            until(lambda: database_of(service) == "down")
            during = service.get("/feeds/all.atom", {"If-None-Match": before.headers["etag"]})
            assert service.get("/readyz").status == 200
            assert (during.status, service.get("/feeds/all.atom").body) == (304, before.body)
        finally:
            conn.execute(f'ALTER DATABASE "{base}" ALLOW_CONNECTIONS true')
    until(lambda: database_of(service) == "ok")
    until_served(service, address, "after-away")


def test_requests_beyond_the_places_are_refused_while_postgresql_hangs(postgres):
    service, url = postgres
    client = client_of(service)
    until(lambda: client.ask("GET", "/status")[0] == 200)  # So that the use of the token is written.
    with contextlib.ExitStack() as stack:
        stack.enter_context(frozen(url))
        assert_refused_but_polled(service, client, stack.close)


def test_pages_and_log_ins_that_wait_for_postgresql_delay_no_poll(postgres):
    service, url = postgres
    visitor = log_in(service)
    token, found = visitor.token(), []

    def ask(method, path, fields=None):
        with contextlib.suppress(OSError, http.client.HTTPException):
            found.append(visitor.ask(method, f"/editors{path}", fields).status)

    asked = [("GET", "/"), ("GET", "/live/overview"), ("GET", "/articles"), ("GET", "/login")]
    asked.append(("POST", "/login", {"csrf_token": token, "name": "mei", "password": service.user("mei")}))
    with frozen(url):
        threads = [threading.Thread(target=ask, args=one, daemon=True) for one in 6 * asked]
        for thread in threads:
            thread.start()
        for _ in range(3):
            poll_at_once(service)
    for thread in threads:
        thread.join(60)
    assert len(found) == len(threads) and set(found) <= {200, 204, 303, 400, 503}
    until(lambda: visitor.get("/").status == 200)
    assert "Traceback" not in service.log.read_text() and "page_failed" not in service.log.read_text()


def test_writer_that_locks_sqlite_delays_no_poll(sqlite):
    shell = subprocess.Popen(
        ["sqlite3", str(sqlite.folder / "var/syndication.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    shell.stdin.write(".timeout 10000\nBEGIN EXCLUSIVE;\n" + insert("held") + "SELECT 'held';\n")
    shell.stdin.flush()
    assert shell.stdout.readline() == "held\n"
    for _ in range(10):
        poll_at_once(sqlite)
    assert b"Story held" not in sqlite.get("/feeds/taiwan.atom").body
    assert database_of(sqlite) == "ok"
    assert shell.communicate("COMMIT;\n", timeout=10) == ("", None)
    until(lambda: b"Story held" in sqlite.get("/feeds/taiwan.atom").body)
    assert "Workers: 1." in sqlite.run("status").stdout


def test_requests_beyond_the_places_are_refused_while_sqlite_is_locked(sqlite):
    client = client_of(sqlite)
    assert client.ask("GET", "/status")[0] == 200  # So that the use of the token is written.
    lock = sqlite3.connect(sqlite.folder / "var/syndication.db", isolation_level=None, timeout=30)
    with contextlib.closing(lock):
        lock.execute("BEGIN IMMEDIATE")
        assert_refused_but_polled(sqlite, client, lambda: lock.execute("ROLLBACK"))


def many(client, number):
    """Sends so many requests at once; returns the responses so far, and the threads."""
    found = []

    def ask(n):
        with contextlib.suppress(OSError, http.client.HTTPException):
            found.append(client.ask("PUT", f"/articles/many{n}", story(), timeout=60))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    return found, threads


def assert_refused_but_polled(service, client, release):
    """Asserts that with every place of the API taken, polls go on, further requests get 503, and then all works."""
    found, threads = many(client, 30)
    until(lambda: len(found) >= 14)
    early = list(found)
    assert {status for status, _, _ in early} == {503}
    assert {said["type"].partition("#")[2] for _, said, _ in early} == {"busy"}
    assert all(int(headers["Retry-After"]) >= 1 for _, _, headers in early)
    started = time.monotonic()
    for _ in range(50):
        assert service.get("/feeds/all.atom").status == 200
    assert time.monotonic() - started < 5
    release()
    for thread in threads:
        thread.join(60)
    assert len(found) == 30
    assert {status for status, _, _ in found} <= {201, 503}
    until(lambda: client.ask("GET", "/status")[0] == 200)
    until(lambda: client.ask("PUT", "/articles/after", story())[0] in (200, 201))


@pytest.mark.thorough("nowhere.invalid")
@pytest.mark.parametrize("host", ["127.0.0.1:1", "nowhere.invalid"])
def test_web_process_without_a_database_is_alive_but_not_ready(tmp_path, host):
    with running(tmp_path, "web", url=f"postgresql://secret:word@{host}/news", env=JSON) as web:
        until(lambda: web.get("/healthz").status == 200)
        ready = web.get("/readyz")
        assert (ready.status, json.loads(ready.body)["database"]) == (503, "down")
        feed = web.get("/feeds/taiwan.atom")
        assert (feed.status, feed.headers["cache-control"], feed.headers["retry-after"]) == (503, "no-store", "5")
        assert web.get("/").status == 200

        assert web.get("/api/v1/status").status == 401
        down = web.get("/api/v1/status", {"X-Request-ID": "r-2", "Authorization": "Bearer " + "x" * 40})
        assert (down.status, json.loads(down.body)["type"]) == (503, "/api/v1/docs#database-down")
        page = web.get("/editors/login")
        assert page.status == 503 and b"The database does not answer" in page.body

        # Everything that is logged of a request has its ID.
        def events() -> set[str]:
            return {line["event"] for line in lines(web.log) if line.get("request_id") == "r-2"}

        until(lambda: events() == {"database_down", "request"})
        assert "word" not in web.log.read_text()
