"""From a finding to a message: settling, one message for each cause, several workers, retries, and the end."""

import json
import threading
import time
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from syndication.diagnostics.health import HealthFacts, examine, headline
from syndication.notifications.notifier import Notifier, NotifierTimes
from syndication.notifications.sending import GIVE_UP, LONGEST_PAUSE, MessageQueue, SendTimes
from syndication.outbound.engine import Engine
from syndication.store.db.database import Database
from syndication.store.notifications import outbox
from syndication.store.processes import web_processes, workers
from syndication.store.processes.web_processes import WebProcess
from syndication.store.processes.workers import WorkerProcess
from syndication.store.triggers import create_triggers
from syndication.store.triggers.postgresql import postgresql_triggers
from syndication.store.triggers.sqlite import sqlite_triggers
from tests.support.caches import cache, hangs
from tests.support.mail_server import mail_server
from tests.support.notified import Watched, channel, fail, settings_with
from tests.support.service import until


def worker_seen(database):
    with database.write() as conn:
        now = database.now(conn)
        workers.record_heartbeat(conn, WorkerProcess("w1", "here", 1, now, now))


def web_seen(database):
    with database.write() as conn:
        now = database.now(conn)
        web_processes.record_heartbeat(conn, WebProcess("p1", "here", 2, now, now, now))


def bodies(server):
    return [json.loads(asked.body)["data"] for asked in server.asked]


def subjects(server):
    return [body["subject"].partition(": ")[2] for body in bodies(server)]


@pytest.fixture
def run(database, clock):
    """Does a step every five seconds of the clock, as the thread does, or every ``every`` seconds."""

    def running(watched, seconds, every=5):
        for _ in range(seconds // every):
            clock.advance(every)
            watched.step()

    return running


def test_a_failing_section_is_told_once_and_its_end_once(database, clock, run):
    with cache() as server:
        watched = Watched(database, channel(url=server.url))
        watched.step()
        fail(database)
        run(watched, 55)
        assert server.asked == []
        run(watched, 15)
        assert subjects(server) == ["Taiwan is failing"]
        fail(database, error="another error")  # It is still the same cause.
        run(watched, 600, every=30)
        assert subjects(server) == ["Taiwan is failing"]
        fail(database, error=None)
        run(watched, 70)
        assert subjects(server)[1:] == ["Resolved: Taiwan is updating again (11 min)"]
        run(watched, 600, every=30)
    assert len(server.asked) == 2
    (began,) = bodies(server)[0]["items"]
    assert began["message"] == "Taiwan failed once: the renderer broke"
    assert began["url"].endswith("/editors/sections/taiwan")


def test_a_restart_tells_nobody_anything(database, clock, run):
    with cache() as server:
        desk = channel(url=server.url, causes=["no-worker", "no-web"])
        watched = Watched(database, desk)
        worker_seen(database)
        web_seen(database)
        watched.step()
        run(watched, 30)  # Both are gone for half a minute.
        worker_seen(database)
        web_seen(database)
        for _ in range(30):
            clock.advance(5)
            worker_seen(database)
            web_seen(database)
            watched.step()
        assert [(one.cause, one.ended_at is None) for one in watched.incidents] == [
            ("no-worker", False),
            ("no-web", False),
        ]
        assert server.asked == []


def test_missing_triggers_are_told_and_that_they_are_back(database, clock, run):
    with cache() as server:
        watched = Watched(database, channel(url=server.url, causes=["triggers"]))
        watched.step()
        with database.write() as conn:
            article = " ON article" if database.dialect == "postgresql" else ""
            name = next(iter(postgresql_triggers("public")[1] if article else sqlite_triggers()))
            conn.exec_driver_sql(f"DROP TRIGGER {name}{article}")
        run(watched, 90)
        with database.write() as conn:
            create_triggers(conn)
        run(watched, 90)
        told = [item for body in bodies(server) for item in body["items"]]
        assert [(one["event"], one["cause"]) for one in told] == [("began", "triggers"), ("over", "triggers")]
        assert name in told[0]["message"]


def test_a_service_that_was_down_for_hours_settles_anew(database, clock, run):
    with cache() as server:
        watched = Watched(database, channel(url=server.url, causes=["no-web"]))
        watched.step()
        run(watched, 10)
        clock.advance(7200)
        watched = Watched(database, channel(url=server.url, causes=["no-web"]), owner="w2")
        run(watched, 55)
        assert server.asked == []
        web_seen(database)
        run(watched, 5)
        assert server.asked == []


def test_many_causes_at_once_are_one_message(database, clock, run):
    with cache() as server:
        watched = Watched(database, channel(url=server.url))
        for slug in ("taiwan", "china", "sports"):
            fail(database, slug)
        run(watched, 80)
        assert subjects(server) == ["3 problems"]
        assert len(bodies(server)[0]["items"]) == 3


def test_two_workers_send_one_message(database_url, clock):
    """Both look and send at the same time, in threads of their own."""
    databases = [Database(database_url, clock=clock) for _ in range(2)]
    try:
        with cache() as server:
            both = [
                Watched(one, channel(url=server.url, settle_seconds=0), owner=f"w{n}")
                for n, one in enumerate(databases)
            ]
            fail(databases[0])
            barrier = threading.Barrier(2)

            def work(watched):
                for _ in range(10):
                    barrier.wait(20)
                    watched.step()

            threads = [threading.Thread(target=work, args=(watched,)) for watched in both]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert subjects(server) == ["Taiwan is failing"]
            fail(databases[0], error=None)
            clock.advance(30)
            for watched in both:
                watched.step()
                watched.step()
            assert len(server.asked) == 2 and len(both[0].messages) == 2
    finally:
        for one in databases:
            one.close()


def test_another_worker_looks_on_after_the_first_has_died(database, clock, run):
    with cache() as server:
        first = Watched(database, channel(url=server.url))
        fail(database)
        run(first, 30)  # It dies, and its lease stays.
        second = Watched(database, channel(url=server.url), owner="w2")
        run(second, 40)
        assert subjects(server) == ["Taiwan is failing"]


def test_a_worker_that_dies_between_sending_and_recording_causes_one_duplicate_at_most(database, clock, run):
    with cache() as server:
        watched = Watched(database, channel(url=server.url, settle_seconds=0))
        fail(database)
        watched.queue.record = lambda *_: None  # What a killed process does.
        run(watched, 30)
        assert len(server.asked) == 1
        for owner in ("w2", "w3", "w4"):
            watched = Watched(database, channel(url=server.url, settle_seconds=0), owner=owner)
            watched.queue.record = lambda *_: None
            run(watched, 120, every=30)
        assert len(server.asked) == 2
        assert len({asked.headers["webhook-id"] for asked in server.asked}) == 1, "a receiver recognizes it"


def test_a_failed_message_is_tried_with_growing_pauses_and_given_up_after_a_day(database, clock):
    with cache(503) as server:
        watched = Watched(database, channel(url=server.url, settle_seconds=0))
        watched.step()
        fail(database)
        watched.step()
        watched.step()
        times = [clock()]
        while watched.messages[0].given_up_at is None:
            clock.now = max(watched.messages[0].retry_at, clock() + timedelta(seconds=1))
            watched.step()
            times.append(clock())
        pauses = [(after - before).total_seconds() for before, after in pairwise(times)]
        assert pauses[:9] == [10.0 * 2**n for n in range(9)] and max(pauses) == LONGEST_PAUSE.total_seconds()
        assert GIVE_UP <= times[-1] - times[0] <= GIVE_UP + LONGEST_PAUSE
        tried = len(server.asked)
        clock.advance(7200)
        watched.step()
        assert len(server.asked) == tried
        server.answers = [200]
        fail(database, error=None)
        for _ in range(3):
            clock.advance(5)
            watched.step()
        assert len(server.asked) == tried + 1, "the end is told"


def test_a_channel_that_fails_is_a_problem_of_the_verdict(database, clock):
    with cache(503) as server:
        watched = Watched(database, channel(url=server.url, settle_seconds=0))
        fail(database)
        watched.step()
        watched.step()
        with database.read() as conn:
            states = outbox.channel_states(conn, ["desk"])
    facts = HealthFacts(clock(), (), [], 1, None, channels=list(states.values()))
    words = (
        "Notifications to desk: not sent: the webhook answered 503. It is tried again automatically, for a day at most."
    )
    assert headline(examine(facts)) == words


def test_a_channel_that_hangs_delays_no_other(database, clock, run):
    with mail_server(behaviour="silent") as silent, cache() as server:
        mail = channel("email", name="mail", port=silent.port, settle_seconds=0)
        watched = Watched(database, mail, channel(url=server.url, settle_seconds=0))
        fail(database)
        watched.notifier.look()
        watched.notifier.look()
        engine = Engine(database, [watched.queue])
        began = time.monotonic()
        engine.start()
        until(lambda: subjects(server) == ["Taiwan is failing"])
        assert time.monotonic() - began < 3
        until(lambda: silent.connections == 1)
        engine.notify("notification")
        began = time.monotonic()
        engine.stop()
        assert time.monotonic() - began < 3 and not engine.is_running and silent.connections == 1
        silent.released.set()


def test_without_a_worker_a_web_process_tells_it_and_the_worker_tells_the_end(database, clock, run):
    with cache() as server:
        desk = channel(url=server.url, causes=["no-worker", "failing"])
        web = Watched(database, desk, owner="web", only_without_workers=True)
        fail(database)
        worker_seen(database)
        web.notifier.step()
        web.send()
        assert web.incidents == [] and server.asked == []
        for _ in range(16):
            clock.advance(5)
            web.notifier._look_at = 0.0
            web.notifier.step()
            web.send()
        assert subjects(server) == ["No worker is running"]
        assert [one.cause for one in web.incidents] == ["no-worker"]
        clock.advance(3600)
        worker_seen(database)
        web.notifier._look_at = 0.0
        web.notifier.step()
        worker = Watched(database, desk)
        for _ in range(14):
            worker_seen(database)
            run(worker, 5)
        items = [(item["event"], item["title"]) for item in bodies(server)[-1]["items"]]
        assert items == [("over", "Resolved: A worker is running (1 h)"), ("began", "Taiwan is failing")]


def test_nothing_is_concluded_while_the_database_is_locked(sqlite_database, clock):
    with cache() as server:
        watched = Watched(sqlite_database, channel(url=server.url, settle_seconds=0))
        fail(sqlite_database)
        watched.step()
        watched.step()
        assert len(server.asked) == 1
        other = Database(sqlite_database.url)
        with other.write():
            watched.notifier.look()
        other.close()
        assert {one.ended_at for one in watched.incidents} == {None}


def test_no_channel_no_thread_and_no_statement(database):
    notifier = Notifier(lambda: settings_with(), database, "w1")
    notifier.start()
    assert not any(thread.name == "notifier" for thread in threading.enumerate())
    notifier.stop()


def test_the_thread_looks_sends_and_stops(database_url):
    database = Database(database_url)  # With the real clock.
    try:
        with cache() as server:
            settings = settings_with(channel(url=server.url, settle_seconds=0))
            notifier = Notifier(lambda: settings, database, "w1", times=NotifierTimes(look=0.05))
            engine = Engine(database, [MessageQueue(lambda: settings, "w1", times=SendTimes(look=0.05))])
            fail(database)
            notifier.start()
            engine.start()
            until(lambda: subjects(server) == ["Taiwan is failing"])
            notifier.stop()
            engine.stop()
            assert not any(thread.name == "notifier" for thread in threading.enumerate())
    finally:
        database.close()


def test_the_log_has_neither_address_nor_secret(database, clock):
    with cache(503) as server, capture_logs() as logs:
        watched = Watched(database, channel(url=f"{server.url}/s3cret-path", settle_seconds=0))
        fail(database)
        watched.step()
        watched.step()
    text_of_logs = json.dumps(logs, default=str)
    assert "notification_failed" in text_of_logs and "s3cret" not in text_of_logs and "whsec" not in text_of_logs


def test_a_removed_section_is_over(database, clock, run):
    with cache() as server:
        watched = Watched(database, channel(url=server.url, settle_seconds=0))
        fail(database, "taiwan")
        run(watched, 10)
        with database.write() as conn:
            conn.execute(text("DELETE FROM section_state"))
        run(watched, 10)
        assert subjects(server)[-1].startswith("Resolved: Taiwan is updating again")


def test_a_hanging_channel_is_not_in_the_way_of_anything_else(database, clock):
    with cache(hangs) as server:
        watched = Watched(database, channel(url=server.url, settle_seconds=0))
        fail(database)
        watched.notifier.look()
        watched.notifier.look()
        engine = Engine(database, [watched.queue])
        engine.start()
        until(lambda: len(server.asked) == 1)
        fail(database, error=None)  # Others write while it hangs.
        server.released.set()
        engine.stop()
        assert not engine.is_running
