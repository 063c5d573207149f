"""Which worker reads a source, when, and what becomes of a source that fails; on both databases."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syndication.config.loading import Settings, load_settings
from syndication.store.access.audit_log import Actor
from syndication.store.db.database import SOURCES, Database
from syndication.store.sources import source_states
from syndication.store.sources.source_states import SourceState
from syndication.worker import source_threads
from syndication.worker.source_threads import IDLE_SECONDS, SourceThread, SourceThreads
from tests.support.fake_source import FakeSource, SourceError, source_table
from tests.support.foreign_newsroom import ForeignNewsroom
from tests.support.service import until

ROOT = Path(__file__).parents[3]
EDITOR = Actor("user mei", "192.0.2.7")


class Steady:
    """A steady clock that a test moves together with the database's."""

    def __init__(self, clock) -> None:
        self.clock, self.start = clock, clock()

    def __call__(self) -> float:
        return (self.clock() - self.start).total_seconds()


@pytest.fixture
def settings() -> Settings:
    return replace(load_settings(ROOT / "config/syndication.toml", {}), sources=(source_table(),))


@pytest.fixture
def worker(database: Database, settings: Settings, clock):
    source = FakeSource("a", "b")

    def worker(name: str = "w1") -> SourceThread:
        return SourceThread(settings, settings.sources[0], database, name, reader=source, steady=Steady(clock))

    worker.source = source
    return worker


def state(database: Database) -> SourceState:
    with database.read() as conn:
        found = source_states.get(conn, "cms")
    assert found is not None
    return found


def act(database: Database, done) -> None:
    with database.write() as conn:
        done(conn, "cms", EDITOR, database.now(conn))


def test_source_is_looked_at_each_interval(database, worker, clock):
    one = worker()
    assert one.step() == pytest.approx(1.0) and state(database).articles == 2
    worker.source.publish("c")
    assert one.step() == pytest.approx(1.0) and state(database).articles == 2
    clock.advance(1)
    one.step()
    assert state(database).articles == 3


def test_second_worker_takes_over_when_the_lease_expires(database, worker, clock):
    one, two = worker("w1"), worker("w2")
    one.step()
    worker.source.publish("c")
    assert two.step() == IDLE_SECONDS and state(database).articles == 2
    clock.advance(31)
    two.step()
    assert state(database).articles == 3 and state(database).lease_owner == "w2"


def test_request_is_answered_before_the_interval_is_over(database, worker):
    one = worker()
    one.step()
    worker.source.publish("c")
    act(database, source_states.request_look)
    one.step()
    assert state(database).articles == 3 and state(database).requested_at is None and worker.source.asked


def test_paused_source_is_not_read_until_it_is_resumed(database, worker, clock):
    one = worker()
    one.step()
    act(database, source_states.pause)
    worker.source.publish("c")
    clock.advance(60)
    assert one.step() == IDLE_SECONDS and state(database).articles == 2 and state(database).status == "paused"
    act(database, source_states.resume)
    one.step()
    assert state(database).articles == 3 and state(database).status == "current"


def test_failing_source_is_tried_again_after_doubled_pauses(database, worker, clock):
    one = worker()
    one.step()
    worker.source.failure = SourceError("the source's database does not answer (2003)")
    pauses = []
    with capture_logs() as logs:
        for _ in range(4):
            clock.advance(400)
            one.step()
            pauses.append((state(database).retry_at - clock()).total_seconds())
    # Each up to a fifth longer, by chance.
    assert all(least <= pause <= 1.2 * least for least, pause in zip((1, 2, 4, 8), pauses, strict=True)), pauses
    assert state(database).failures == 4
    assert len([line for line in logs if line["event"] == "source_failed"]) == 1
    worker.source.failure = None
    assert one.step() > 0 and state(database).failures == 4
    clock.advance(10)
    one.step()
    assert state(database).status == "current" and state(database).error is None


def test_fault_in_a_reader_is_a_failure_without_its_words(database, worker):
    one = worker()
    worker.source.failure = RuntimeError("an embargoed text")
    with capture_logs():
        one.step()
    assert state(database).error == "an unexpected error in the reader (RuntimeError)"


def test_bookmark_of_a_failure_is_given_to_the_next_look(database, worker, clock):
    one = worker()
    worker.source.failure = SourceError("not now", bookmark="until noon")
    one.step()
    worker.source.failure = None
    clock.advance(400)
    one.step()
    assert worker.source.given == "until noon"


def test_threads_read_a_newsroom_and_stop_without_a_lease(sqlite_url, settings, tmp_path):
    cms = ForeignNewsroom(f"sqlite:///{tmp_path}/cms.db")
    cms.publish(1)
    dead = cms.table(name="dead", database="sqlite:////nowhere/at/all.db")
    database = Database(sqlite_url)
    threads = SourceThreads(replace(settings, sources=(cms.table(every=60.0), dead)), database, "w1")
    threads.start()
    until(lambda: state(database).articles == 1, 20)
    cms.publish(2)
    with database.write() as conn:
        source_states.request_look(conn, "cms", EDITOR, database.now(conn))
        database.notify(conn, SOURCES)
    until(lambda: state(database).articles == 2, 20)
    threads.stop()
    assert state(database).lease_owner is None
    with database.read() as conn:
        assert "cannot be opened" in source_states.get(conn, "dead").error
    database.close()


def test_sources_that_hang_delay_the_stop_only_once(sqlite_url, settings, monkeypatch):
    hang, looking = threading.Event(), threading.Barrier(6)

    def open_hanging(table, settings):
        def step(name):
            if name == "fingerprint" and not hang.is_set():
                looking.wait(20)
                hang.wait(60)

        source = FakeSource("a")
        source.step = step
        return source

    monkeypatch.setattr(source_threads, "open_reader", open_hanging)
    monkeypatch.setattr(source_threads, "STOP_SECONDS", 2.0)
    database = Database(sqlite_url)
    tables = tuple(source_table(f"cms{number}") for number in range(5))
    threads = SourceThreads(replace(settings, sources=tables), database, "w1")
    threads.start()
    looking.wait(20)
    started = time.monotonic()
    threads.stop()
    assert time.monotonic() - started < 9, "two seconds for each would be ten"
    with database.read() as conn:
        states = source_states.list_states(conn, [table.name for table in tables])
    assert {one.lease_owner for one in states.values()} == {None}, "another worker goes on at once"
    hang.set()
    for thread in threads.threads:
        thread.join(20)
    database.close()
