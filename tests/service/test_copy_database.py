"""The copy in real processes: killed in the middle, in bounded memory, and served with the same bytes."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest
from sqlalchemy import insert, text

from syndication.store.copy import copy_database
from syndication.store.db.database import Database
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from tests.support.forks import exit_code_of
from tests.support.full_newsroom import empty, everything, full_newsroom
from tests.support.newsroom import at
from tests.support.service import ROOT, Service, environ, running, until

BACK = pytest.param("postgresql", "sqlite", marks=pytest.mark.thorough)


def copy_and_die(source: str, target: str, step: str) -> None:
    """Copies a database, and kills this process at a step."""

    def die(doing: str, table: str, rows: int) -> None:
        if f"{doing} {table} {rows}" == step:
            os.kill(os.getpid(), signal.SIGKILL)

    copy_database(Database(source), Database(target), die)


@pytest.mark.parametrize(
    "step",
    [
        "examining article 0",
        "copying article 200",
        "copying document 5",
        "comparing audit_log 0",
        "comparing tombstone 0",
    ],
)
@pytest.mark.thorough(
    "sqlite", "examining article 0", "copying document 5", "comparing audit_log 0", "comparing tombstone 0"
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_killed_copy_leaves_the_target_empty_and_can_be_repeated(
    sqlite_database, new_url, clock, tmp_path, step, dialect
):
    full_newsroom(sqlite_database, clock, tmp_path)
    before = everything(sqlite_database)
    target = Database(new_url(dialect), clock=clock)
    assert exit_code_of(copy_and_die, sqlite_database.url, target.url, step) == -signal.SIGKILL
    assert empty(target) and everything(sqlite_database) == before
    assert exit_code_of(copy_and_die, sqlite_database.url, target.url, "never") == 0
    assert everything(target) == before
    target.close()


def test_progress_is_shown_on_a_terminal_and_erased(sqlite_url, new_url):
    command = [sys.executable, "-m", "syndication", "copy-database", new_url("sqlite"), "--from", sqlite_url]
    master, slave = pty.openpty()
    done = subprocess.run(command, cwd=ROOT, env=environ(), stdout=subprocess.PIPE, stderr=slave, check=True, text=True)
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert shown.startswith("\r\x1b[Kexamining ") and shown.endswith("\r\x1b[K")
    assert done.stdout.startswith("table ") and "\x1b" not in done.stdout


MEASURED = """
import resource, sys
from syndication.cli import main
try:
    main(["copy-database", sys.argv[1]])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""

BODY_BYTES = 20_000


def peak_megabytes(source: str, target: str, count: int) -> float:
    """Copies ``count`` articles of 20 kB; returns the peak of memory."""
    database = Database(source)
    with database.write() as conn:
        for first in range(0, count, 100):
            batch = range(first, first + 100)
            conn.execute(insert(ArticleRow), [
                {"id": f"a{number}", "slug": "s", "url": "/u", "title": "t", "html": f"{number} " * (BODY_BYTES // 5),
                 "status": "published", "published_at": at(minutes=-number)}
                for number in batch
            ])  # fmt: skip
            sections = [{"article_id": f"a{number}", "section": "taiwan"} for number in batch]
            conn.execute(insert(ArticleSectionRow), sections)
    database.close()
    env = environ(SYNDICATION_DATABASE__URL=source)
    command = [sys.executable, "-c", MEASURED, target]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1]) / 1024


@pytest.mark.thorough
@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), BACK])
def test_database_of_any_size_is_copied_in_constant_memory(new_url, source, target):
    small = peak_megabytes(new_url(source), new_url(target), 500)
    large = peak_megabytes(new_url(source), new_url(target), 3000)
    assert large - small < 2500 * BODY_BYTES / 2**20 / 3, f"{small:.0f} MB, then {large:.0f} MB"


FEEDS = [f"/feeds/{slug}.{format}" for slug in ("all", "taiwan", "world") for format in ("atom", "rss", "json")]


def polled(service: Service) -> dict[tuple[str, str], tuple[str, str | None, bytes]]:
    """Returns ETag, time and bytes of every feed in every encoding."""
    found = {}
    for path in FEEDS:
        for coding in ("identity", "gzip", "br", "zstd"):
            answer = service.get(path, {"Accept-Encoding": coding})
            assert answer.status == 200
            found[path, coding] = (answer.headers["etag"], answer.headers.get("last-modified"), answer.body)
    return found


def versions(url: str) -> list[tuple[str, int]]:
    database = Database(url)
    with database.read() as conn:
        found = [
            tuple(row) for row in conn.execute(text("SELECT section, version FROM section_state ORDER BY section"))
        ]
    database.close()
    return found


STORY = """INSERT INTO article (id, slug, url, title, status, published_at)
VALUES ('moved', 'moved', '/moved', 'Story moved', 'published', '2026-03-14T08:00:00.000000Z')"""


@pytest.mark.parametrize(("old", "new"), [("sqlite", "postgresql"), BACK])
def test_service_on_the_copy_serves_the_same_feeds(tmp_path, new_url, old, new):
    source, target = new_url(old), new_url(new)
    with running(tmp_path, url=source) as service:
        assert service.run("import", "-", input=json.dumps(LINE)).returncode == 0
        service.ready()
        secret = service.token("cms")
        until(lambda: b"Night train" in service.get("/feeds/taiwan.json").body)
        before = polled(service)
    done = service.run("copy-database", target)
    assert (done.returncode, "Copied" in done.stdout) == (0, True), done.stderr
    copied = versions(target)
    assert copied == versions(source)
    base = {"SYNDICATION_SITE__BASE_URL": f"http://127.0.0.1:{service.port}"}
    with running(tmp_path, url=target, env=base) as moved:
        moved.ready()
        assert polled(moved) == before
        for (path, coding), (etag, _, _) in before.items():
            assert moved.get(path, {"Accept-Encoding": coding, "If-None-Match": etag}).status == 304
        until(lambda: json.loads(moved.get("/readyz").body)["workers"] == 1)
        assert moved.get("/api/v1/sections", {"Authorization": f"Bearer {secret}"}).status == 200
        assert versions(target) == copied, "nothing was published anew"
        database = Database(target)
        with database.write() as conn:
            conn.execute(text(STORY))
        database.close()
        until(lambda: b"Story moved" in moved.get("/feeds/all.json").body)
        assert dict(versions(target))["all"] == dict(copied)["all"] + 1


LINE = {"id": "a1", "title": "Night train", "url": "/a1", "sections": ["taiwan"], "published_at": "2026-03-14T08:00Z"}
