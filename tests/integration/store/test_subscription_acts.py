"""What people do with subscriptions by push: each act changes what it says and is in the audit log."""

from datetime import timedelta

import pytest

from syndication.store.access import audit_log
from syndication.store.hub import subscription_acts as acts
from syndication.store.hub.overview import find_subscription
from tests.support.api import TESTER
from tests.support.subscribers import SECRET_TOKEN, change_subscription, denials, stored, subscribe

NOWHERE = 999


@pytest.fixture
def do(database, clock):
    """Does an act and returns its outcome."""

    def do(act, id):
        with database.write() as conn:
            return act(conn, id, TESTER, clock())

    return do


def row(database, id):
    with database.read() as conn:
        return stored(conn, id)


def logged(database):
    """Returns act, target, outcome and detail of what was recorded, the oldest first."""
    with database.read() as conn:
        found = audit_log.list_entries(conn, 100)
    assert {(one.actor, one.source) for one in found} <= {(TESTER.name, TESTER.source)}
    return [(one.act, one.target, one.outcome, one.detail) for one in reversed(found)]


def test_pause_and_resume_are_recorded_with_the_host_alone(database, do):
    (id,) = subscribe(database, {"host": "one.example:8443"})
    assert [do(act, id) for act in (acts.pause, acts.pause, acts.resume, acts.resume)] == [
        "paused", "unchanged", "resumed", "unchanged",
    ]  # fmt: skip
    detail = "taiwan.atom to one.example:8443"
    assert logged(database) == [
        ("pause subscriber", f"subscription {id}", "paused", detail),
        ("pause subscriber", f"subscription {id}", "unchanged", detail),
        ("resume subscriber", f"subscription {id}", "resumed", detail),
        ("resume subscriber", f"subscription {id}", "unchanged", detail),
    ]
    assert SECRET_TOKEN not in repr(logged(database))


def test_paused_subscription_keeps_what_failed_before(database, do, clock):
    (id,) = subscribe(database, {"attempts": 3, "error": "answered 500", "failed_at": clock()})
    do(acts.pause, id)
    found = row(database, id)
    assert (found.paused_at, found.attempts, found.error) == (clock(), 3, "answered 500")


def test_parked_subscription_is_resumed_from_the_first_attempt_on(database, do, clock):
    late = clock() + timedelta(hours=9)
    (id,) = subscribe(
        database,
        {
            "given_up_at": clock(),
            "retry_at": late,
            "attempts": 40,
            "lost": 2,
            "error": "timed out",
            "failed_at": clock(),
        },
    )
    assert do(acts.resume, id) == "resumed"
    found = row(database, id)
    assert (found.given_up_at, found.retry_at, found.attempts, found.lost, found.error) == (None, None, 0, 0, None)
    with database.read() as conn:
        assert find_subscription(conn, id, clock()).state == "current"


def test_push_again_forgets_the_version_that_it_has(database, do, clock):
    current, parked, paused = subscribe(
        database,
        {"version": 7, "digest": "d"},
        {"version": 7, "given_up_at": clock(), "format": "rss"},
        {"version": 7, "paused_at": clock(), "format": "json"},
    )
    assert [do(acts.push_again, id) for id in (current, parked, paused)] == ["requested", "requested", "unchanged"]
    found = [row(database, id) for id in (current, parked, paused)]
    assert [one.asked_at for one in found] == [clock(), clock(), None]
    assert [one.version for one in found] == [0, 0, 7] and found[0].digest is None and found[1].given_up_at is None


def test_removed_subscriber_is_told_that_it_is_denied(database, do):
    (id,) = subscribe(database, {})
    assert do(acts.remove, id) == "removed" and row(database, id) is None
    with database.read() as conn:
        (word,) = denials(conn)
    assert (word.mode, word.section, word.format, word.reason) == ("denied", "taiwan", "atom", acts.REMOVED)
    assert SECRET_TOKEN in word.callback and word.secret is None
    assert do(acts.remove, id) == "not-found" and len(logged(database)) == 1


def test_all_subscriptions_of_a_host_are_removed_together(database, clock):
    one = {"host": "one.example"}
    ids = subscribe(database, one, one | {"format": "rss"}, {"host": "two.example"})
    with database.write() as conn:
        assert acts.remove_host(conn, "one.example", TESTER, clock()) == 2
        assert acts.remove_host(conn, "one.example", TESTER, clock()) == 0
    assert [row(database, id) is None for id in ids] == [True, True, False]
    with database.read() as conn:
        assert len(denials(conn)) == 2
    assert logged(database) == [
        ("remove subscribers", "one.example", "removed", "2 subscriptions"),
        ("remove subscribers", "one.example", "not-found", "0 subscriptions"),
    ]


def test_what_does_not_exist_is_not_found_and_not_recorded(database, do, clock):
    (expired,) = subscribe(database, {"expires_at": clock()})
    for id in (NOWHERE, expired):
        for act in (acts.pause, acts.resume, acts.push_again, acts.remove):
            assert do(act, id) == "not-found"
    assert logged(database) == [] and row(database, expired) is not None


def test_act_changes_no_other_subscription(database, do, clock):
    one, other = subscribe(database, {}, {"format": "rss"})
    before = row(database, other)
    for act in (acts.pause, acts.resume, acts.push_again, acts.remove):
        do(act, one)
    assert row(database, other) == before
    change_subscription(database, other, version=2)
    assert row(database, other) != before
