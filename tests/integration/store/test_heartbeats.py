"""Monitoring data: the waiting time of versions, heartbeats of web processes, and the purge queue."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from syndication.store.db.database import Database
from syndication.store.hub.unserved import unserved_sections
from syndication.store.processes import purge_queue, web_processes, workers
from syndication.store.processes.web_processes import WebProcess
from syndication.store.processes.workers import ALIVE_WITHIN
from syndication.store.publishing import change_queue, section_state
from syndication.store.tables.access import FeedVersionRow
from syndication.store.tables.publishing import SectionStateRow
from tests.support.desk import Desk
from tests.support.newsroom import NOON, at

WORK = purge_queue.work(timedelta(seconds=30), timedelta(seconds=60))


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    return desk


# Waiting times of versions


def put(desk: Desk, seconds: float, id: str = "a1", **changed) -> None:
    """Writes an article whose change was noticed this many seconds after noon."""
    desk.put(id, **changed)
    noticed = at(seconds=seconds)
    with desk.database.write() as conn:
        conn.execute(
            text("UPDATE change SET noticed_at = :noticed WHERE seq = (SELECT max(seq) FROM change)").bindparams(
                noticed=noticed if desk.database.dialect == "postgresql" else noticed.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            )
        )
        conn.execute(text("DELETE FROM change WHERE seq < (SELECT max(seq) FROM change)"))


def noticed(desk: Desk, slug: str = "taiwan") -> list:
    """Returns the waiting start of each version, and last that of the current change."""
    with desk.database.read() as conn:
        of_versions = conn.scalars(
            select(FeedVersionRow.noticed_at).where(FeedVersionRow.section == slug).order_by(FeedVersionRow.version)
        )
        return [*of_versions, conn.scalar(select(SectionStateRow.noticed_at).where(SectionStateRow.section == slug))]


def test_a_version_records_when_its_oldest_change_was_noticed(desk):
    put(desk, 0.25)
    desk.regenerator.process_changes()
    put(desk, 0.5, "a2")
    desk.work()
    assert noticed(desk) == [None, at(seconds=0.25), None]
    assert noticed(desk, "all") == [None, at(seconds=0.25), None]
    assert noticed(desk, "china") == [None, None]


def test_a_requested_version_has_no_waiting_change(desk):
    with desk.database.write() as conn:
        section_state.request(conn, ["taiwan"], desk.clock())
    assert noticed(desk) == [None, None]
    put(desk, 0.5)
    desk.regenerator.process_changes()
    with desk.database.write() as conn:
        section_state.request(conn, ["taiwan"], desk.clock())
    assert noticed(desk)[-1] == at(seconds=0.5)


def test_an_embargoed_story_waits_from_its_publish_time(desk):
    desk.put("a1", published_at=at(minutes=10), updated_at=None)
    desk.work()
    desk.later(minutes=30)
    assert noticed(desk)[-2:] == [at(minutes=10), None]


def test_a_change_that_comes_while_its_section_is_regenerated_counts_from_the_end_of_that(desk, monkeypatch):
    put(desk, 0.25)
    desk.regenerator.process_changes()
    render = desk.regenerator.renderer.render

    def rendering(feed, *_):
        monkeypatch.setattr(desk.regenerator.renderer, "render", render)
        put(desk, 0.5, "a2")
        desk.regenerator.process_changes()
        return render(feed)

    monkeypatch.setattr(desk.regenerator.renderer, "render", rendering)
    desk.regenerator.regenerate("taiwan")
    assert noticed(desk) == [None, at(seconds=0.25), desk.clock()]


def test_a_value_left_by_an_older_program_counts_for_no_later_version(desk):
    """An older program does not know the column, and leaves its value unchanged."""
    with desk.database.write() as conn:
        conn.execute(SectionStateRow.__table__.update().values(noticed_at=at(hours=-3)))
        section_state.request(conn, ["taiwan"], desk.clock())
    assert noticed(desk)[-1] is None
    with desk.database.write() as conn:
        conn.execute(
            SectionStateRow.__table__.update().values(
                noticed_at=at(hours=-3), revision=0, completed_generation=SectionStateRow.requested_generation
            )
        )
    desk.restart()
    assert noticed(desk)[-1] is None


def test_the_queue_is_counted_up_to_a_limit(desk):
    for number in range(5):
        desk.put(f"a{number}")
    with desk.database.read() as conn:
        assert change_queue.waiting(conn, 1000) >= 5 and change_queue.waiting(conn, 3) == 3


# Web processes


def web(id: str = "w1", **changed) -> WebProcess:
    values = {"host": "here", "pid": 1, "started_at": NOON, "seen_at": NOON, "loaded_at": None}
    return WebProcess(id, **values | changed)


def test_a_web_process_is_alive_while_its_heartbeats_continue(database):
    with database.write() as conn:
        web_processes.record_heartbeat(conn, web())
        web_processes.record_heartbeat(conn, web("w2", started_at=at(seconds=1)))
        web_processes.record_heartbeat(conn, web(seen_at=at(seconds=3), loaded_at=at(seconds=2), serves={"taiwan": 7}))
    with database.write() as conn:
        assert [one.id for one in web_processes.list_alive(conn, at(seconds=3))] == ["w1", "w2"]
        assert web_processes.list_alive(conn, NOON + ALIVE_WITHIN) == [
            web(seen_at=at(seconds=3), loaded_at=at(seconds=2), serves={"taiwan": 7})
        ]
        web_processes.remove(conn, "w1")
        assert web_processes.list_alive(conn, NOON + ALIVE_WITHIN) == []
        web_processes.prune(conn, at(days=2))
        assert conn.scalar(text("SELECT count(*) FROM web_process")) == 0


def test_a_process_that_is_silent_is_reported_unless_another_took_its_place(database):
    long_ago = at(minutes=-5)
    with database.write() as conn:
        for id, host, seen in (("hung", "here", long_ago), ("gone", "there", long_ago), ("old", "here", at(hours=-1))):
            web_processes.record_heartbeat(conn, web(id, host=host, started_at=at(hours=-2), seen_at=seen))
        web_processes.record_heartbeat(conn, web("earlier", host="here", started_at=at(hours=-3)))
        web_processes.record_heartbeat(conn, web("heir", host="there", started_at=at(minutes=-4)))
        alive = web_processes.list_alive(conn, NOON)
        assert {one.id for one in alive} == {"earlier", "heir"}
        assert [one.id for one in web_processes.list_silent(conn, NOON, alive)] == ["hung"]
        assert web_processes.list_silent(conn, at(minutes=6), []) == [
            web("earlier", host="here", started_at=at(hours=-3)), web("heir", host="there", started_at=at(minutes=-4)),
        ]  # fmt: skip


def test_a_web_process_that_loads_nothing_does_not_keep_up():
    assert web().is_loading(at(seconds=5)) and not web().is_loading(at(seconds=6))
    assert web(loaded_at=at(minutes=5)).is_loading(at(minutes=5, seconds=5))
    assert not web(loaded_at=at(minutes=5)).is_loading(at(minutes=5, seconds=6))


# Purges


def want(database, section: str, version: int, **delta: float) -> None:
    with database.write() as conn:
        purge_queue.enqueue(conn, section, version, at(**delta))


def keys(found) -> list:
    return [purge.key for purge in found]


def test_versions_are_due_oldest_first_and_the_newest_are_sent(database):
    want(database, "taiwan", 1)
    want(database, "china", 7, seconds=1)
    want(database, "taiwan", 2, seconds=2)
    with database.write() as conn:
        assert keys(purge_queue.list_due(conn, WORK, at(seconds=2))) == [("taiwan", 1), ("china", 7), ("taiwan", 2)]
        assert unserved_sections(conn) == {"taiwan", "china"}
        found = purge_queue.list_waiting(conn)
        assert keys(found) == [("china", 7), ("taiwan", 2)]
        assert (found[1].since, found[1].created_at, found[1].attempts) == (NOON, at(seconds=2), 0)
        purge_queue.record_success(conn, ("taiwan", 2), at(seconds=3))
        assert keys(purge_queue.list_waiting(conn)) == [("china", 7)]


def test_a_sent_purge_does_not_cover_a_newer_version(database):
    want(database, "taiwan", 1)
    want(database, "taiwan", 2)
    with database.write() as conn:
        purge_queue.record_success(conn, ("taiwan", 1), at(seconds=3))
        assert keys(purge_queue.list_due(conn, WORK, NOON)) == [("taiwan", 2)]


def test_a_claimed_purge_is_exclusive_until_its_lease_ends(database):
    want(database, "taiwan", 1)
    with database.write() as conn:
        assert purge_queue.claim(conn, WORK, "w1", NOON, [("taiwan", 1), ("taiwan", 9)]) == [("taiwan", 1)]
        assert (
            purge_queue.claim(conn, WORK, "w1", NOON, [("taiwan", 1)])
            == []
            == purge_queue.list_due(conn, WORK, at(seconds=29))
        )
        (again,) = purge_queue.list_due(conn, WORK, at(seconds=30))
        assert again.attempts == 1
        assert purge_queue.claim(conn, WORK, "w1", at(seconds=30), [again.key]) == [again.key]


def test_a_failed_purge_waits_and_a_newer_version_does_not(database):
    want(database, "taiwan", 1)
    with database.write() as conn:
        purge_queue.claim(conn, WORK, "w1", NOON, [("taiwan", 1)])
        purge_queue.record_failure(conn, WORK, ("taiwan", 1), "503", NOON, at(seconds=60))
        assert purge_queue.list_due(conn, WORK, at(seconds=59)) == []
        assert purge_queue.list_due(conn, WORK, at(seconds=60))[0].error == "503"
    want(database, "taiwan", 2, seconds=3)
    with database.write() as conn:
        assert keys(purge_queue.list_due(conn, WORK, at(seconds=3))) == [("taiwan", 2)]
        assert keys(purge_queue.list_due(conn, WORK, at(seconds=60))) == [("taiwan", 1), ("taiwan", 2)]
        purge_queue.claim(conn, WORK, "w1", at(seconds=3), [("taiwan", 2)])
        assert keys(purge_queue.list_due(conn, WORK, at(seconds=60))) == [("taiwan", 2)]


def test_a_purge_given_up_is_reported_for_a_day_and_never_retried(database):
    want(database, "taiwan", 1)
    with database.write() as conn:
        purge_queue.record_failure(conn, WORK, ("taiwan", 1), "503", at(hours=1), None)
        assert (
            purge_queue.list_due(conn, WORK, at(hours=2))
            == []
            == purge_queue.claim(conn, WORK, "w1", at(hours=2), [("taiwan", 1)])
        )
        assert unserved_sections(conn) == set()
        (told,) = purge_queue.list_waiting(conn)
        assert (told.error, told.given_up_at) == ("503", at(hours=1))
        purge_queue.prune(conn, NOON + purge_queue.KEPT)
        assert purge_queue.list_waiting(conn)
        purge_queue.prune(conn, NOON + purge_queue.KEPT + timedelta(seconds=1))
        assert not purge_queue.list_waiting(conn)


def test_a_clock_that_was_set_back_makes_nothing_wait(database):
    want(database, "taiwan", 1, hours=3)
    with database.write() as conn:
        purge_queue.claim(conn, WORK, "w1", at(hours=3), [("taiwan", 1)])
        purge_queue.record_failure(conn, WORK, ("taiwan", 1), "503", at(hours=3), at(hours=3, seconds=60))
        assert keys(purge_queue.list_due(conn, WORK, NOON)) == [("taiwan", 1)]
        assert purge_queue.claim(conn, WORK, "w1", NOON, [("taiwan", 1)])
        assert purge_queue.list_due(conn, WORK, NOON) == []
        web_processes.record_heartbeat(conn, web("of another time", seen_at=at(hours=3)))
        assert web_processes.list_alive(conn, NOON) == []


def test_a_worker_seen_by_a_clock_that_was_set_back_is_not_alive(database):
    with database.write() as conn:
        for id, seen_at in (("w1", NOON), ("w2", at(hours=3)), ("w3", at(seconds=1))):
            workers.record_heartbeat(conn, workers.WorkerProcess(id, "here", 1, at(hours=-1), seen_at))
        assert [one.id for one in workers.list_alive(conn, NOON)] == ["w1", "w3"]


def test_many_workers_share_what_is_due(database):
    wanted = [(f"s{number}", 1) for number in range(20)]
    for section, version in wanted:
        want(database, section, version)
    taken: list[purge_queue.Key] = []

    def take():
        for key in wanted:
            with database.write() as conn:
                taken.extend(purge_queue.claim(conn, WORK, "w1", NOON, [key]))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)


def test_a_locked_purge_is_skipped_and_blocks_no_other(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    want(database, "taiwan", 1)
    want(database, "china", 1)
    with database.write() as first, database.write() as second:
        assert purge_queue.claim(first, WORK, "w1", NOON, [("taiwan", 1)]) == [("taiwan", 1)]
        assert purge_queue.claim(second, WORK, "w1", NOON, [("taiwan", 1), ("china", 1)]) == [("china", 1)]
        purge_queue.enqueue(second, "taiwan", 2, NOON)
    database.close()
