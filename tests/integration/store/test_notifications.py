"""Incidents and messages in the database: leases, duplicates, results; on both databases."""

from datetime import timedelta

import pytest

from syndication.store.access.audit_log import list_entries
from syndication.store.db.database import Database
from syndication.store.notifications import incidents, outbox
from syndication.store.notifications.incidents import Incident, Report
from syndication.store.outbound import attempts
from syndication.store.outbound.attempts import Failure
from tests.support.people import BOSS

LEASE = timedelta(seconds=60)

WORK = outbox.work(LEASE, timedelta(hours=1))


def incident(now, subject="taiwan", ended=None):
    return Incident(0, "failing", subject, subject, None, "It broke.", now, now, ended)


def enqueue(database, channel="desk"):
    with database.write() as conn:
        return outbox.enqueue(conn, channel, "incidents", "Subject", {"items": []}, database.now(conn))


def claim(database, id, owner="w1"):
    with database.write() as conn:
        return [one.id for one in outbox.claim(conn, WORK, owner, database.now(conn), ["desk"], 9)] == [id]


def due(database):
    with database.read() as conn:
        return outbox.has_due(conn, WORK, database.now(conn), ["desk"])


def found(database, id):
    with database.read() as conn:
        return outbox.find(conn, id)


def state(database):
    with database.read() as conn:
        return outbox.channel_states(conn, ["desk"])["desk"]


def test_an_incident_is_open_only_once(database, clock):
    with database.write() as conn:
        incidents.begin(conn, incident(clock()))
        incidents.begin(conn, incident(clock()))
        incidents.begin(conn, incident(clock(), "china"))
        one, two = incidents.list_recent(conn, clock())
        assert (one.subject, two.subject) == ("taiwan", "china")
        incidents.write(
            conn, Incident(**{**{name: getattr(one, name) for name in Incident.__slots__}, "ended_at": clock()})
        )
        incidents.begin(conn, incident(clock()))
        assert len(incidents.list_recent(conn, clock())) == 3
        assert [one.key for one in incidents.list_recent(conn, clock() + timedelta(days=4))].count(one.key) == 1


def test_a_report_is_of_one_channel_and_goes_with_its_incident(database, clock):
    with database.write() as conn:
        incidents.begin(conn, incident(clock(), ended=clock()))
        (one,) = incidents.list_recent(conn, clock())
        incidents.write_report(conn, Report("desk", one.id, clock(), None))
        incidents.write_report(conn, Report("chat", one.id, clock(), None))
        incidents.write_report(conn, Report("desk", one.id, clock(), clock()))
        reports = {report.channel: report.over_at for report in incidents.list_reports(conn, [one])}
        assert reports == {"desk": clock(), "chat": None}
        incidents.prune(conn, clock() + timedelta(days=31))
        assert incidents.list_reports(conn, [one]) == []


def test_one_process_at_a_time_looks(database, clock):
    lease = timedelta(seconds=20)

    def take(owner):
        with database.write() as conn:
            return incidents.claim_watch(conn, owner, clock(), lease)

    assert take("w1") and take("w1") and not take("w2")
    clock.advance(21)
    assert take("w2") and not take("w1")
    with database.write() as conn:
        assert incidents.record_look(conn, "w2", clock()) and not incidents.record_look(conn, "w1", clock())
        incidents.release_watch(conn, "w2")
    assert take("w1")
    clock.advance(-3600)  # The lease seems to end in an hour.
    assert take("w2")


def test_open_incidents_that_nobody_looks_for_are_deleted(database, clock):
    with database.write() as conn:
        incidents.begin(conn, incident(clock()))
        incidents.claim_watch(conn, "w1", clock(), LEASE)
        incidents.record_look(conn, "w1", clock())
        incidents.prune(conn, clock() + timedelta(hours=23))
        assert len(incidents.list_recent(conn, clock())) == 1
        incidents.prune(conn, clock() + timedelta(hours=25))
        assert incidents.list_recent(conn, clock()) == []


def test_a_message_is_claimed_by_one_process(database_url, database):
    id = enqueue(database)
    other = Database(database_url, clock=database._clock)
    with database.write() as conn:
        assert outbox.claim(conn, WORK, "w1", database.now(conn), ["desk"], 9)
        if database.dialect == "postgresql":  # SQLite has one writer at a time.
            with other.write() as second:
                assert not outbox.claim(second, WORK, "w2", other.now(second), ["desk"], 9)
    other.close()
    assert not claim(database, id, "w2") and not due(database)


def test_a_message_is_sent_again_once_after_its_process_died_and_then_given_up(database, clock):
    id = enqueue(database)
    assert claim(database, id)
    clock.advance(61)
    assert due(database) and claim(database, id, "w2")
    clock.advance(61)
    assert due(database) and not claim(database, id, "w3")
    assert not due(database) and found(database, id).given_up_at == clock() and found(database, id).attempts == 2
    assert state(database).error == "the process ended twice while it was sending"


def test_a_failed_message_waits_for_its_time_and_is_no_lost_one(database, clock):
    id = enqueue(database)
    for attempt in range(1, 5):
        assert claim(database, id)
        with database.write() as conn:
            attempts.fail(conn, WORK, [Failure((id,), "no answer", clock() + timedelta(seconds=10))], clock())
        assert not due(database) and found(database, id).attempts == attempt
        clock.advance(10)
    assert due(database) and found(database, id).lost == 0
    clock.advance(-7200)  # The time to retry is too far ahead: it is from before the clock was set back.
    assert due(database)


@pytest.mark.parametrize("given_up", [False, True])
def test_a_channel_is_failing_until_a_later_message_is_sent(database, clock, given_up):
    assert (state(database).sent_at, state(database).error, state(database).waiting) == (None, None, 0)
    id, began = enqueue(database), clock()
    assert (state(database).waiting, state(database).waiting_since) == (1, began)
    with database.write() as conn:
        attempts.fail(conn, WORK, [Failure((id,), "no answer", None if given_up else clock())], clock())
    assert (state(database).error, state(database).failed_at) == ("no answer", began)
    assert (state(database).waiting, state(database).given_up_at) == ((0, began) if given_up else (1, None))
    clock.advance(60)
    with database.write() as conn:
        attempts.finish(conn, WORK, [(enqueue_in(conn, clock()),)], sent_at=clock())
    assert (state(database).error, state(database).sent_at) == (None, clock())


def enqueue_in(conn, now):
    return outbox.enqueue(conn, "desk", "incidents", "Subject", {"items": []}, now)


def test_the_oldest_message_of_each_channel_is_taken(database, clock):
    ids = [enqueue(database, channel) for channel in ("desk", "chat", "desk", "chat", "mail")]
    with database.write() as conn:
        first = outbox.claim(conn, WORK, "w1", clock(), ["desk", "chat"], 9)
        assert [one.id for one in first] == ids[:2]
        assert [one.id for one in outbox.claim(conn, WORK, "w1", clock(), ["chat", "mail"], 9)] == ids[3:]


def test_a_test_is_in_the_audit_log(database, clock):
    with database.write() as conn:
        id = outbox.request_test(conn, "desk", {"items": []}, BOSS, clock())
        (entry,) = list_entries(conn, 1)
    assert (entry.act, entry.target, entry.actor) == ("test notification", "desk", "boss")
    assert found(database, id).kind == "test"


def test_messages_are_kept_for_a_month(database, clock):
    id = enqueue(database)
    with database.write() as conn:
        incidents.prune(conn, clock() + timedelta(days=29))
        assert outbox.find(conn, id) is not None
        incidents.prune(conn, clock() + timedelta(days=31))
        assert outbox.find(conn, id) is None
