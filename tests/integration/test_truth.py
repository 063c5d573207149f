"""What every page and command says while something is wrong: none says that all is well, or that something is done."""

import sqlite3
from datetime import timedelta

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.diagnostics.health import LOCKED
from syndication.store.db import database as databases
from syndication.store.db.clock import system_clock
from syndication.store.db.database import Database
from syndication.store.processes import web_processes, workers
from tests.support.dashboard import Dashboard
from tests.support.newsroom import at
from tests.support.service import until

NO_WORKER = "No worker is running, so feeds are not updating. Start one with `syndication worker`."

NO_WEB = "No web process is running, so nobody can read the feeds. Start one with `syndication web`."

WORKER, WEB = 4711, 4712
"""Process numbers."""


class Room:
    """A newsroom on the real clock, as the command line has no other; a story is in its feed Taiwan."""

    def __init__(self, url):
        self.url = url
        self.database = Database(url, timeout=0.3)
        self.dashboard = Dashboard(self.database, system_clock)
        self.dashboard.desk.put("a1", published_at=at(days=-1))
        self.dashboard.publish()
        self.browser = self.dashboard.person()
        self.browser.token()
        self.lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)

    def seen(self, *, worker: float | None = 0.0, web: float | None = 0.0):
        """Records the heartbeats of that many seconds ago; None: the process ended."""
        with self.database.write() as conn:
            now = self.database.now(conn)
            if worker is not None:
                seen = now - timedelta(seconds=worker)
                workers.record_heartbeat(conn, workers.WorkerProcess("w", "desk", WORKER, seen, seen))
            if web is not None:
                seen = now - timedelta(seconds=web)
                loaded = self.dashboard.api.loader.publication
                web_processes.record_heartbeat(
                    conn, web_processes.WebProcess("f", "desk", WEB, seen, seen, seen, {}, loaded)
                )

    def command(self, *arguments):
        done = CliRunner().invoke(main, arguments, env={"SYNDICATION_DATABASE__URL": self.url})
        return done.exit_code, " ".join((done.stdout + done.stderr).split())

    def close(self):
        self.lock.close()
        self.database.close()


def stop_the_worker(room, patched):
    return lambda: room.seen(worker=None)


def freeze_the_web_process(room, patched):
    return lambda: room.seen(web=30)


def stop_everything(room, patched):
    return lambda: None


def lock_the_database(room, patched):
    room.seen(worker=30, web=30)
    room.lock.execute("BEGIN IMMEDIATE")
    return lambda: None


def make_a_section_fail(room, patched):
    render = room.dashboard.desk.regenerator.renderer.render

    def fail(feed, *rest):
        if feed.section.slug == "taiwan":
            raise ValueError("a secret title")
        return render(feed, *rest)

    patched.setattr(room.dashboard.desk.regenerator.renderer, "render", fail)
    room.dashboard.desk.put("a1", title="Another title", published_at=at(days=-1))
    until(lambda: any(one.result == "failed" for one in room.dashboard.desk.work().values()))
    room.dashboard.api.loader.load()
    return room.seen


FAILED = "failed once: ValueError in pipeline/"

# The verdict, the state of the feed in the overview and of its page, a story's trace, the answer to a withdrawal in the
# dashboard, and what `syndication withdraw` prints with its exit code.
SAID = {
    stop_the_worker: (
        NO_WORKER, "Not updating", "In the feed at position 1",
        "Withdrawn. Waiting for a worker: none is running, and the article is still in All stories, Taiwan.",
        (3, "withdrawn. Waiting for a worker: none is running, and the article is still in all, taiwan."),
    ),
    freeze_the_web_process: (
        NO_WEB, "Not updating", "In the feed at position 1", "Withdrawn. Updating All stories, Taiwan.",
        (1, f"withdrawn, but web process {WEB} on desk does not answer: it may still serve the previous version."),
    ),
    stop_everything: (
        NO_WORKER, "Not updating", "In the feed at position 1", "Withdrawn. Waiting for a worker: none is running",
        (3, "withdrawn. Waiting for a worker: none is running"),
    ),
    lock_the_database: (
        LOCKED, "Not updating", "In the feed at position 1",
        "Not done: the database is locked by another program. Try again.",
        (1, "is locked by another process (SQLITE_BUSY)"),
    ),
    make_a_section_fail: (
        FAILED, "Failing", "The section failed once: ValueError in pipeline/",
        "Withdrawn, but Taiwan is failing: ValueError in pipeline/",
        (1, "withdrawn, but taiwan is failing: ValueError in pipeline/"),
    ),
}  # fmt: skip


@pytest.fixture
def room(sqlite_url, monkeypatch):
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.3)
    room = Room(sqlite_url)
    yield room
    room.close()


@pytest.mark.parametrize("fault", SAID, ids=lambda fault: fault.__name__)
def test_what_every_page_and_command_says(room, monkeypatch, fault):
    verdict, state, traced, withdrawn, (code, printed) = SAID[fault]
    monkeypatch.setattr("syndication.cli.following.WAIT_SECONDS", 1.0)
    monkeypatch.setattr("syndication.cli.following.GIVE_UP_SECONDS", 0.5)
    with monkeypatch.context() as patched:
        beat = fault(room, patched)

        def get(path):
            beat()
            return room.browser.get(path)

        overview = get("/")
        assert verdict in overview.words and "All is well" not in overview.text
        row = " ".join(overview.tree.xpath("string(//tr[@id='row-taiwan'])").split())
        assert state in row
        beat()
        exit_code, words = room.command("status")
        assert exit_code == 1 and verdict in words and state in words
        for path in ("/articles", "/article?id=a1", "/sections/taiwan", "/feeds", "/audit-log", "/charts", "/tokens"):
            link = get(path).tree.xpath("//a[@id='verdict-link']")[0]
            assert "problem" in link.text_content() and link.get("href") == "/editors/#verdict"
        assert traced in get("/article?id=a1").words and state in get("/sections/taiwan").words
        beat()
        answer = room.browser.post("/article/withdraw?id=a1")
        beat()
        page = room.browser.follow(answer) if answer.status == 303 else answer
        assert withdrawn in page.words and page.tree.xpath("count(//*[@data-retry])") == 0
        assert "Leaves the feed automatically" not in page.words or verdict not in (NO_WORKER, LOCKED)
        if fault is freeze_the_web_process:
            until(lambda: room.dashboard.desk.work())
        beat()
        exit_code, words = room.command("withdraw", "a1")
        assert (exit_code, printed in words) == (code, True), words
        if fault is not lock_the_database:  # A token's use is recorded.
            beat()
            status = room.dashboard.api.get("/status").json
            assert any(verdict in one["message"] for one in status["findings"]), status
        assert "secret" not in page.text + words


def test_all_is_well_when_it_is(room):
    room.seen()
    overview = room.browser.get("/")
    assert "All is well." in overview.words and "Up to date" in overview.words
    assert "All is well" in overview.tree.xpath("string(//a[@id='verdict-link'])")
    assert room.dashboard.api.get("/status").json["headline"] == "All is well."


def test_a_web_process_that_hangs_is_named(room):
    room.seen()
    with room.database.write() as conn:
        now = room.database.now(conn)
        seen = now - timedelta(seconds=30)
        web_processes.record_heartbeat(conn, web_processes.WebProcess("g", "other", WEB, seen, seen, seen))
    words = room.browser.get("/").words
    assert f"Web process {WEB} on other has not reported for 3" in words
