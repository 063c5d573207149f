"""When a version is purged from caches, by which worker, and with which retries; on both databases."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syndication.config.loading import load_settings
from syndication.config.schema import PurgeSettings
from syndication.diagnostics.health import HealthFacts, examine
from syndication.metrics.worker import PURGES
from syndication.outbound.engine import Engine
from syndication.store.db.database import Database
from syndication.store.processes import purge_queue, web_processes
from syndication.store.processes.purge_queue import Purge
from syndication.store.processes.web_processes import WebProcess
from syndication.worker.purge.queue import EAGER_SECONDS, LOOK_SECONDS, PurgeQueue
from tests.support.caches import Cache, cache, hangs
from tests.support.newsroom import NOON
from tests.support.outbound import work_once
from tests.support.service import until

SECRET = "Bearer s3cret"


class Purger(PurgeQueue):
    """Purges what can be purged when told to."""

    def __init__(self, database: Database, settings: PurgeSettings) -> None:
        found = replace(load_settings(environ={}), purge=settings)
        super().__init__(lambda: found, "w1")
        self.database = database

    def step(self) -> float:
        """Returns the seconds until the next look."""
        return 0.0 if work_once(self.database, self) else self.look_seconds


def purger(database: Database, server: Cache, **values) -> Purger:
    headers = {"Surrogate-Key": "{key}", "Authorization": SECRET}
    return Purger(database, PurgeSettings(url=server.url, method="PURGE", headers=headers, **values))


def published(database: Database, section: str = "taiwan", version: int = 1) -> None:
    with database.write() as conn:
        purge_queue.enqueue(conn, section, version, database.now(conn))


def serves(
    database: Database, version: int | None = None, id: str = "w1", *, behind: float = 0, started: float = 0
) -> None:
    """Records the heartbeat of a web process that serves this version of taiwan (None: it has loaded nothing yet).

    It last loaded ``behind`` seconds ago.
    """
    with database.write() as conn:
        now = database.now(conn)
        loaded_at = None if version is None else now - timedelta(seconds=behind)
        serves = {} if version is None else {"taiwan": version}
        web_processes.record_heartbeat(
            conn, WebProcess(id, "here", 1, now - timedelta(seconds=started), now, loaded_at, serves)
        )


def waiting(database: Database) -> list[Purge]:
    with database.read() as conn:
        return purge_queue.list_waiting(conn)


def counted(outcome: str) -> float:
    return PURGES.labels(outcome)._value.get()


# When


def test_a_version_is_purged_once_a_web_process_serves_it(database, clock):
    with cache() as server:
        one = purger(database, server)
        published(database)
        serves(database, 0)
        assert one.step() == EAGER_SECONDS and server.asked == []
        serves(database, 1)
        sent = counted("sent")
        assert one.step() == 0.0
        assert server.sections() == ["feed-taiwan"] and server.asked[0].headers["authorization"] == SECRET
        assert (waiting(database), counted("sent")) == ([], sent + 1)
        assert one.step() == LOOK_SECONDS and len(server.asked) == 1


def test_a_purge_waits_for_every_running_web_process(database, clock):
    with cache() as server:
        one = purger(database, server)
        published(database, version=5)
        serves(database, 5)
        serves(database, 4, "w2")
        one.step()
        assert server.asked == []
        serves(database, 6, "w2")
        one.step()
        assert server.sections() == ["feed-taiwan"]


def test_a_purge_waits_for_a_starting_web_process_but_not_a_hanging_one(database, clock):
    with cache() as server:
        one = purger(database, server)
        published(database)
        serves(database, 1)
        serves(database, None, "starting")
        one.step()
        assert server.asked == []
        with database.write() as conn:
            web_processes.remove(conn, "starting")
        serves(database, None, "loads nothing", started=7)
        serves(database, 0, "hung", behind=7)
        one.step()
        assert server.sections() == ["feed-taiwan"]


def test_a_purge_does_not_wait_for_dead_web_processes(database, clock):
    with cache() as server:
        one = purger(database, server)
        serves(database, 0, "dead")
        published(database)
        clock.advance(5.5)
        serves(database, 1)
        one.step()
        assert server.asked == []
        clock.advance(0.5)
        one.step()
        assert server.sections() == ["feed-taiwan"]


def test_without_a_web_process_readers_keep_the_copies_that_caches_have(database, clock):
    with cache() as server:
        one = purger(database, server)
        published(database)
        for _ in range(3):
            assert one.step() == LOOK_SECONDS
            clock.advance(60)
        assert server.asked == []
        serves(database, 1)
        one.step()
        assert server.sections() == ["feed-taiwan"]


def test_only_the_newest_version_is_purged(database, clock):
    with cache() as server:
        one = purger(database, server)
        for version in (1, 2, 3):
            published(database, version=version)
        serves(database, 3)
        one.step()
        assert server.sections() == ["feed-taiwan"] and waiting(database) == []


def test_a_section_that_keeps_changing_is_purged_at_the_served_version(database, clock):
    """There is always a web process that does not serve the newest version yet."""
    with cache() as server:
        one = purger(database, server)
        for version in range(1, 6):
            published(database, version=version)
            serves(database, version - 1)
            one.step()
        assert server.sections() == ["feed-taiwan"] * 4
        assert [purge.version for purge in waiting(database)] == [5]


def test_a_version_published_during_a_purge_is_purged_as_well(database, clock):
    def publishing(handler):
        published(database, version=2)
        handler.send_response(200)
        handler.end_headers()

    with cache(publishing, 200) as server:
        one = purger(database, server)
        published(database)
        serves(database, 1)
        one.step()
        assert [purge.version for purge in waiting(database)] == [2]
        one.step()
        assert len(server.asked) == 1
        serves(database, 2)
        one.step()
        assert server.sections() == ["feed-taiwan"] * 2 and waiting(database) == []


# When a cache fails


@pytest.fixture
def served(database, clock):
    """A version that every web process serves."""
    published(database)
    serves(database, 9)


def step(one: Purger, clock, seconds: float = 0) -> float:
    """Runs a step this many seconds later, with a web process that serves everything."""
    clock.advance(seconds)
    serves(one.database, 9)
    return one.step()


def test_a_failed_purge_is_retried(database, clock, served):
    with cache(500, hangs, 200) as server:
        one = purger(database, server, timeout=0.5)
        failed = counted("failed")
        with capture_logs() as logs:
            step(one, clock)
            (purge,) = waiting(database)
            assert (purge.attempts, purge.error) == (1, "127.0.0.1 answered 500")
            step(one, clock, 0.5)
            assert len(server.asked) == 1
            step(one, clock, 0.5)
            assert waiting(database)[0].error == "127.0.0.1 did not answer within 0.5 s"
            step(one, clock, 2)
        assert waiting(database) == [] and len(server.asked) == 3 and counted("failed") == failed + 2
    told = [(line["log_level"], line["outcome"], line["attempt"]) for line in logs if line["event"] == "purged"]
    assert told == [("warning", "failed", 1), ("warning", "failed", 2), ("info", "sent", 3)]
    assert SECRET not in str(logs)


def test_pauses_grow_up_to_a_minute(database, clock, served):
    with cache(500) as server:
        one, pauses = purger(database, server), []
        while len(server.asked) < 10:
            before, waited = len(server.asked), 0.0
            while len(server.asked) == before:
                step(one, clock, 0.5)
                waited += 0.5
            pauses.append(waited)
    assert [round(pause) for pause in pauses[1:]] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_an_hour_a_purge_is_given_up_and_reported(database, clock, served):
    with cache(503) as server:
        one = purger(database, server)
        step(one, clock)
        with capture_logs() as logs:
            step(one, clock, 3600)
        assert ("error", "given-up") in [(line["log_level"], line.get("outcome")) for line in logs]
        step(one, clock, 3600)
        assert len(server.asked) == 2
        (finding,) = findings(database)
        assert finding.severity == "problem" and finding.section == "taiwan"
        assert finding.words == (
            "The cache was not purged for taiwan, and retries have stopped: 127.0.0.1 answered 503."
            " It serves the previous version until that expires."
        )
        server.answers = [200]
        published(database, version=2)
        step(one, clock)
        assert waiting(database) == [] and findings(database) == []


def findings(database: Database) -> list:
    with database.read() as conn:
        now = database.now(conn)
    signs = HealthFacts(now, (), (), 1, None, purges=waiting(database))
    return examine(signs)


def test_a_failed_purge_is_retried_before_a_newer_version_is_served(database, clock, served):
    with cache(500, 200) as server:
        one = purger(database, server)
        step(one, clock)
        published(database, version=10)
        step(one, clock, 1)
        assert len(server.asked) == 2 and [purge.version for purge in waiting(database)] == [10]


def test_a_failed_purge_is_not_retried_after_a_newer_versions_attempt(database, clock, served):
    with cache(500) as server:
        one = purger(database, server)
        step(one, clock)
        published(database, version=2)
        step(one, clock)
        assert len(server.asked) == 2
        step(one, clock, 1)
        step(one, clock, 0.1)
        assert len(server.asked) == 3


def test_a_purge_that_fails_for_a_minute_is_reported(database, clock, served):
    clock.advance(60)
    assert findings(database) == []
    clock.advance(1)
    (finding,) = findings(database)
    assert finding.words.startswith("The cache has not been purged for taiwan: no web process has loaded")
    with cache(503) as server:
        step(purger(database, server), clock)
    (finding,) = findings(database)
    assert finding.words == (
        "The cache has not been purged for taiwan: 127.0.0.1 answered 503. Retrying automatically."
    )


def test_both_caches_are_retried_if_one_fails(database, clock, served):
    with cache() as first, cache(500, 200) as second:
        one = Purger(database, PurgeSettings(url=f"{first.url} {second.url}"))
        step(one, clock)
        assert (len(first.asked), len(second.asked)) == (1, 1) and waiting(database)
        step(one, clock, 1)
        assert (len(first.asked), len(second.asked)) == (2, 2) and not waiting(database)


# Many workers


def test_workers_share_the_purge_queue(database, clock):
    sections = [f"s{number}" for number in range(12)]
    for section in sections:
        published(database, section)
    with cache() as server:
        workers = [purger(database, server) for _ in range(3)]
        with database.write() as conn:
            web_processes.record_heartbeat(
                conn, WebProcess("w1", "here", 1, NOON, NOON, NOON, dict.fromkeys(sections, 1))
            )

        def work(one):
            while one.step() == 0.0:
                pass

        threads = [threading.Thread(target=work, args=(one,)) for one in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(server.sections()) == sorted(f"feed-{section}" for section in sections)
    assert waiting(database) == []


def test_a_dead_workers_purge_is_sent_by_another_after_its_lease(database, clock, served):
    with cache() as server:
        one = purger(database, server)
        with database.write() as conn:
            assert one.claim(conn, NOON, 1, ())
        step(one, clock, one.work.lease.total_seconds() - 1)
        assert server.asked == []
        step(one, clock, 1)
        assert server.sections() == ["feed-taiwan"]


def test_a_lease_outlasts_all_requests_of_a_section(database):
    url = " ".join(f"http://cache-{number}.example/{{format}}" for number in range(3))
    one = Purger(database, PurgeSettings(url=url, timeout=5.0))
    assert one.work.lease > timedelta(seconds=9 * 5)


# The thread


@pytest.fixture
def real_time(database_url):
    database = Database(database_url)
    yield database
    database.close()


def test_the_thread_sends_as_soon_as_it_is_served_and_stops_at_once(real_time):
    with cache() as server:
        engine = Engine(real_time, [purger(real_time, server)])
        engine.start()
        serves(real_time, 1)
        published(real_time)
        engine.notify("purge")
        until(lambda: server.sections() == ["feed-taiwan"])
        engine.stop()
        assert not engine.is_running and waiting(real_time) == []


def test_a_database_outage_is_logged_once_and_stops_no_thread(clock):
    away = Database("postgresql://secret:word@127.0.0.1:1/news", clock=clock)
    with cache() as server, capture_logs() as logs:
        engine = Engine(away, [purger(away, server)])
        engine.start()
        for _ in range(3):
            engine.notify("purge")
            threading.Event().wait(0.1)
        assert engine.is_running
        engine.stop()
    assert logs == [{"event": "outbound_waits", "queue": "purge", "error": "DatabaseDown", "log_level": "warning"}]
    away.close()
