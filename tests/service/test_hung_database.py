"""A database that hangs delays no poll, and what was committed meanwhile is served when it answers again."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.service import running, until

AT_ONCE = 2.0
"""Seconds: no poll takes longer, even on a busy machine, while what hangs would hold it for ten or for ever."""


def story(id: str) -> str:
    return f"""
    INSERT INTO article (id, slug, url, title, html, status, published_at)
    VALUES ('{id}', '{id}', '/{id}', 'Story {id}', '<p>x</p>', 'published', '2026-03-14T08:00:00.000000Z');
    INSERT INTO article_section (article_id, section) VALUES ('{id}', 'taiwan');
    """


def poll_at_once(service) -> None:
    """Everything that needs no database is answered without delay."""
    tag = service.get("/feeds/taiwan.atom").headers["etag"]
    for path, headers, status in (
        ("/feeds/taiwan.atom", {}, 200),
        ("/feeds/taiwan.atom", {"If-None-Match": tag}, 304),
        ("/feeds/all.json", {"Accept-Encoding": "br"}, 200),
        ("/feeds/nothing.rss", {}, 404),
        ("/", {}, 200),
        ("/healthz", {}, 200),
        ("/readyz", {}, 200),
        ("/metrics", {}, 200),
    ):
        started = time.monotonic()
        assert service.get(path, headers).status == status, path
        assert time.monotonic() - started < AT_ONCE, path


def database_of(service) -> str:
    return json.loads(service.get("/readyz").body)["database"]


@contextlib.contextmanager
def frozen(url: str):
    """Stop every process of the PostgreSQL server: it accepts connections, and answers nothing."""
    with psycopg.connect(url) as conn:
        (backend,) = conn.execute("SELECT pg_backend_pid()").fetchone()
        status = Path(f"/proc/{backend}/status").read_text()
    postmaster = int(re.search(r"^PPid:\s+(\d+)$", status, re.MULTILINE).group(1))
    # The postmaster first, so that it starts no other while the rest are found.
    stopped = [postmaster]
    os.kill(postmaster, signal.SIGSTOP)
    try:
        for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGSTOP)
                stopped.append(int(child))
        yield
    finally:
        for pid in reversed(stopped):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def locked(url: str):
    """Hold the tables that every web process and every worker reads."""
    with psycopg.connect(url) as conn:
        conn.execute("LOCK TABLE section_state, document, article IN ACCESS EXCLUSIVE MODE")
        yield
        conn.rollback()


@pytest.mark.parametrize("hung", [frozen, pytest.param(locked, marks=pytest.mark.thorough)])
def test_a_hung_postgresql_delays_no_poll(tmp_path, postgres_url, hung):
    with running(tmp_path, url=postgres_url) as service:
        service.ready()
        until(lambda: database_of(service) == "ok")
        with hung(postgres_url):
            for _ in range(5):
                poll_at_once(service)
            # It is told, although nothing failed: nobody answered.
            until(lambda: database_of(service) == "down")
            assert b"syndication_database_up 0.0" in service.get("/metrics").body
            poll_at_once(service)
        with psycopg.connect(postgres_url) as conn:
            conn.execute(story("afterwards"))
        until(lambda: b"Story afterwards" in service.get("/feeds/taiwan.atom").body)
        until(lambda: database_of(service) == "ok")


def test_the_service_stops_within_five_seconds_while_postgresql_hangs(tmp_path, postgres_url):
    with running(tmp_path, url=postgres_url) as service:
        service.ready()
        with frozen(postgres_url):
            poll_at_once(service)
            assert service.stop() < 6  # Its children are killed after four.


def test_a_writer_that_holds_sqlite_delays_no_poll(tmp_path):
    with running(tmp_path) as service:
        service.ready()
        shell = subprocess.Popen(
            ["sqlite3", str(tmp_path / "var/syndication.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        shell.stdin.write(".timeout 10000\nBEGIN EXCLUSIVE;\n" + story("held") + "SELECT 'held';\n")
        shell.stdin.flush()
        assert shell.stdout.readline() == "held\n"
        for _ in range(10):
            poll_at_once(service)
        assert b"Story held" not in service.get("/feeds/taiwan.atom").body
        assert database_of(service) == "ok"
        assert shell.communicate("COMMIT;\n", timeout=10) == ("", None)
        until(lambda: b"Story held" in service.get("/feeds/taiwan.atom").body)
        assert "Workers: 1." in service.run("status").stdout


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nowhere.invalid"])
def test_a_web_process_without_a_database_is_alive_and_not_ready(tmp_path, host):
    with running(tmp_path, "web", url=f"postgresql://secret:word@{host}/news") as web:
        until(lambda: web.get("/healthz").status == 200)
        ready = web.get("/readyz")
        assert (ready.status, json.loads(ready.body)["database"]) == (503, "down")
        feed = web.get("/feeds/taiwan.atom")
        assert (feed.status, feed.headers["cache-control"], feed.headers["retry-after"]) == (503, "no-store", "5")
        assert web.get("/").status == 200
        assert "word" not in web.log.read_text()
