"""Real web processes write counts of polls to the database, and a kill loses only unwritten ones."""

from datetime import timedelta

import pytest

from syndication.store.db.clock import system_clock
from syndication.store.db.database import Database
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import NONE, PollSums
from syndication.web.shutdown import SECONDS
from tests.support.desk import publish_bundled
from tests.support.service import Service, running, until

OFTEN = """
import sys
from wsgiref.simple_server import make_server
from syndication.app import create_app
from syndication.config.loading import load_settings
make_server("127.0.0.1", int(sys.argv[1]), create_app(load_settings(), write_polls_every=0.1)).serve_forever()
"""


def counted(url: str, section: str = "taiwan") -> PollSums:
    database = Database(url)
    with database.read() as conn:
        slots = poll_counts.read_polls(conn, [section], system_clock() - timedelta(hours=1))[section]
    database.close()
    return sum(slots.values(), NONE)


def poll(service: Service, times: int) -> PollSums:
    """Polls in every way; returns the counts to expect."""
    size = 0
    for _ in range(times):
        whole = service.get("/feeds/taiwan.atom", {"Accept-Encoding": "gzip"})
        known = {"Accept-Encoding": "gzip", "If-None-Match": whole.headers["etag"]}
        same = service.get("/feeds/taiwan.atom", known)
        head = service.get("/feeds/taiwan.rss", method="HEAD")
        missing = service.get("/feeds/nowhere.atom")
        assert [answer.status for answer in (whole, same, head, missing)] == [200, 304, 200, 404]
        size += len(whole.body)
    return PollSums(2 * times, times, size)


@pytest.fixture
def rendered(database_url):
    """A database with documents."""
    publish_bundled(database_url)
    return database_url


@pytest.mark.thorough("sqlite")
def test_stopped_web_process_writes_its_last_polls(tmp_path, rendered):
    def all_are_written() -> bool:
        before = counted(rendered)
        with running(tmp_path, "web", url=rendered) as web:
            until(lambda: web.get("/feeds/taiwan.atom").status == 200)
            more = poll(web, 3)
            seconds = web.stop()
        after = counted(rendered)
        assert counted(rendered, "nowhere") == NONE
        if after == before and seconds >= SECONDS:
            return False
        assert after.not_modified - before.not_modified == more.not_modified
        # The polls until it was ready were answered too.
        assert after.full - before.full == more.full + 1 and after.bytes - before.bytes > more.bytes
        return True

    # Only where the time that it gives itself was over, as on a machine that has much else to do, may they be lost.
    assert any(all_are_written() for _ in range(3))


class FrequentWriter(Service):
    """A web process that writes its counts ten times a second; it can be started again."""

    def start(self, *_: str) -> None:
        super().start("-c", OFTEN, str(self.port))
        until(lambda: self.get("/feeds/sports.atom").status == 200)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.mark.thorough("postgresql")
def test_killed_web_process_loses_only_unwritten_polls(tmp_path, rendered):
    before = counted(rendered)
    web = FrequentWriter(tmp_path, "web", url=rendered)
    try:
        first = before + poll(web, 3)
        until(lambda: counted(rendered) == first)
        second = first + poll(web, 2)
        web.kill()
        left = counted(rendered)
        assert first.total <= left.total <= second.total and first.bytes <= left.bytes <= second.bytes
        web.start()
        third = left + poll(web, 1)
        until(lambda: counted(rendered) == third)
    finally:
        web.kill()
