"""The service as its users have it: real processes, real HTTP, a real database."""

import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import time

import brotli
import feedparser
import psycopg
import pytest
import zstandard
from sqlalchemy.engine import make_url

from tests.support.service import Service, free_port, running, until

DECODE = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
}

TYPED = """
INSERT INTO article (id, slug, url, title, html, status, published_at)
VALUES ('typed', 'typed', '/typed', 'Typed by hand', '<p>x</p>', 'published', '2026-03-14T08:00:00.000000Z');
INSERT INTO article_section (article_id, section) VALUES ('typed', 'taiwan');
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service"), arguments=("--demonstration",)) as service:
        yield service.ready()


def test_a_story_typed_into_the_database_is_served_within_a_second(service):
    database = service.folder / "var/syndication.db"
    subprocess.run(["sqlite3", "-cmd", ".timeout 5000", str(database)], input=TYPED, text=True, check=True)
    typed = time.monotonic()
    until(lambda: b"Typed by hand" in service.get("/feeds/taiwan.atom").body)
    assert time.monotonic() - typed < 2
    for format in ("rss", "json"):
        assert b"Typed by hand" in service.get(f"/feeds/taiwan.{format}").body


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_every_coding_decodes_to_the_same_bytes_under_its_own_etag(service, format):
    answers = {coding: service.get(f"/feeds/world.{format}", {"Accept-Encoding": coding}) for coding in DECODE}
    bodies = {DECODE[coding](answer.body) for coding, answer in answers.items()}
    assert len(bodies) == 1
    assert len({answer.headers["etag"] for answer in answers.values()}) == 4
    for coding, answer in answers.items():
        assert answer.headers.get("content-encoding", "identity") == coding
        assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json"])
def test_a_poll_of_an_unchanged_feed_costs_a_304(service, path):
    first = service.get("/feeds/health" + path[10:])
    again = service.get("/feeds/health" + path[10:], {"If-None-Match": first.headers["etag"]})
    assert (first.status, again.status, again.body) == (200, 304, b"")
    since = service.get("/feeds/health" + path[10:], {"If-Modified-Since": first.headers["last-modified"]})
    assert since.status == 304


def test_a_feed_sets_no_cookie_and_says_what_it_is(service):
    answer = service.get("/feeds/movies.rss", {"Cookie": "a=b"})
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "stale-if-error=86400" in answer.headers["cache-control"]
    head = service.get("/feeds/movies.rss", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]


@pytest.mark.parametrize(
    ("path", "headers", "method", "status"),
    [
        ("/feeds/nothing.atom", {}, "GET", 404),
        ("/feeds/all.atom", {}, "POST", 405),
        ("/feeds/all.atom", {"Accept-Encoding": "identity;q=0"}, "GET", 406),
        ("/feeds/all.atom", {"If-Modified-Since": "Mon, 01 Jan 20260000000 00:00:00 GMT"}, "GET", 200),
        ("/feeds/all.atom", {"Range": "bytes=0-10"}, "GET", 200),
        ("/feeds/all.atom?" + "x" * 9000, {}, "GET", 414),
        ("/feeds/all.atom", {"X-Long": "x" * 60_000}, "GET", 431),
        ("/feeds/all.atom", {"Origin": "https://reader.example"}, "OPTIONS", 204),
    ],
)
def test_what_is_asked_wrongly_gets_a_clean_answer(service, path, headers, method, status):
    assert service.get(path, headers, method).status == status


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_feedparser_polls_and_gets_its_304(service, format):
    address = f"http://127.0.0.1:{service.port}/feeds/business.{format}"
    first = feedparser.parse(address)
    assert first.status == 200 and not first.bozo and first.entries
    again = feedparser.parse(address, etag=first.etag, modified=first.get("modified"))
    assert again.status == 304


def test_operators_see_the_state(service):
    assert service.get("/healthz").body == b"ok\n"
    ready = json.loads(service.get("/readyz").body)
    assert (ready["database"], ready["triggers"], ready["workers"]) == ("ok", "ok", 1)
    until(
        lambda: b'syndication_polls_total{coding="identity",format="atom",status="200"}' in service.get("/metrics").body
    )
    assert b"syndication_workers_running 1.0" in service.get("/metrics").body


def test_the_front_page_lists_the_feeds_and_trusts_no_host(service):
    page = service.get("/", {"Host": "evil.example"})
    text = page.body.decode()
    assert page.status == 200 and "evil.example" not in text
    assert text.count('rel="alternate"') == 15 * 3
    assert "Arts &amp; Leisure" in text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert service.get("/static/front.css").status == 200


def test_the_embargoed_story_is_in_no_page_and_no_log(service):
    for path in ("/", "/metrics", "/readyz", *(f"/feeds/{s}.{f}" for s in ("all", "taiwan") for f in ("atom", "json"))):
        assert b"translation prize" not in service.get(path).body
    assert "translation prize" not in service.log.read_text()


def test_fifty_slow_clients_delay_no_poll(service):
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=5))
            slow.sendall(b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        started = time.monotonic()
        for _ in range(20):
            assert service.get("/feeds/all.atom").status == 200
        assert time.monotonic() - started < 5


def test_status_withdraw_restore_and_regenerate_work_beside_the_running_service(service):
    assert service.run("status").returncode == 0
    done = service.run("regenerate", "sports", "--wait")
    assert done.returncode == 0 and done.stdout.startswith("sports: unchanged"), done.stdout + done.stderr
    assert service.run("withdraw", "demo-019").stdout == "demo-019 is withdrawn.\n"
    until(lambda: b"badminton" not in service.get("/feeds/sports.atom").body)
    assert service.run("restore", "demo-019").returncode == 0
    until(lambda: b"badminton" in service.get("/feeds/sports.atom").body)
    assert service.run("withdraw", "nobody").returncode == 1


@pytest.mark.parametrize("command", ["web", "worker"])
def test_a_killed_process_is_started_again(service, command):
    before = until(lambda: service.children().get(command))
    os.kill(before, signal.SIGKILL)
    until(lambda: service.children().get(command) not in (None, before))
    until(lambda: service.get("/feeds/all.atom").status == 200)
    until(lambda: json.loads(service.get("/readyz").body)["workers"] >= 1)


def test_a_taken_port_is_said_in_one_sentence(service, tmp_path):
    done = service.run("serve", "--port", str(service.port))
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: port {service.port} on 127.0.0.1 cannot be used (Address already in use): choose another with"
        " --port (with make run: PORT=8001).\n"
    )


def test_it_stops_within_five_seconds_with_connections_open_and_keeps_its_data(tmp_path):
    with running(tmp_path, arguments=("--demonstration",)) as service, contextlib.ExitStack() as stack:
        service.ready()
        for _ in range(20):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert service.stop() < 5
        assert service.process.returncode == 0
        first = service.log.read_text()
    assert "Loaded the demonstration newsroom: 41 articles." in first
    with running(tmp_path, arguments=("--demonstration",)) as service:
        service.ready()
        assert "Loaded" not in service.log.read_text()
        assert b"Night train" in service.get("/feeds/taiwan.atom").body


def test_a_killed_supervisor_leaves_nobody_on_the_port(tmp_path):
    with running(tmp_path) as service:
        service.ready()
        children = service.children()
        service.process.kill()
        service.process.wait()
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children.values()))

        def free():
            with socket.socket() as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind(("127.0.0.1", service.port))
                return True

        until(free)


def test_a_feed_that_is_not_rendered_yet_is_503_and_never_404(tmp_path):
    assert Service(tmp_path, "migrate").process.wait(30) == 0
    with running(tmp_path, "web") as web:
        until(lambda: web.get("/readyz").status == 200)
        answer = web.get("/feeds/taiwan.atom")
        assert answer.status == 503
        assert answer.headers["cache-control"] == "no-store" and int(answer.headers["retry-after"]) > 0
        done = web.run("regenerate", "--all", "--wait")
        assert done.returncode == 3 and "worker" in done.stderr
        assert web.run("status").returncode == 1


def test_without_migration_it_says_what_to_run(tmp_path):
    done = Service(tmp_path, "worker")
    assert done.process.wait(30) == 1
    text = done.log.read_text()
    assert "run `syndication migrate`" in text and "Traceback" not in text


def test_feeds_are_served_as_they_were_while_postgresql_is_away(tmp_path, postgres_url):
    with running(tmp_path, url=postgres_url) as service:
        service.ready()
        before = service.get("/feeds/all.atom")
        url = make_url(postgres_url)
        base, admin = url.database, url.set(database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(admin, autocommit=True) as conn:
            conn.execute(f'ALTER DATABASE "{base}" ALLOW_CONNECTIONS false')
            conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (base,))
            until(lambda: json.loads(service.get("/readyz").body)["database"] == "down")
            during = service.get("/feeds/all.atom", {"If-None-Match": before.headers["etag"]})
            assert service.get("/readyz").status == 200
            assert (during.status, service.get("/feeds/all.atom").body) == (304, before.body)
            conn.execute(f'ALTER DATABASE "{base}" ALLOW_CONNECTIONS true')
        until(lambda: json.loads(service.get("/readyz").body)["database"] == "ok")
        with psycopg.connect(postgres_url) as conn:
            conn.execute(TYPED.partition(";")[0])
        until(lambda: b"Typed by hand" in service.get("/feeds/all.atom").body)


def test_the_port_of_a_trial_is_in_its_addresses(service):
    assert f"http://127.0.0.1:{service.port}/feeds/all.atom".encode() in service.get("/feeds/all.atom").body
    assert free_port() != service.port
