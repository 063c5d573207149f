"""Outside hubs are told of each version that readers get, and of nothing else, however they answer."""

import time
from datetime import timedelta
from functools import partial

import pytest
from prometheus_client import REGISTRY

from syndication.hub.ping import PingQueue
from syndication.store.hub import pings
from syndication.store.hub.unserved import unserved_sections
from tests.integration.worker.test_retention import plans
from tests.support.pinging import publisher
from tests.support.service import until

LOOKS = 0.5
"""Seconds in which an engine looks for work some times."""


def nothing_happens(hub):
    before = len(hub.pings)
    time.sleep(LOOKS)
    assert len(hub.pings) == before


def counted(result):
    return REGISTRY.get_sample_value("syndication_outbound_total", {"queue": "ping", "outcome": result}) or 0.0


def test_section_6_a_hub_is_told_once_every_web_process_serves_the_version(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        newsroom.desk.work()
        newsroom.start()
        nothing_happens(hub)
        newsroom.serve()
        newsroom.serve("another", all=0, taiwan=0, china=0, sports=0)
        nothing_happens(hub)
        done = counted("done")
        newsroom.serve("another")
        hub.wait_for(lambda: hub.pings)
        until(lambda: all(row["answered_at"] for row in newsroom.pings()))
    (sent,) = hub.pings
    assert sorted(sent) == sorted(newsroom.urls("all", "taiwan", "china", "sports")), "all feeds, in one request"
    assert sent[:3] == newsroom.urls("all"), "what has to come back is not the last"
    assert [form["content-type"] for form in hub.forms if "hub.url" in form] == [["application/x-www-form-urlencoded"]]
    assert [(row["version"], row["status"], row["error"]) for row in newsroom.pings()] == [(1, 204, None)] * 4
    assert counted("done") == done + 1


def test_publishing_without_outside_hubs_adds_no_row(database, clock, tmp_path):
    with publisher(database, clock, tmp_path, hubs=0) as (newsroom, _):
        newsroom.publish("a1")
        assert newsroom.pings() == []
        queue = PingQueue(lambda: newsroom.settings, "w")
        with database.write() as conn:
            assert not queue.has_work(conn, clock()) and queue.claim(conn, clock(), 5, ()) == []


def test_only_the_newest_served_version_is_announced(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        newsroom.desk.work()
        for id in ("a1", "a2", "a3"):
            newsroom.publish(id)
        newsroom.publish("a4")
        newsroom.serve(all=4, taiwan=4)  # Of both there are five.
        newsroom.start()
        hub.wait_for(lambda: hub.pings)
        until(lambda: any(row["answered_at"] for row in newsroom.pings()))
        assert len(hub.pings) == 1 and sorted(set(hub.pings[0])) == sorted(hub.pings[0])
        left = {(row["section"], row["version"]) for row in newsroom.pings() if row["answered_at"] is None}
        assert left == {("all", 5), ("taiwan", 5)}, "those before are forgotten, the next one waits"
        newsroom.serve()
        hub.wait_for(lambda: len(hub.pings) == 2)
    assert hub.pings[1] == newsroom.urls("all", "taiwan")


def test_a_request_names_a_bounded_number_of_feeds(database, clock, tmp_path):
    with publisher(database, clock, tmp_path, "urls_at_once = 7\n") as (newsroom, [hub]):
        newsroom.begin()
        hub.wait_for(lambda: len(hub.pings) == 2)
        until(lambda: all(row["answered_at"] for row in newsroom.pings()))
    assert [len(urls) for urls in hub.pings] == [6, 6]


def test_a_hub_that_reads_one_address_gets_one_in_each_request(database, clock, tmp_path):
    with publisher(database, clock, tmp_path, "urls_at_once = 1\n") as (newsroom, [hub]):
        newsroom.begin()
        until(lambda: all(row["answered_at"] for row in newsroom.pings()))
    assert sorted(hub.pings) == sorted([url] for url in newsroom.urls("all", "taiwan", "china", "sports"))


def test_a_hub_that_fails_is_left_alone_for_longer_and_longer_and_told_of_everything_after(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.status = 500
        newsroom.begin()
        until(lambda: all(row["error"] for row in newsroom.pings()))
        newsroom.publish("a1")
        newsroom.serve()
        nothing_happens(hub)
        rows = newsroom.pings()
        assert {row["status"] for row in rows[:4]} == {500}
        assert rows[0]["error"] == f"127.0.0.1:{hub.server_port} answered 500"
        pauses = [(rows[0]["retry_at"] - rows[0]["failed_at"]).total_seconds()]
        for count in range(2, 12):
            newsroom.later((rows[0]["retry_at"] - clock()).total_seconds())
            hub.wait_for(lambda count=count: len(hub.pings) == count)
            until(lambda count=count: all(row["lease_until"] is None for row in newsroom.pings()))
            rows = [row for row in newsroom.pings() if row["section"] == "china"]
            pauses.append((rows[0]["retry_at"] - rows[0]["failed_at"]).total_seconds())
        assert pauses[0] <= 2 < pauses[3] and max(pauses) <= 600
        assert pauses[-1] > 300, "and no longer than ten minutes"
        hub.behaviour.status = None
        newsroom.later(600)
        until(lambda: all(row["answered_at"] for row in newsroom.pings()))
    assert set(hub.pings[-1]) == set(newsroom.urls("all", "taiwan", "china", "sports"))
    assert {row["error"] for row in newsroom.pings()} == {None}


def test_a_day_of_failures_is_given_up_and_the_next_publication_is_told_all_the_same(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.status = 503
        newsroom.begin()
        until(lambda: all(row["error"] for row in newsroom.pings()))
        assert newsroom.findings() == [], "a minute of trouble is nobody's concern"
        newsroom.later(90)
        assert [finding.severity for finding in newsroom.findings()] == ["notice"]
        newsroom.later(700)
        (finding,) = newsroom.findings()
        assert (finding.severity, finding.cause, finding.subject) == ("problem", "hub", f"127.0.0.1:{hub.server_port}")
        newsroom.later(86_400)
        until(lambda: all(row["given_up_at"] for row in newsroom.pings()))
        (finding,) = newsroom.findings()
        assert "was not told of 4 changed feeds, and retries have stopped" in finding.words
        hub.behaviour.status = None
        newsroom.publish("a1")
        newsroom.serve()
        until(lambda: sum(row["answered_at"] is not None for row in newsroom.pings()) == 2)
        assert "of 2 changed feeds" in newsroom.findings()[0].words
        with database.write() as conn:
            pings.prune(conn, clock() + timedelta(seconds=1), newsroom.settings.hub.outside, clock())
        assert newsroom.pings() == []


def test_a_refused_address_holds_up_no_other(database, clock, tmp_path):
    """A hub that refuses a whole request because of one address gets smaller ones, in the end one for each feed."""
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.status = 422
        newsroom.begin()
        until(lambda: all(row["error"] for row in newsroom.pings()))
        assert len(hub.pings) == 1
        with database.write() as conn:
            work = pings.work(timedelta(seconds=30))
            found = pings.claim(conn, work, "w2", clock() + timedelta(hours=1), newsroom.settings.hub.outside, 20, 4)
    assert [len(batch.versions) for batch in found] == [2, 2]


def test_one_hub_that_never_answers_delays_no_other(database, clock, tmp_path):
    with publisher(database, clock, tmp_path, "timeout = 3\n", hubs=2) as (newsroom, [silent, other]):
        silent.behaviour.silent = True
        newsroom.begin()
        other.wait_for(lambda: other.pings)
        until(lambda: all(row["answered_at"] for row in newsroom.pings() if row["hub"] == other.url))
        until(lambda: all(row["error"] for row in newsroom.pings() if row["hub"] == silent.url))
    errors = {row["error"] for row in newsroom.pings() if row["hub"] == silent.url}
    assert errors == {"127.0.0.1 did not answer within 3 s"}


def test_what_a_killed_worker_had_taken_is_sent_by_another_when_its_lease_ends(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        newsroom.desk.work()
        newsroom.serve()
        dead = PingQueue(lambda: newsroom.settings, "dead")
        with database.write() as conn:
            (batch,) = dead.claim(conn, clock(), 5, ())
        assert len(batch.versions) == 4
        newsroom.start()
        nothing_happens(hub)
        newsroom.later(200)
        hub.wait_for(lambda: hub.pings)
        until(lambda: all(row["answered_at"] for row in newsroom.pings()))
    assert {row["lost"] for row in newsroom.pings()} == {1} and len(hub.pings) == 1


def test_two_workers_tell_a_hub_once(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, _):
        newsroom.desk.work()
        newsroom.serve()
        one, two = (PingQueue(lambda: newsroom.settings, owner) for owner in ("w1", "w2"))
        with database.write() as conn:
            (batch,) = one.claim(conn, clock(), 5, ())
        with database.write() as conn:
            assert not two.has_work(conn, clock()) and two.claim(conn, clock(), 5, ()) == []
        with database.write() as conn:
            one.release(conn, [batch])
        with database.write() as conn:
            assert two.claim(conn, clock(), 5, ("127.0.0.1:1",)) != []


def test_a_hub_that_is_in_the_settings_no_more_is_forgotten(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, _):
        newsroom.desk.work()
        with database.write() as conn:
            pings.prune(conn, clock() - timedelta(days=7), (), clock() + timedelta(days=1))
        assert len(newsroom.pings()) == 4, "another configuration may still tell it"
        with database.write() as conn:
            pings.prune(conn, clock() - timedelta(days=7), (), clock() + timedelta(days=3))
        assert newsroom.pings() == []


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_counts_as_told(database, clock, tmp_path, status):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.status = status
        newsroom.begin()
        until(lambda: all(row["answered_at"] for row in newsroom.pings()))
    assert {row["status"] for row in newsroom.pings()} == {status}


def test_a_redirect_is_not_followed(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.status = 308
        newsroom.begin()
        until(lambda: all(row["error"] for row in newsroom.pings()))
    assert len(hub.pings) == 1


def test_the_log_of_answers_is_never_read_whole(sqlite_database):
    """Web processes look for waiting pings at each load, and the verdict for failed ones."""
    hubs, work = ("https://hub.example/",), pings.work(timedelta(seconds=30))
    asks = (
        unserved_sections,
        lambda conn: pings.has_ready(conn, work, hubs, sqlite_database.now(conn)),
        lambda conn: pings.list_failing(conn, hubs),
        lambda conn: pings.last_told(conn, hubs[0], "all"),
    )
    with sqlite_database.write() as conn:
        found = [plans(conn, partial(ask, conn), "hub_ping") for ask in asks]
    for plan in found:
        assert "SCAN hub_ping\n" not in f"{plan}\n", plan
        assert "ix_hub_ping" in plan, plan
