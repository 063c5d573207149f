"""Deliveries by the engine itself: at once, fair to all subscribers, shared by workers, given back at the end."""

import contextlib
import threading

import pytest
from sqlalchemy import func, select

from syndication.hub.push import PUSH, PushQueue
from syndication.outbound.engine import Engine
from syndication.store.tables.hub import HubSubscriptionRow
from tests.support.caches import cache, drips, floods, hangs, trickles
from tests.support.desk import Desk
from tests.support.pushes import logged, queue, settings, subscribe
from tests.support.service import until


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.put("a1")
    desk.work()
    clock.advance(1)
    return desk


@contextlib.contextmanager
def running(database, *queues):
    """Engines that run, one for each queue, as in as many workers."""
    engines = [Engine(database, [one]) for one in queues]
    for engine in engines:
        engine.start()
    try:
        yield engines
    finally:
        for engine in engines:
            engine.stop()


def publish(desk, title="Story that is new"):
    desk.put("a1", title=title)
    desk.later()
    return desk.document().version


def having(database, version):
    """Returns how many subscriptions have this version."""
    with database.read() as conn:
        query = select(func.count()).select_from(HubSubscriptionRow).where(HubSubscriptionRow.version == version)
        return conn.scalar(query)


def test_a_version_is_delivered_when_the_worker_says_so_and_not_at_the_next_look(desk):
    looked = threading.Event()

    class Watched(PushQueue):
        look_seconds = 600.0

        def has_work(self, conn, now):
            looked.set()
            return super().has_work(conn, now)

    found = settings()
    with cache() as server, running(desk.database, Watched(lambda: found, "w1")) as (engine,):
        subscribe(desk.database, server.url)
        assert looked.wait(20)  # It will not look again by itself.
        version = publish(desk)
        assert server.asked == []
        engine.notify(PUSH)
        until(lambda: having(desk.database, version) == 1, 20)
    assert len(server.asked) == 1


def test_what_another_worker_published_is_found_by_looking(desk):
    with cache() as server, running(desk.database, queue()):
        subscribe(desk.database, server.url)
        version = publish(desk)
        until(lambda: having(desk.database, version) == 1, 20)


def test_subscribers_who_never_answer_or_never_end_delay_no_other(desk):
    """The others are done before the first of those is given up."""
    good, bad = 25, 30
    with contextlib.ExitStack() as stack:
        worst = [stack.enter_context(cache(act)) for act in (hangs, drips)]
        long = [stack.enter_context(cache(act)) for act in (floods, trickles)]
        fine = [stack.enter_context(cache()) for _ in range(4)]
        for n in range(bad):
            for server in worst:
                subscribe(desk.database, f"{server.url}/{n}")
        for n in range(good):
            for server in (*long, *fine):
                subscribe(desk.database, f"{server.url}/{n}")
        version = publish(desk)
        with running(desk.database, queue(timeout=20.0, at_once=60)):
            until(lambda: having(desk.database, version) == good * (len(long) + len(fine)), 60)
            # What does not end takes only its own share of the places.
            assert all(len(server.asked) <= 15 for server in worst)
    entries = logged(desk.database)
    done = [n for n, entry in enumerate(entries) if entry.outcome == "done"]
    failed = [n for n, entry in enumerate(entries) if entry.outcome == "failed"]
    assert len(done) == good * 6 and (not failed or max(done) < min(failed))


def test_workers_share_deliveries_without_sending_any_twice(desk):
    with cache() as server, cache() as other:
        for n in range(60):
            subscribe(desk.database, f"{(server, other)[n % 2].url}/{n}")
        version = publish(desk)
        with running(desk.database, *(queue(f"w{n}", at_once=8) for n in range(3))):
            until(lambda: having(desk.database, version) == 60, 60)
        paths = [asked.path for asked in (*server.asked, *other.asked)]
    assert len(paths) == len(set(paths)) == 60
    assert len(logged(desk.database)) == 60


def test_a_worker_that_stops_gives_back_what_it_had_taken(desk):
    reached = threading.Event()

    def waits(handler):
        reached.set()
        hangs(handler)

    with cache(waits, waits, waits, 200) as server:
        for n in range(3):
            subscribe(desk.database, f"{server.url}/{n}")
        version = publish(desk)
        with running(desk.database, queue("w1", timeout=60.0)):
            assert reached.wait(20)
            until(lambda: len(server.asked) == 3, 20)
        # No time has passed by the database's clock, so no lease has ended.
        with running(desk.database, queue("w2")):
            until(lambda: having(desk.database, version) == 3, 20)
    assert len(server.asked) == 6
