"""Poll counts: cheap, kept while the database is down, and summed by section and slot."""

import sys
import threading

import psycopg
import pytest
from structlog.testing import capture_logs

from syndication.serve.poll_counter import PollCounter
from syndication.serve.respond import NOT_MODIFIED, OK, respond
from syndication.store.db.database import Database
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import KEPT, SLOT, PollSums, slot_of
from syndication.web.poll_writer import MAX_AGE, PollWriter, UnwrittenPolls
from tests.support.hung_postgresql import frozen
from tests.support.newsroom import NOON, at
from tests.support.service import until
from tests.unit.serve.test_respond import catalogue

FEED = "/feeds/taiwan.atom"
METHODS = ("GET", "HEAD", "POST", "OPTIONS")


def counted(database: Database, *sections: str) -> dict:
    with database.read() as conn:
        return poll_counts.read_polls(conn, sections or ["taiwan"], at(days=-30))


def add(database: Database, found: dict) -> None:
    with database.write() as conn:
        poll_counts.add_polls(conn, found)


@pytest.fixture
def counts(database, clock):
    counts = PollWriter(database, PollCounter(), every=0.01, clock=clock)
    counts.start()
    yield counts
    counts.stop()


# Counting


def test_strangers_paths_make_no_keys():
    counter = PollCounter()
    asked = [(method, f"/feeds/{number}.{('atom', 'x')[number % 2]}") for number in range(500) for method in METHODS]
    for method, path in [*asked, ("GET", f"/feeds/{'x' * 9000}.atom"), ("GET", f"/feeds/{'x' * 9000}.x")]:
        *_, body, counted = respond(catalogue(), method, path, {"HTTP_ACCEPT_ENCODING": "gzip"})
        counter.count(counted, len(body))
    assert set(counter.polls) == {
        (format, status, "identity") for format in ("atom", "other") for status in ("404", "405", "204", "414")
    }
    assert set(counter.sent) == {"atom", "other"}


def test_no_poll_is_lost_while_the_counts_are_taken():
    counter, each, switch = PollCounter(), 20_000, sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    counting = [
        threading.Thread(
            target=lambda n=n: [counter.count((f"/feeds/{i % 7}.atom", OK, "gzip"), n) for i in range(each)]
        )
        for n in range(1, 4)
    ]
    try:
        for thread in counting:
            thread.start()
        taken = [0, 0, 0, 0]
        while any(thread.is_alive() for thread in counting) or counter.polls:
            by_format, sent = counter.take_increments()
            polls, by_path = counter.take_counts()
            found = (sum(by_format.values()), sent, sum(polls.values()), sum(by_path.values()))
            taken = [before + new for before, new in zip(taken, found, strict=True)]
    finally:
        sys.setswitchinterval(switch)
    by_format, sent = counter.take_increments()
    assert [taken[0] + sum(by_format.values()), taken[1] + sent] == [3 * each, 6 * each]
    assert taken[2:] == [3 * each, 6 * each]


def test_prometheus_is_told_formats_and_each_poll_once():
    counter = PollCounter()
    counter.count((FEED, OK, "gzip"), 100)
    counter.count(("/feeds/china.atom", OK, "gzip"), 50)
    counter.count((FEED, NOT_MODIFIED, "gzip"), 0)
    counter.count(("rss", "404", "identity"), 7)
    counter.count(("/feeds/china.atom", OK, "br"), 20)
    assert counter.take_increments() == (
        {
            ("atom", "200", "gzip"): 2,
            ("atom", "200", "br"): 1,
            ("atom", "304", "gzip"): 1,
            ("rss", "404", "identity"): 1,
        },
        177,
    )
    assert counter.take_increments() == ({}, 0)
    counter.count((FEED, NOT_MODIFIED, "gzip"), 0)
    assert counter.take_increments() == ({("atom", "304", "gzip"): 1}, 0)


def test_no_poll_is_lost_between_threads():
    counter, each = PollCounter(), 20_000
    start = threading.Barrier(4)

    def poll():
        start.wait()
        for _ in range(each):
            counter.count((FEED, OK, "gzip"), 3)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=poll) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert counter.polls == {(FEED, OK, "gzip"): 4 * each}
    assert counter.sent == {FEED: 12 * each}


def test_formats_of_a_section_come_together_and_a_head_is_a_poll_without_bytes():
    counter = PollCounter()
    pending = UnwrittenPolls(counter)
    counter.count((FEED, OK, "gzip"), 100)
    counter.count(("/feeds/taiwan.json", OK, "gzip"), 20)
    counter.count(("/feeds/taiwan.json", OK, "gzip"), 0)
    counter.count(("/feeds/taiwan.rss", NOT_MODIFIED, "gzip"), 0)
    counter.count(("rss", "406", "identity"), 30)
    pending.collect(NOON)
    assert pending.take_all() == {("taiwan", NOON): PollSums(3, 1, 120)}
    pending.collect(at(minutes=9))
    assert pending.take_all() == {}


def test_polls_stand_in_the_slot_in_which_they_came_for_a_day():
    counter = PollCounter()
    pending = UnwrittenPolls(counter)
    for hours in range(30):
        counter.count((FEED, NOT_MODIFIED, "gzip"), 0)
        pending.collect(at(hours=hours))
        pending.give_back(pending.take_all())
    kept = pending.take_all()
    assert set(kept.values()) == {PollSums(0, 1, 0)}
    assert min(moment for _, moment in kept) == at(hours=29) - MAX_AGE


# Storing


def test_two_processes_add_to_the_same_row(database):
    for _ in range(2):
        add(database, {("taiwan", NOON): PollSums(1, 2, 3), ("china", NOON): PollSums(4, 5, 2**40)})
    assert counted(database, "taiwan", "china", "sports") == {
        "taiwan": {NOON: PollSums(2, 4, 6)},
        "china": {NOON: PollSums(8, 10, 2**41)},
        "sports": {},
    }


def test_many_writers_of_the_same_rows_never_wait_in_a_circle(database):
    sections = [f"s{number}" for number in range(20)]
    orders = [sections, sections[::-1], sections[10:] + sections[:10]]

    def write(order):
        for _ in range(10):
            add(database, {(section, NOON): PollSums(1, 0, 0) for section in order})

    threads = [threading.Thread(target=write, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(map(str, counted(database, *sections).values())) == {str({NOON: PollSums(30, 0, 0)})}


def test_the_last_hour_is_added_up(database):
    found = {("taiwan", at(minutes=-5 * number)): PollSums(1, 3, 10) for number in range(24)}
    add(database, found | {("china", at(hours=-2)): PollSums(1, 1, 1)})
    with database.read() as conn:
        hour = poll_counts.last_hour(conn, at(minutes=2))
    assert hour == {"taiwan": PollSums(12, 36, 120)}
    assert hour["taiwan"].share == 0.75 and PollSums().share is None


def test_what_is_old_is_forgotten(database):
    add(
        database,
        {("taiwan", NOON): PollSums(1), ("taiwan", NOON - KEPT): PollSums(1), ("taiwan", at(days=-9)): PollSums(1)},
    )
    with database.write() as conn:
        poll_counts.prune(conn, NOON)
    assert set(counted(database)["taiwan"]) == {NOON, NOON - KEPT}


def test_slots_begin_on_the_clock():
    assert slot_of(at(minutes=7, seconds=59)) == at(minutes=5)
    assert slot_of(NOON) == NOON == slot_of(NOON + SLOT) - SLOT


# The threads


def test_polls_are_written_in_the_background(database, counts, clock):
    counts.pending._counter.count((FEED, OK, "gzip"), 10)
    until(lambda: counted(database)["taiwan"])
    clock.advance(400)
    counts.pending._counter.count((FEED, NOT_MODIFIED, "gzip"), 0)
    until(lambda: len(counted(database)["taiwan"]) == 2)
    assert counted(database)["taiwan"] == {NOON: PollSums(1, 0, 10), at(minutes=5): PollSums(0, 1, 0)}


def test_the_last_polls_are_written_at_the_stop(database, clock):
    counts = PollWriter(database, counter := PollCounter(), every=3600, clock=clock)
    counts.start()
    counter.count((FEED, OK, "gzip"), 10)
    counts.stop()
    assert counted(database)["taiwan"] == {NOON: PollSums(1, 0, 10)}


def test_while_the_tables_are_held_slots_go_on_and_all_is_written_after(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    counts = PollWriter(database, counter := PollCounter(), every=0.01, clock=clock)
    counts.start()
    with psycopg.connect(postgres_url) as conn:
        conn.execute("LOCK TABLE poll_count IN ACCESS EXCLUSIVE MODE")
        for number in range(3):
            counter.count((FEED, OK, "gzip"), number)
            until(lambda: not counter.polls)
            clock.advance(300)
        conn.rollback()
    until(lambda: len(counted(database)["taiwan"]) == 3)
    assert counted(database)["taiwan"] == {at(minutes=5 * n): PollSums(1, 0, n) for n in range(3)}
    counts.stop()
    database.close()


def test_a_database_that_hangs_delays_the_stop_by_a_second_at_most(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    counts = PollWriter(database, counter := PollCounter(), every=0.01, clock=clock)
    counts.start()
    counter.count((FEED, OK, "gzip"), 10)
    until(lambda: counted(database)["taiwan"])
    with frozen(postgres_url):
        counter.count((FEED, OK, "gzip"), 10)
        until(lambda: not counter.polls)
        stopping = threading.Thread(target=counts.stop)
        stopping.start()
        stopping.join(4)
        assert not stopping.is_alive() and counts._writer.is_alive()
    until(lambda: counted(database)["taiwan"] == {NOON: PollSums(2, 0, 20)})
    counts._writer.join(5)
    database.close()


def test_a_database_that_is_down_is_told_once_and_without_its_words(clock):
    database = Database("postgresql://secret:word@127.0.0.1:1/news", clock=clock)
    counts = PollWriter(database, counter := PollCounter(), every=3600, clock=clock)
    with capture_logs() as logs:
        for number in range(3):
            counter.count((FEED, OK, "gzip"), 1)
            counts.pending.collect(at(minutes=5 * number))
            counts._write()
    assert logs == [{"event": "polls_not_written", "error": "DatabaseDown", "log_level": "warning"}]
    assert counts.pending.take_all() == {("taiwan", at(minutes=5 * n)): PollSums(1, 0, 1) for n in range(3)}
    database.close()


def test_a_table_that_is_missing_ends_no_thread(database, counts):
    with database.write() as conn:
        conn.exec_driver_sql("ALTER TABLE poll_count RENAME TO away")
    counts.pending._counter.count((FEED, OK, "gzip"), 10)
    with capture_logs() as logs:
        until(lambda: [entry for entry in logs if entry["event"] == "poll_writer_failed"])
    with database.write() as conn:
        conn.exec_driver_sql("ALTER TABLE away RENAME TO poll_count")
    until(lambda: counted(database)["taiwan"] == {NOON: PollSums(1, 0, 10)})
