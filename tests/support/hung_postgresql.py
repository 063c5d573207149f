"""Ways to make PostgreSQL hang, and polls that must not notice."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.support.service import Service

AT_ONCE = 2.0
"""Seconds that a poll may take on a busy machine; a hung database would hold it for ten seconds or forever."""


def poll_at_once(service: Service) -> None:
    """Asserts that everything that needs no database is answered without delay."""
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


@contextlib.contextmanager
def frozen(url: str) -> Iterator[None]:
    """Stops every process of the PostgreSQL server: it accepts connections, and answers nothing."""
    with psycopg.connect(url) as conn:
        (backend,) = conn.execute("SELECT pg_backend_pid()").fetchone() or (0,)
        status = Path(f"/proc/{backend}/status").read_text()
    (parent,) = re.findall(r"^PPid:\s+(\d+)$", status, re.MULTILINE)
    postmaster = int(parent)
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
def locked(url: str) -> Iterator[None]:
    """Holds the tables that every web process and every worker reads."""
    with psycopg.connect(url) as conn:
        conn.execute("LOCK TABLE section_state, document, article IN ACCESS EXCLUSIVE MODE")
        yield
        conn.rollback()
