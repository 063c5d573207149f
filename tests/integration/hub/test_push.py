"""What a subscriber is sent, and when (WebSub sections 7 and 7.1); on both databases."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from lxml import etree
from sqlalchemy import update

from syndication.hub import push
from syndication.metrics import worker as metrics
from syndication.model.values import FORMATS, MEDIA_TYPES
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.hub import delivery_log, subscription_acts, subscriptions
from syndication.store.hub.intents import Intent
from syndication.store.publishing import editor_holds
from syndication.store.tables.hub import HubSubscriptionRow
from tests.support.caches import cache, closes, redirects, resets
from tests.support.desk import Desk, titles
from tests.support.newsroom import at
from tests.support.pushes import deliver, logged, queue, settings, subscribe, subscription

BASE = "https://feeds.daily.example"
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.put("a1")
    desk.work()
    clock.advance(1)
    return desk


def change(desk, title="Story that is new"):
    """Publishes the next version of taiwan and all."""
    desk.put("a1", title=title)
    desk.later()


# What is sent


@pytest.mark.parametrize("format", FORMATS)
def test_7_the_request_is_a_post_of_the_whole_document_as_it_is_served(desk, format):
    with cache() as server:
        subscribe(desk.database, f"{server.url}/in?x=1&y=%20", format=format)
        change(desk)
        deliver(desk.database, queue())
        (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/in?x=1&y=%20")
    assert asked.body == desk.body("taiwan", format)
    assert asked.headers["content-type"] == MEDIA_TYPES[format]
    assert int(asked.headers["content-length"]) == len(asked.body.encode())
    topic = f"{BASE}/feeds/taiwan.{format}"
    assert asked.headers["link"] == f'<{BASE}/hub>; rel="hub", <{topic}>; rel="self"'
    assert "x-hub-signature" not in asked.headers


@pytest.mark.parametrize("secret", ["s", "x" * 199, "夜車" * 33, "🚆" * 49, "é" * 99 + "x", "a b\t'\""])
def test_7_1_a_secret_signs_the_body(desk, secret):
    assert len(secret.encode()) < 200
    with cache() as server:
        subscribe(desk.database, f"{server.url}/in", secret=secret)
        change(desk)
        deliver(desk.database, queue())
        (asked,) = server.asked
    expected = hmac.new(secret.encode(), asked.body.encode(), hashlib.sha256).hexdigest()
    assert asked.headers["x-hub-signature"] == f"sha256={expected}"


def test_a_subscriber_gets_the_next_change_and_not_the_past(desk):
    with cache() as server:
        subscribe(desk.database, server.url)
        assert deliver(desk.database, queue()) == []
        change(desk)
        deliver(desk.database, queue())
        assert len(server.asked) == 1
        assert deliver(desk.database, queue()) == []


def test_a_slow_subscriber_gets_the_newest_document_alone(desk):
    with cache() as server:
        id = subscribe(desk.database, server.url)
        for n in range(4):
            change(desk, f"Story {n}")
        deliver(desk.database, queue())
        assert [titles(asked.body) for asked in server.asked] == [["Story 3"]]
    row = subscription(desk.database, id)
    assert (row.version, row.digest) == (desk.document().version, desk.document().digest)


def test_only_the_formats_whose_bytes_changed_are_sent(desk):
    """A version has documents in all formats; the one of JSON may be the same as before."""
    with cache() as server:
        ids = {f: subscribe(desk.database, f"{server.url}/{f}", format=f) for f in FORMATS}
        before = desk.document(format="json").digest
        with desk.database.write() as conn:
            conn.exec_driver_sql("UPDATE section_state SET version = version + 1 WHERE section = 'taiwan'")
            conn.exec_driver_sql("UPDATE document SET version = version + 1 WHERE section = 'taiwan'")
            conn.exec_driver_sql("UPDATE document SET digest = 'other' WHERE section = 'taiwan' AND format <> 'json'")
        unchanged = metrics.PUSHES.labels("unchanged")._value.get()
        deliver(desk.database, queue())
        assert sorted(asked.path for asked in server.asked) == ["/atom", "/rss"]
        assert metrics.PUSHES.labels("unchanged")._value.get() == unchanged + 1
    row = subscription(desk.database, ids["json"])
    assert (row.version, row.digest, row.attempts) == (desk.document().version, before, 0)
    assert (row.lease_until, row.delivered_at) == (None, None)


def test_what_an_attempt_left_unknown_is_sent_even_if_the_document_is_back(desk):
    """The callback may have taken a document although its answer was lost."""
    with cache(closes, 200) as server:
        id = subscribe(desk.database, server.url)
        had = desk.document()
        change(desk)
        deliver(desk.database, queue())
        with desk.database.write() as conn:
            conn.exec_driver_sql("UPDATE section_state SET version = version + 1 WHERE section = 'taiwan'")
            conn.exec_driver_sql(f"UPDATE document SET version = version + 1, digest = '{had.digest}'")
        desk.clock.advance(10)
        deliver(desk.database, queue())
        assert len(server.asked) == 2
    assert subscription(desk.database, id).digest == had.digest


# Which stories


def test_an_embargoed_story_is_never_pushed_before_its_time(desk):
    with cache() as server:
        subscribe(desk.database, server.url)
        desk.put("a2", title="Story secret", published_at=at(minutes=10), updated_at=at(minutes=10))
        desk.work()
        change(desk)
        deliver(desk.database, queue())
        desk.clock.now = at(minutes=10) - timedelta(milliseconds=1)
        desk.work()
        deliver(desk.database, queue())
        assert len(server.asked) == 1 and "secret" not in server.asked[0].body
        desk.clock.now = at(minutes=10)
        desk.work()
        deliver(desk.database, queue())
        assert "Story secret" in titles(server.asked[1].body)


def test_a_withdrawn_story_is_pushed_as_the_document_without_it(desk):
    desk.put("a2")
    desk.later()
    with cache() as server:
        subscribe(desk.database, server.url)
        withdrawals.withdraw(desk.database, ["a1"], by=Actor("the night editor", "test"))
        desk.later()
        deliver(desk.database, queue())
        (asked,) = server.asked
    assert titles(asked.body) == ["Story a2"] and asked.body == desk.body()
    assert desk.tombstones() == {"a1": "withdrawn"}
    (stone,) = etree.fromstring(asked.body.encode()).findall(TOMBSTONE)
    assert stone.get("ref") == "tag:daily.example,2026-01-01:article/a1"
    assert stone.get("when") == desk.state().updated_at.isoformat().replace("+00:00", "Z")


def test_a_withdrawn_story_that_was_never_public_is_pushed_in_no_tombstone(desk):
    with cache() as server:
        subscribe(desk.database, server.url)
        desk.put("secret", published_at=at(minutes=10), updated_at=at())
        desk.later()
        withdrawals.withdraw(desk.database, ["secret"], by=Actor("the night editor", "test"))
        desk.later()
        desk.clock.now = at(minutes=11)
        change(desk)
        deliver(desk.database, queue())
        (asked,) = server.asked
    assert "secret" not in asked.body and "deleted-entry" not in asked.body


def test_a_story_under_embargo_again_is_pushed_in_no_tombstone(desk):
    desk.put("a2")
    desk.later()
    with cache() as server:
        subscribe(desk.database, server.url)
        desk.put("a1", published_at=at(hours=3), updated_at=at())
        desk.later()
        deliver(desk.database, queue())
        (asked,) = server.asked
    assert titles(asked.body) == ["Story a2"] and "article/a1" not in asked.body


def test_a_held_feed_pushes_what_is_published_and_nothing_else(desk):
    with cache() as server:
        subscribe(desk.database, server.url)
        version = desk.document().version
        with desk.database.write() as conn:
            by = Actor("the night editor", "test")
            editor_holds.hold(conn, "taiwan", version, at(hours=9), "Under review", by, desk.clock())
        desk.later()
        change(desk, "Story not for readers yet")
        deliver(desk.database, queue())
        assert all("not for readers" not in asked.body for asked in server.asked)
        with desk.database.write() as conn:
            editor_holds.release(conn, "taiwan", by, desk.clock())
        desk.later()
        deliver(desk.database, queue())
        assert titles(server.asked[-1].body) == ["Story not for readers yet"]


# What the answer means


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_7_any_2xx_is_success(desk, status):
    with cache(status) as server:
        id = subscribe(
            desk.database, server.url, attempts=3, error="it answered 500", failed_at=at(), failing_since=at()
        )
        change(desk)
        desk.clock.advance(2)
        deliver(desk.database, queue())
    row = subscription(desk.database, id)
    assert (row.version, row.digest) == (desk.document().version, desk.document().digest)
    assert (row.attempts, row.error, row.failed_at, row.failing_since, row.lease_owner) == (0, None, None, None, None)
    assert row.delivered_at >= desk.clock() and row.lag_ms >= 2000
    (entry,) = logged(desk.database)
    assert (entry.subscription_id, entry.outcome, entry.status, entry.error) == (id, "done", status, None)
    assert entry.lag_ms == row.lag_ms and entry.version == row.version and entry.took_ms >= 0
    assert (entry.section, entry.format, entry.callback) == ("taiwan", "atom", server.url)


def test_7_410_ends_the_subscription(desk):
    with cache(410) as server:
        id = subscribe(desk.database, server.url)
        change(desk)
        deliver(desk.database, queue())
    assert subscription(desk.database, id) is None
    (entry,) = logged(desk.database)
    assert (entry.outcome, entry.status, entry.subscription_id) == ("gone", 410, id)


@pytest.mark.parametrize("answer", [300, 302, 400, 404, 500, 503, redirects, resets, closes])
def test_7_anything_else_is_a_failure_and_tried_again(desk, answer):
    with cache(answer, 200) as server:
        id = subscribe(desk.database, server.url)
        change(desk)
        deliver(desk.database, queue())
        assert len(server.asked) == 1  # A redirect is not followed.
        row = subscription(desk.database, id)
        assert (row.attempts, row.failed_at, row.failing_since, row.lease_until) == (
            1,
            desk.clock(),
            desk.clock(),
            None,
        )
        assert row.error and timedelta(seconds=2) < row.retry_at - desk.clock() <= timedelta(seconds=5)
        desk.clock.advance(5)
        deliver(desk.database, queue())
    assert subscription(desk.database, id).version == desk.document().version
    assert [entry.outcome for entry in logged(desk.database)] == ["failed", "done"]


def test_pauses_grow_to_an_hour_and_after_a_day_of_failures_the_subscription_is_parked(desk):
    with cache(500) as server:
        id = subscribe(desk.database, server.url)
        change(desk)
        began, pauses = desk.clock(), []
        while (row := subscription(desk.database, id)).given_up_at is None:
            if row.retry_at is not None:
                pauses.append(row.retry_at - desk.clock())
                desk.clock.now = row.retry_at
            assert len(deliver(desk.database, queue())) == 1
        assert desk.clock() - began >= timedelta(days=1)
        assert pauses[:1] < pauses[4:5] < pauses[8:9] and timedelta(minutes=40) < max(pauses) <= timedelta(hours=1)
        assert len(pauses) < 60
        asked = len(server.asked)
        # It is sent nothing more.
        change(desk)
        desk.clock.advance(100_000)
        assert deliver(desk.database, queue()) == [] and len(server.asked) == asked
    assert [entry.outcome for entry in logged(desk.database)][-2:] == ["failed", "parked"]
    assert row.error == "it answered 500"


def test_a_success_between_failures_begins_the_day_again(desk):
    with cache(500, 200, 500) as server:
        id = subscribe(desk.database, server.url)
        change(desk)
        deliver(desk.database, queue())
        desk.clock.advance(10)
        deliver(desk.database, queue())
        desk.clock.advance(86_395)
        change(desk, "Story a day later")
        for _ in range(2):
            deliver(desk.database, queue())
            desk.clock.advance(10)
        row = subscription(desk.database, id)
        assert len(server.asked) == 4 and row.attempts == 2
        assert row.given_up_at is None and row.failing_since > at(days=1)


def test_one_that_is_paused_parked_or_expired_is_sent_nothing_until_that_ends(desk):
    with cache() as server:
        subscribe(desk.database, f"{server.url}/paused", paused_at=at())
        subscribe(desk.database, f"{server.url}/parked", given_up_at=at())
        subscribe(desk.database, f"{server.url}/expired", expires_at=at(seconds=1))
        change(desk)
        assert deliver(desk.database, queue()) == []
        with desk.database.write() as conn:
            conn.execute(update(HubSubscriptionRow).values(paused_at=None, given_up_at=None))
        deliver(desk.database, queue())
        assert {asked.path for asked in server.asked} == {"/paused", "/parked"}


@pytest.mark.parametrize("again", ["renewed", "resumed", "pushed again"])
def test_one_that_was_parked_is_sent_the_newest_once_it_is_renewed_or_resumed(desk, again):
    with cache(500, 500, 200) as server:
        id = subscribe(desk.database, server.url)
        change(desk)
        deliver(desk.database, queue())
        desk.clock.advance(86_400)
        deliver(desk.database, queue())
        assert subscription(desk.database, id).given_up_at == desk.clock()
        with desk.database.write() as conn:
            now, by = desk.clock(), Actor("desk", "test")
            if again == "renewed":
                intent = Intent(
                    "subscribe", "taiwan", "atom", None, server.url, "127.0.0.1", "192.0.2.1",
                    id=1, requested_at=now, attempts=1, lost=0,
                )  # fmt: skip
                subscriptions.begin(conn, intent, "127.0.0.1", 864_000, now)
            elif again == "resumed":
                subscription_acts.resume(conn, id, by, now)
            else:
                subscription_acts.push_again(conn, id, by, now)
        row = subscription(desk.database, id)
        assert (row.given_up_at, row.failing_since, row.attempts, row.retry_at) == (None, None, 0, None)
        deliver(desk.database, queue())
        assert len(server.asked) == 3
    row = subscription(desk.database, id)
    assert (row.version, row.digest) == (desk.document().version, desk.document().digest)


# Who sends


def test_two_workers_share_the_deliveries_and_send_none_twice(desk):
    with cache() as server:
        for n in range(30):
            subscribe(desk.database, f"{server.url}/{n}")
        change(desk)
        one, other = queue("w1"), queue("w2")
        with desk.database.write() as conn:
            first = one.claim(conn, desk.clock(), 10, ())
        rest = deliver(desk.database, other)
        assert len(first) == 10 and len(rest) == 20
        assert not {job.push.id for job in first} & {job.push.id for job, _ in rest}


def test_the_lease_of_a_worker_that_died_ends_and_another_sends(desk):
    with cache() as server:
        id = subscribe(desk.database, server.url)
        change(desk)
        with desk.database.write() as conn:
            assert len(queue("dead").claim(conn, desk.clock(), 10, ())) == 1
        assert deliver(desk.database, queue("w2")) == []
        desk.clock.advance(5 + push.MARGIN.total_seconds())
        assert len(deliver(desk.database, queue("w2"))) == 1
    assert subscription(desk.database, id).version == desk.document().version


def test_what_is_given_back_is_sent_at_once_by_another(desk):
    with cache() as server:
        subscribe(desk.database, server.url)
        change(desk)
        stopped = queue("w1")
        with desk.database.write() as conn:
            stopped.release(conn, stopped.claim(conn, desk.clock(), 10, ()))
        assert len(deliver(desk.database, queue("w2"))) == 1


def test_a_host_that_is_busy_gets_no_more_and_others_do(desk):
    with cache() as server, cache() as other:
        for n in range(5):
            subscribe(desk.database, f"{server.url}/{n}")
            subscribe(desk.database, f"{other.url}/{n}")
        change(desk)
        with desk.database.write() as conn:
            jobs = queue().claim(conn, desk.clock(), 100, {other.url.removeprefix("http://")})
        assert {job.push.callback for job in jobs} == {f"{server.url}/{n}" for n in range(5)}


def test_of_many_feeds_none_waits_for_another_with_many_subscribers(desk):
    with cache() as server:
        for n in range(50):
            subscribe(desk.database, f"{server.url}/all/{n}", "all")
        subscribe(desk.database, f"{server.url}/taiwan")
        change(desk)
        with desk.database.write() as conn:
            jobs = queue().claim(conn, desk.clock(), 10, ())
        assert len(jobs) == 10 and {job.push.section for job in jobs} == {"all", "taiwan"}


def test_a_document_is_in_memory_once_however_many_it_goes_to(desk):
    with cache() as server:
        for n in range(40):
            subscribe(desk.database, f"{server.url}/{n}", secret=f"secret {n}")
        change(desk)
        with desk.database.write() as conn:
            jobs = queue().claim(conn, desk.clock(), 100, ())
        assert len(jobs) == 40 and len({id(job.document) for job in jobs}) == 1


# The log


def test_the_log_keeps_so_many_days_and_so_many_rows(desk):
    with cache() as server:
        for n in range(5):
            subscribe(desk.database, f"{server.url}/{n}")
        for day in range(2):
            change(desk, f"Story of day {day}")
            deliver(desk.database, queue())
            desk.clock.advance(86_400)
    with desk.database.write() as conn:
        delivery_log.prune(conn, desk.clock() - timedelta(hours=36))
    assert len(logged(desk.database)) == 5
    with desk.database.write() as conn:
        delivery_log.prune(conn, desk.clock() - timedelta(hours=36), most=2)
    assert len(logged(desk.database)) == 2


def test_the_log_is_cut_between_two_rounds_of_retention_too(desk, monkeypatch):
    monkeypatch.setattr(push, "TRIM_EVERY", 4)
    with cache() as server:
        for n in range(2):
            subscribe(desk.database, f"{server.url}/{n}")
        one = queue(log_days=1)
        for n in range(2):
            change(desk, f"Story {n}")
            deliver(desk.database, one)
            desk.clock.advance(90_000)
            assert len(logged(desk.database)) == 2


def test_metrics_show_what_waits_and_how_long_it_took(desk):
    def lags():
        return next(s.value for s in metrics.PUSH_LAG_SECONDS.collect()[0].samples if s.name.endswith("_count"))

    with cache() as server:
        subscribe(desk.database, server.url)
        change(desk)
        one, before, done = queue(), lags(), metrics.PUSHES.labels("done")._value.get()
        with desk.database.read() as conn:
            assert one.has_work(conn, desk.clock())
        assert metrics.PUSHES_WAITING._value.get() == 1
        deliver(desk.database, one)
        with desk.database.read() as conn:
            assert not one.has_work(conn, desk.clock())
    assert metrics.PUSHES_WAITING._value.get() == 0
    assert (lags(), metrics.PUSHES.labels("done")._value.get()) == (before + 1, done + 1)


def test_the_secret_is_in_no_representation_of_what_is_on_its_way(desk):
    subscribe(desk.database, "http://127.0.0.1:9/", secret="very secret")
    change(desk)
    with desk.database.write() as conn:
        (job,) = queue().claim(conn, desk.clock(), 10, ())
    assert "very secret" not in repr(job) and settings().hub.allow_private
