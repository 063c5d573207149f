"""The service as its users have it: real processes, real HTTP, a real database."""

import contextlib
import gzip
import json
import os
import signal
import socket
import sqlite3
import subprocess
import time

import brotli
import feedparser
import pytest
import zstandard

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


def test_a_demonstration_warns_of_no_example_values(service):
    assert "Press Ctrl-C to stop." in service.start_log and "Warning" not in service.start_log


def test_story_written_by_sql_is_served_within_a_second(service):
    database = service.folder / "var/syndication.db"
    subprocess.run(["sqlite3", "-cmd", ".timeout 5000", str(database)], input=TYPED, text=True, check=True)
    typed = time.monotonic()
    until(lambda: b"Typed by hand" in service.get("/feeds/taiwan.atom").body)
    assert time.monotonic() - typed < 2
    for format in ("rss", "json"):
        assert b"Typed by hand" in service.get(f"/feeds/taiwan.{format}").body


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_every_encoding_decodes_to_the_same_bytes(service, format):
    answers = {coding: service.get(f"/feeds/world.{format}", {"Accept-Encoding": coding}) for coding in DECODE}
    bodies = {DECODE[coding](answer.body) for coding, answer in answers.items()}
    assert len(bodies) == 1
    assert len({answer.headers["etag"] for answer in answers.values()}) == 4
    for coding, answer in answers.items():
        assert answer.headers.get("content-encoding", "identity") == coding
        assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json"])
def test_poll_of_an_unchanged_feed_gets_304(service, path):
    first = service.get("/feeds/health" + path[10:])
    again = service.get("/feeds/health" + path[10:], {"If-None-Match": first.headers["etag"]})
    assert (first.status, again.status, again.body) == (200, 304, b"")
    since = service.get("/feeds/health" + path[10:], {"If-Modified-Since": first.headers["last-modified"]})
    assert since.status == 304


def test_feed_has_its_headers_and_no_cookie(service):
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
def test_unusual_request_gets_the_right_status(service, path, headers, method, status):
    assert service.get(path, headers, method).status == status


@pytest.mark.parametrize("format", ["atom", "rss"])
def test_feedparser_polls_again_and_gets_304(service, format):
    address = f"http://127.0.0.1:{service.port}/feeds/business.{format}"
    first = feedparser.parse(address)
    assert first.status == 200 and not first.bozo and first.entries
    again = feedparser.parse(address, etag=first.etag, modified=first.get("modified"))
    assert again.status == 304


def test_operators_see_the_state_of_the_service(service):
    assert service.get("/healthz").body == b"ok\n"
    # The web process may have read this state before the worker's first heartbeat; it reads it again.
    ready = until(lambda: (state := json.loads(service.get("/readyz").body))["workers"] and state)
    assert (ready["database"], ready["triggers"], ready["workers"]) == ("ok", "ok", 1)
    # Alone, or in a process of its own, this test is the first that polls an Atom feed.
    assert service.get("/feeds/all.atom").status == 200
    until(
        lambda: b'syndication_polls_total{coding="identity",format="atom",status="200"}' in service.get("/metrics").body
    )
    until(lambda: b"syndication_workers_running 1.0" in service.get("/metrics").body)


def test_front_page_lists_feeds_and_ignores_host(service):
    page = service.get("/", {"Host": "evil.example"})
    text = page.body.decode()
    assert page.status == 200 and "evil.example" not in text
    assert text.count('rel="alternate"') == 15 * 3
    assert "Arts &amp; Leisure" in text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert service.get("/static/front.css").status == 200


def test_embargoed_story_is_in_no_page_or_log(service):
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


def test_commands_work_beside_the_running_service(service):
    assert service.run("status").returncode == 0
    done = service.run("regenerate", "sports", "--wait")
    assert done.returncode == 0 and done.stdout.startswith("sports: unchanged"), done.stdout + done.stderr
    done = service.run("withdraw", "demo-019")
    assert done.stdout.startswith("demo-019: withdrawn: every web process serves the feeds without it."), done.stdout
    until(lambda: b"badminton" not in service.get("/feeds/sports.atom").body)
    assert service.run("restore", "demo-019").returncode == 0
    until(lambda: b"badminton" in service.get("/feeds/sports.atom").body)
    assert service.run("withdraw", "nobody").returncode == 1


@pytest.mark.parametrize("command", ["web", "worker"])
def test_killed_process_is_restarted(service, command):
    before = until(lambda: service.children().get(command))
    os.kill(before, signal.SIGKILL)
    until(lambda: service.children().get(command) not in (None, before))
    until(lambda: service.get("/feeds/all.atom").status == 200)
    until(lambda: json.loads(service.get("/readyz").body)["workers"] >= 1)


def test_used_port_is_reported_in_one_sentence(service, tmp_path):
    done = service.run("serve", "--port", str(service.port))
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: port {service.port} on 127.0.0.1 cannot be used (Address already in use): choose another with"
        " --port (with make run: PORT=8001).\n"
    )


def test_feed_that_is_not_rendered_yet_gets_503(tmp_path, sqlite_url):
    with running(tmp_path, "web", url=sqlite_url) as web:
        until(lambda: web.get("/readyz").status == 200)
        answer = web.get("/feeds/taiwan.atom")
        assert answer.status == 503
        assert answer.headers["cache-control"] == "no-store" and int(answer.headers["retry-after"]) > 0
        done = web.run("regenerate", "--all", "--wait")
        assert done.returncode == 3 and "worker" in done.stderr
        assert web.run("status").returncode == 1


def test_worker_without_tables_names_the_command_to_run(tmp_path):
    done = Service(tmp_path, "worker")
    assert done.process.wait(30) == 1
    text = done.log.read_text()
    assert "run `syndication migrate`" in text and "Traceback" not in text


def test_port_of_a_trial_is_in_its_urls(service):
    assert f"http://127.0.0.1:{service.port}/feeds/all.atom".encode() in service.get("/feeds/all.atom").body
    assert free_port() != service.port


def test_no_purge_is_stored_without_a_cache_to_purge(service):
    with contextlib.closing(sqlite3.connect(service.folder / "var/syndication.db")) as conn:
        assert conn.execute("SELECT count(*) FROM purge").fetchone() == (0,)
