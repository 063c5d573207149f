"""The engine with rows of a real table: shared by workers, fair between parties, and never stopped by a failure."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from structlog.testing import capture_logs

from syndication.metrics.outbound import ATTEMPTS
from syndication.outbound import engine as engine_module
from syndication.outbound.engine import Engine
from syndication.outbound.queue import Outcome, Queue
from syndication.store.db.database import Database
from syndication.store.outbound import attempts
from syndication.store.tables.hub import HubPingRow
from tests.support.service import until

DONE = Outcome("done")


class Pings(Queue):
    """A queue of rows; ``act`` is what an attempt does."""

    name = "ping"

    def __init__(self, act=None, owner="w1", *, at_once=8, look_seconds=0.05, lease=30.0):
        self.at_once, self.look_seconds, self.owner = at_once, look_seconds, owner
        self.work = attempts.Work(HubPingRow, timedelta(seconds=lease), timedelta(hours=1))
        self.act = act or (lambda job: DONE)
        self.attempted, self.at_a_time, self.most_at_a_time = [], {}, {}
        self.closed = False
        self.transactions = 0

    def has_work(self, conn, now):
        return attempts.has_due(conn, self.work, now, HubPingRow.answered_at.is_(None))

    def claim(self, conn, now, most, busy):
        unfinished = HubPingRow.answered_at.is_(None), HubPingRow.hub.not_in(busy)
        return attempts.claim(conn, self.work, self.owner, now, most, *unfinished)

    def party(self, job):
        return job["hub"]

    async def attempt(self, job):
        hub = job["hub"]
        self.at_a_time[hub] = self.at_a_time.get(hub, 0) + 1
        self.most_at_a_time[hub] = max(self.most_at_a_time.get(hub, 0), self.at_a_time[hub])
        try:
            outcome = self.act(job)
            outcome = await outcome if asyncio.iscoroutine(outcome) else outcome
        finally:
            self.at_a_time[hub] -= 1
        self.attempted.append(job["id"])
        return outcome

    def record(self, conn, now, done):
        self.transactions += 1
        ended = [attempts.key_of(self.work, job) for job, outcome in done if outcome.result == "done"]
        attempts.finish(conn, self.work, ended, answered_at=now)
        failed = [
            attempts.Failure(attempts.key_of(self.work, job), outcome.error, now + timedelta(seconds=60))
            for job, outcome in done
            if outcome.result == "failed"
        ]
        attempts.fail(conn, self.work, failed, now)

    def release(self, conn, jobs):
        attempts.release(conn, self.work, [attempts.key_of(self.work, job) for job in jobs])

    async def close(self):
        self.closed = True


@pytest.fixture
def real_time(database_url):
    database = Database(database_url)
    yield database
    database.close()


def add(database, number, hub="one"):
    with database.write() as conn:
        now = database.now(conn)
        rows = [{"hub": hub, "section": "taiwan", "version": version, "created_at": now} for version in range(number)]
        conn.execute(insert(HubPingRow), rows)


def rows(database):
    with database.read() as conn:
        return list(conn.execute(select(HubPingRow.__table__).order_by(HubPingRow.id)).mappings())


def answered(database, hub=None):
    where = [HubPingRow.answered_at.is_not(None)] + ([HubPingRow.hub == hub] if hub else [])
    with database.read() as conn:
        return conn.scalar(select(func.count()).where(*where))


class running:
    """Runs engines while a test does."""

    def __init__(self, database, *queues):
        self.engines = [Engine(database, [queue]) for queue in queues]

    def __enter__(self):
        for one in self.engines:
            one.start()
        return self.engines[0]

    def __exit__(self, *_):
        for one in self.engines:
            one.stop()
            assert not one.is_running


def test_all_work_is_attempted_once_and_recorded_in_batches(real_time):
    add(real_time, 1_000)
    queue = Pings(at_once=200)
    with running(real_time, queue):
        until(lambda: answered(real_time) == 1_000)
    assert sorted(queue.attempted) == list(range(1, 1_001)) and queue.closed
    assert queue.transactions < 100
    assert {(row["attempts"], row["lease_owner"], row["lease_until"]) for row in rows(real_time)} == {(1, None, None)}


def test_workers_share_the_work(real_time):
    async def soon(_):
        await asyncio.sleep(0.01)
        return DONE

    for hub in "abcdef":
        add(real_time, 50, hub)
    queues = [Pings(soon, owner, at_once=16) for owner in ("w1", "w2", "w3")]
    with running(real_time, *queues):
        until(lambda: answered(real_time) == 300)
    assert sorted(queues[0].attempted + queues[1].attempted + queues[2].attempted) == list(range(1, 301))
    assert all(queue.attempted for queue in queues)


def test_a_notified_engine_looks_at_once(real_time):
    queue = Pings(look_seconds=600)
    with running(real_time, queue) as engine:
        until(lambda: engine._lanes["ping"]._look_at > time.monotonic())
        add(real_time, 1)
        engine.notify("ping")
        engine.notify("something else")
        until(lambda: answered(real_time) == 1)


def test_a_party_that_never_answers_delays_no_other(real_time):
    async def hang(job):
        await asyncio.sleep(600 if job["hub"] == "slow" else 0)
        return DONE

    add(real_time, 500, "slow")
    add(real_time, 100, "quick")
    queue = Pings(hang, at_once=8)
    with running(real_time, queue):
        until(lambda: answered(real_time, "quick") == 100, seconds=3)
        assert queue.most_at_a_time["slow"] == 2


def test_a_party_that_failed_lately_gets_fewer_attempts(real_time):
    async def fail(job):
        await asyncio.sleep(0.05)
        return Outcome("failed", "no answer") if job["hub"] == "bad" else DONE

    queue = Pings(fail, at_once=32)
    with running(real_time, queue):
        add(real_time, 40, "bad")
        add(real_time, 40, "good")
        until(lambda: answered(real_time, "good") == 40)
        until(lambda: len(queue.attempted) == 80)
        assert queue.most_at_a_time["bad"] == queue.most_at_a_time["good"] == 8
        queue.most_at_a_time.clear()
        add(real_time, 20, "bad")
        until(lambda: len(queue.attempted) == 100)
        assert queue.most_at_a_time["bad"] == 1


def test_many_parties_that_hang_leave_half_of_the_attempts_to_the_others(real_time):
    async def act(job):
        if job["hub"].startswith("bad"):
            await asyncio.sleep(0.1 if not queue.hangs else 600)
            return Outcome("failed", "no answer")
        return DONE

    queue = Pings(act, at_once=8)
    queue.hangs = False
    bad = [f"bad{number}" for number in range(12)]
    with running(real_time, queue):
        for hub in bad:
            add(real_time, 1, hub)
        until(lambda: len(queue.attempted) == 12)
        queue.hangs = True
        for hub in bad:
            add(real_time, 5, hub)
        until(lambda: sum(queue.at_a_time.values()) >= 4)
        add(real_time, 50, "good")
        until(lambda: answered(real_time, "good") == 50, seconds=20)


def test_what_waits_too_long_for_its_party_is_given_back(real_time, monkeypatch):
    monkeypatch.setattr(engine_module, "WAIT_SECONDS", 0.2)

    async def hang(_):
        await asyncio.sleep(600)

    add(real_time, 8)
    queue = Pings(hang, at_once=8)
    with running(real_time, queue):
        until(lambda: sum(row["lease_owner"] is not None for row in rows(real_time)) == 8)
        until(lambda: sum(row["lease_owner"] is not None for row in rows(real_time)) == 2)
        assert [row["attempts"] for row in rows(real_time)] == [1, 1] + [0] * 6


def test_an_attempt_that_raises_has_failed_and_is_not_quoted(real_time):
    def explode(_):
        raise ValueError("a password")

    add(real_time, 1)
    failed = ATTEMPTS.labels("ping", "failed")._value.get()
    with capture_logs() as logs, running(real_time, Pings(explode)):
        until(lambda: rows(real_time)[0]["error"] is not None)
    (row,) = rows(real_time)
    assert row["error"] == "an unexpected error (ValueError)" and row["retry_at"] and row["failed_at"]
    assert [line["event"] for line in logs] == ["attempt_failed"]
    assert ATTEMPTS.labels("ping", "failed")._value.get() == failed + 1


def test_a_stop_gives_back_what_is_under_way_and_takes_no_time(real_time):
    async def hang(_):
        await asyncio.sleep(600)

    add(real_time, 8)
    queue = Pings(hang, at_once=8)
    with running(real_time, queue):
        until(lambda: queue.at_a_time.get("one") == 2)
        stopped = time.monotonic()
    assert time.monotonic() - stopped < 1
    assert {(row["attempts"], row["lease_owner"]) for row in rows(real_time)} == {(0, None)} and queue.closed


def test_a_dead_workers_work_is_taken_over_after_its_lease(real_time):
    add(real_time, 1)
    with real_time.write() as conn:
        dead = Pings(owner="dead", lease=0.5)
        assert dead.claim(conn, real_time.now(conn), 1, ())
    queue = Pings(lease=0.5)
    with running(real_time, queue):
        time.sleep(0.2)
        assert queue.attempted == []
        until(lambda: queue.attempted == [1])
    (row,) = rows(real_time)
    assert (row["attempts"], row["lost"]) == (2, 1) and row["answered_at"]


def test_results_wait_for_a_database_that_is_away(real_time, monkeypatch):
    monkeypatch.setattr(engine_module, "OUTAGE_SECONDS", 0.1)
    away = Database("postgresql://secret:word@127.0.0.1:1/news")
    begun, go_on = threading.Event(), threading.Event()

    async def act(_):
        begun.set()
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        return DONE

    add(real_time, 1)
    queue = Pings(act)
    with capture_logs() as logs, running(real_time, queue) as engine:
        assert begun.wait(10)
        engine.database = away
        go_on.set()
        until(lambda: queue.attempted == [1])
        until(lambda: bool(logs))
        time.sleep(0.5)
        engine.database = real_time
        until(lambda: answered(real_time) == 1)
    away.close()
    assert logs == [{"event": "outbound_waits", "queue": "ping", "error": "DatabaseDown", "log_level": "warning"}]


def test_a_record_that_fails_stops_nothing(real_time, monkeypatch):
    monkeypatch.setattr(engine_module, "OUTAGE_SECONDS", 0.05)

    class Broken(Pings):
        def record(self, conn, now, done):
            if self.transactions == 0:
                self.transactions += 1
                raise ValueError("broken")
            super().record(conn, now, done)

    add(real_time, 1)
    queue = Broken(lease=0.5)
    with capture_logs() as logs, running(real_time, queue):
        until(lambda: answered(real_time) == 1)
    assert queue.attempted == [1, 1] and "outbound_failed" in [line["event"] for line in logs]
