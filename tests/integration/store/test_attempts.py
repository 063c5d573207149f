"""Rows of work: due, taken, failed, finished and given back, on both databases; with one column as a key, and two."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from syndication.store.db.database import Database
from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure, Work
from syndication.store.tables.hub import HubPingRow
from syndication.store.tables.publishing import PurgeRow
from tests.support.newsroom import NOON, at

PINGS = Work(HubPingRow, timedelta(seconds=30), timedelta(hours=1))
PURGES = Work(PurgeRow, timedelta(seconds=30), timedelta(hours=1))


@pytest.fixture(params=[PINGS, PURGES], ids=["one column", "two columns"])
def work(request, database):
    values = {"section": "taiwan", "created_at": NOON} | ({"hub": "h"} if request.param is PINGS else {})
    with database.write() as conn:
        conn.execute(insert(request.param.row), [values | {"version": version} for version in (1, 2, 3)])
    return request.param


def take(database, work, now=NOON, most=10, owner="w1", *where):
    with database.write() as conn:
        return [row["version"] for row in attempts.claim(conn, work, owner, now, most, *where)]


def all_rows(database, work):
    with database.read() as conn:
        return list(conn.execute(select(work.table).order_by(work.row.version)).mappings())


def keys(database, work):
    return [attempts.key_of(work, row) for row in all_rows(database, work)]


def test_what_is_taken_is_nobody_elses_until_the_lease_ends(database, work):
    assert take(database, work, most=2) == [1, 2]
    assert take(database, work, owner="w2") == [3]
    assert take(database, work, at(seconds=29.9), owner="w2") == []
    assert take(database, work, at(seconds=30), owner="w2") == [1, 2, 3]
    assert {(row["attempts"], row["lost"], row["lease_owner"]) for row in all_rows(database, work)} == {(2, 1, "w2")}


def test_rows_that_another_is_just_taking_are_skipped(postgres_url):
    database = Database(postgres_url)
    with database.write() as conn:
        conn.execute(
            insert(HubPingRow), [{"hub": "h", "section": "s", "version": v, "created_at": NOON} for v in (1, 2)]
        )
    with database.write() as one, database.write() as other:
        assert [row["version"] for row in attempts.claim(one, PINGS, "w1", NOON, 1)] == [1]
        assert [row["version"] for row in attempts.claim(other, PINGS, "w2", NOON, 5)] == [2]
    database.close()


def test_a_failure_is_repeated_at_its_time_or_never(database, work):
    take(database, work)
    first, second, _ = keys(database, work)
    with database.write() as conn:
        failures = [Failure(first, "slow", at(seconds=5)), Failure(second, "gone", None)]
        attempts.fail(conn, work, failures, NOON)
        attempts.fail(conn, work, [], NOON)
    one, two, three = all_rows(database, work)
    assert (one["error"], one["failed_at"], one["given_up_at"], one["lease_until"]) == ("slow", NOON, None, None)
    assert (two["error"], two["given_up_at"], three["lease_owner"]) == ("gone", NOON, "w1")
    assert take(database, work, at(seconds=4)) == []
    assert take(database, work, at(seconds=5)) == [1]


def test_what_is_given_back_was_no_attempt(database, work):
    take(database, work)
    with database.write() as conn:
        attempts.release(conn, work, keys(database, work)[:2])
        attempts.release(conn, work, [])
    assert [(row["attempts"], row["lease_owner"]) for row in all_rows(database, work)] == [
        (0, None),
        (0, None),
        (1, "w1"),
    ]
    assert take(database, work) == [1, 2]


def test_what_is_finished_keeps_no_failure_and_no_lease(database, work):
    take(database, work)
    with database.write() as conn:
        attempts.fail(conn, work, [Failure(key, "slow", at(seconds=5)) for key in keys(database, work)], NOON)
        attempts.finish(conn, work, keys(database, work)[:1])
        attempts.finish(conn, work, keys(database, work)[1:2], error="one of two")
        attempts.forget(conn, work, keys(database, work)[2:])
    one, two = all_rows(database, work)
    assert (one["error"], one["failed_at"], one["retry_at"], one["attempts"]) == (None, None, None, 1)
    assert two["error"] == "one of two"


def test_a_time_that_a_clock_ahead_recorded_is_not_waited_for(database, work):
    with database.write() as conn:
        conn.execute(update(work.row).values(retry_at=at(hours=2)))
    assert take(database, work) == [1, 2, 3]
    with database.write() as conn:
        conn.execute(update(work.row).values(retry_at=None, lease_until=at(hours=2)))
    assert take(database, work) == [1, 2, 3]


def test_there_is_work_while_something_is_due(database, work):
    def has(now):
        with database.read() as conn:
            return attempts.has_due(conn, work, now), attempts.has_due(conn, work, now, work.row.version > 3)

    assert has(NOON) == (True, False)
    take(database, work)
    assert has(NOON) == (False, False) and has(at(seconds=30)) == (True, False)
