"""The service subscribes at outside hubs, and notices when one does not pass on what it was told (WebSub, subscriber).

The callback is asked over HTTP, by a real hub.
"""

import hashlib
import hmac
import http.client
import socket
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from syndication.hub.echo import EchoQueue
from syndication.notifications.observe import observe
from syndication.outbound.queue import Outcome
from syndication.store.hub import echoes
from syndication.store.tables.hub import HubEchoRow
from tests.support.pinging import publisher
from tests.support.service import until

ECHO_SECONDS = 600


def asked(newsroom, token, method="GET", *, body=None, headers=None, **parameters):
    """Asks the callback; returns status, headers and body."""
    query = f"?{urlencode({f'hub.{name}': value for name, value in parameters.items()})}" if parameters else ""
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.server.server_port, timeout=10)
    try:
        connection.request(method, f"/hub/echo/{token}{query}", body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def subscribed(newsroom, hub):
    """Publishes, and serves a second after the hub has confirmed the subscription, which it returns."""
    newsroom.desk.work()
    newsroom.serve(**dict.fromkeys(newsroom.desk.sections, 0))
    newsroom.start()
    hub.wait_for(lambda: hub.confirmations)
    echo = until(lambda: (echo := newsroom.echo()) and echo.verified_at and echo)
    newsroom.later(1)
    return echo


def settle(newsroom):
    """Waits until every ping is answered and recorded."""
    until(lambda: all(row["answered_at"] for row in newsroom.pings()))


def begin(newsroom, hub):
    """Subscribes, and waits until the first version came back; returns the subscription."""
    subscribed(newsroom, hub)
    settle(newsroom)
    until(lambda: newsroom.echo().returned_version == 1)
    return newsroom.echo()


def test_section_5_1_the_service_asks_each_outside_hub_to_subscribe_it(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        echo = subscribed(newsroom, hub)
        (form,) = [form for form in hub.forms if form["hub.mode"] == ["subscribe"]]
        assert form["hub.topic"] == [f"{newsroom.base_url}/feeds/all.atom"]
        assert form["hub.callback"] == [f"{newsroom.base_url}/hub/echo/{echo.token}"] and len(echo.token) >= 32
        assert form["hub.secret"] == [echo.secret] and 40 < len(echo.secret) < 200
        assert form["hub.lease_seconds"] == ["864000"]
        assert form["content-type"] == ["application/x-www-form-urlencoded"]
        assert hub.confirmations == [(200, b"a challenge & more")]
        assert echo.expires_at == echo.verified_at + timedelta(days=10) and newsroom.findings() == []


def test_section_5_3_only_what_was_asked_for_is_confirmed_with_the_challenge_as_it_is(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        echo = subscribed(newsroom, hub)
        topic, challenge = f"{newsroom.base_url}/feeds/all.atom", "<b>é&=</b>"
        status, headers, body = asked(newsroom, echo.token, mode="subscribe", topic=topic, challenge=challenge)
        assert (status, body) == (200, challenge.encode())
        assert headers["Content-Type"].startswith("text/plain") and headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        for wrong in (
            {"topic": f"{newsroom.base_url}/feeds/taiwan.atom"},
            {"mode": "unsubscribe"},
            {"mode": "publish"},
            {"challenge": ""},
            {"challenge": "x" * 5_000},
        ):
            given = {"mode": "subscribe", "topic": topic, "challenge": "c"} | wrong
            assert asked(newsroom, echo.token, **given)[0] == 404
        assert asked(newsroom, "x" * 32, mode="subscribe", topic=topic, challenge="c")[0] == 404
        assert asked(newsroom, echo.token)[0] == 404
        assert asked(newsroom, echo.token, "PUT", body=b"x")[0] == 405


@pytest.mark.parametrize("lease", ["", "0", "-5", "1e9", "9" * 40, "५"])
def test_a_lease_that_makes_no_sense_counts_as_the_usual_one(database, clock, tmp_path, lease):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        echo = subscribed(newsroom, hub)
        given = {"mode": "subscribe", "topic": f"{newsroom.base_url}/feeds/all.atom", "challenge": "c"}
        assert asked(newsroom, echo.token, **given, lease_seconds=lease)[0] == 200
        assert newsroom.echo().expires_at == clock() + echoes.USUAL_LEASE


def test_what_comes_back_is_matched_to_its_version(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        begin(newsroom, hub)
        for version, id in ((2, "a1"), (3, "a2")):
            newsroom.publish(id)
            newsroom.serve()
            until(lambda version=version: newsroom.echo().returned_version == version)
            settle(newsroom)
        newsroom.later(ECHO_SECONDS + 1)
        assert newsroom.findings() == [] and set(hub.deliveries) == {202}


def test_a_hub_that_drops_in_silence_is_a_problem_until_something_comes_back(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        begin(newsroom, hub)
        hub.behaviour.drops = True
        newsroom.publish("a1")
        newsroom.serve()
        settle(newsroom)
        newsroom.later(ECHO_SECONDS - 1)
        assert newsroom.findings() == []
        newsroom.publish("a2")  # A newer one is no excuse.
        newsroom.serve()
        settle(newsroom)
        newsroom.later(2)
        (finding,) = newsroom.findings()
        host = f"127.0.0.1:{hub.server_port}"
        assert (finding.severity, finding.cause, finding.subject) == ("problem", "hub", host)
        assert finding.words.startswith(f"The hub {host} did not pass on what it was told of 10 min ago: its ")
        begun = observe([finding], [], [], clock(), clock(), ["hub"]).begun
        assert [(incident.cause, incident.subject) for incident in begun] == [("hub", host)]
        hub.behaviour.drops = False
        newsroom.publish("a3")
        newsroom.serve()
        until(lambda: newsroom.findings() == [])
        assert newsroom.echo().returned_version == newsroom.desk.state("all").version


def test_the_last_version_is_awaited_too_when_an_older_one_comes_back(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        echo = begin(newsroom, hub)
        hub.behaviour.drops = True
        newsroom.publish("a1")
        older = newsroom.fetch(f"{newsroom.base_url}/feeds/all.atom")
        newsroom.serve()
        settle(newsroom)
        newsroom.publish("a2")
        newsroom.serve()
        settle(newsroom)
        newsroom.later(300)
        assert delivered(newsroom, echo, older) == 202
        assert newsroom.echo().returned_version == 2 and newsroom.findings() == []
        newsroom.later(ECHO_SECONDS)
        assert [finding.cause for finding in newsroom.findings()] == ["hub"]
        assert delivered(newsroom, echo, newsroom.fetch(f"{newsroom.base_url}/feeds/all.atom")) == 202
        assert newsroom.findings() == []


def test_a_version_without_a_new_entry_is_not_awaited(database, clock, tmp_path):
    """Public hubs compare entries, and pass on nothing if only one was removed."""
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        newsroom.publish("a1")
        begin(newsroom, hub)
        hub.behaviour.drops = True
        clock.advance(1)
        newsroom.desk.put("a1", status="draft")
        assert newsroom.desk.work()["all"].result == "published"
        newsroom.serve()
        settle(newsroom)
        newsroom.later(ECHO_SECONDS + 1)
        assert newsroom.findings() == []


def delivered(newsroom, echo, body, signature=None, method="sha256"):
    signature = signature or f"{method}={hmac.new(echo.secret.encode(), body, method).hexdigest()}"
    return asked(newsroom, echo.token, "POST", body=body, headers={"X-Hub-Signature": signature})[0]


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_section_7_1_every_method_of_signing_is_recognized(database, clock, tmp_path, method):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.signs = method
        subscribed(newsroom, hub)
        until(lambda: newsroom.echo().returned_version == 1)


def test_section_7_1_what_is_not_signed_by_the_hub_is_acknowledged_and_ignored(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.drops = True
        echo = subscribed(newsroom, hub)
        body = newsroom.fetch(f"{newsroom.base_url}/feeds/all.atom")
        md5 = hmac.new(echo.secret.encode(), body, hashlib.md5).hexdigest()
        right = hmac.new(echo.secret.encode(), body, "sha256").hexdigest()
        for signature in ("sha256=0", f"md5={md5}", f"sha512={right}", right, "sha256=é".encode().decode("latin-1")):
            assert delivered(newsroom, echo, body, signature) == 202
        assert delivered(newsroom, echo, body + b" ", f"sha256={right}") == 202
        assert asked(newsroom, echo.token, "POST", body=body)[0] == 202
        assert newsroom.echo().returned_version is None
        assert delivered(newsroom, echo, body, f"sha256={right.upper()}") == 202
        assert newsroom.echo().returned_version == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\xff",
        b"<html>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><updated>soon</updated></feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><updated>2099-01-01T00:00:00</updated></feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><updated>2099-01-01T00:00:00Z</updated></entry></feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><updated>2020-01-01T00:00:00Z</updated></feed>",
        b"<!DOCTYPE f [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><f>&b;&b;</f>",
        b"<!DOCTYPE f SYSTEM 'http://127.0.0.1:9/x'><f>x</f>",
        b"<f>" * 100_000,
    ],
)
def test_a_body_that_is_not_our_feed_counts_as_nothing(database, clock, tmp_path, body):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.drops = True
        echo = subscribed(newsroom, hub)
        assert delivered(newsroom, echo, body) == 202 and newsroom.echo().returned_version is None


def test_a_hub_may_send_new_entries_alone(database, clock, tmp_path):
    """As the hub at pubsubhubbub.appspot.com does: the head of the feed, and of its entries those that changed."""
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.drops = True
        newsroom.publish("a1")
        echo = subscribed(newsroom, hub)
        body = newsroom.fetch(f"{newsroom.base_url}/feeds/all.atom")
        head = body[: body.index(b"<entry")] + b"</feed>"
        assert delivered(newsroom, echo, head) == 202 and newsroom.echo().returned_version == 1


def test_a_stranger_learns_nothing_and_sends_nothing_large(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        echo = subscribed(newsroom, hub)
        assert asked(newsroom, "unknown", "POST", body=b"x")[0] == 410, "so that a hub ends the subscription"
        with socket.create_connection(("127.0.0.1", newsroom.server.server_port), timeout=10) as client:
            head = f"POST /hub/echo/{echo.token} HTTP/1.1\r\nHost: x\r\nContent-Length: 8388609\r\n\r\n"
            client.sendall(head.encode() + b"x" * 100)
            assert b" 413 " in client.recv(100)


def test_a_subscription_is_renewed_before_its_lease_ends(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.lease = 4_000
        echo = begin(newsroom, hub)
        newsroom.later(2_990)
        newsroom.publish("a1")
        newsroom.serve()
        until(lambda: newsroom.echo().returned_version == 2)
        assert len(hub.confirmations) == 1
        newsroom.later(20)
        hub.wait_for(lambda: len(hub.confirmations) == 2)
        until(lambda: newsroom.echo().expires_at == clock() + timedelta(seconds=4_000))
        assert newsroom.echo().token == echo.token, "the hub knows it by its callback"


def test_a_hub_that_denies_is_mentioned_and_asked_again_later(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.denies = "Not \x1b[31mthese\n feeds" + "!" * 500
        newsroom.begin()
        until(lambda: newsroom.findings())
        (finding,) = newsroom.findings()
        assert finding.severity == "notice" and "\x1b" not in finding.words and len(finding.words) < 400
        assert "denied the service's own subscription (Not" in finding.words
        hub.behaviour.denies = None
        newsroom.later(echoes.DENIED.total_seconds() - 60)
        assert len(hub.confirmations) == 1
        newsroom.later(120)
        hub.wait_for(lambda: len(hub.confirmations) == 2)
        until(lambda: newsroom.findings() == [])


def test_a_hub_that_never_confirms_is_mentioned_once_it_takes_too_long(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.status = 202
        newsroom.begin()
        until(lambda: (echo := newsroom.echo()) and echo.requested_at and echo.lease_until is None)
        settle(newsroom)
        assert newsroom.findings() == []
        for count, seconds in enumerate((16, 17, 34, 600, 901, 901), start=2):
            newsroom.later(seconds)
            until(lambda count=count: sum(form["hub.mode"] == ["subscribe"] for form in hub.forms) == count)
            until(lambda: newsroom.echo().lease_until is None)
            if count < 5:
                assert newsroom.findings() == []
                continue
            (finding,) = newsroom.findings()
            assert finding.severity == "notice" and "has not confirmed" in finding.words


def test_a_request_that_fails_is_repeated(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        hub.behaviour.status = 500
        newsroom.serve()
        newsroom.start()
        until(lambda: (echo := newsroom.echo()) and echo.error)
        assert newsroom.echo().error == f"127.0.0.1:{hub.server_port} answered 500"
        assert newsroom.findings() == [], "for ten minutes it is nobody's concern"
        newsroom.later(ECHO_SECONDS + 1)
        (finding,) = newsroom.findings()
        assert "could not subscribe at the hub" in finding.words and finding.severity == "notice"
        until(lambda: sum(form["hub.mode"] == ["subscribe"] for form in hub.forms) == 2)
        until(lambda: newsroom.echo().failed_at == clock())
        hub.behaviour.status = None
        newsroom.later(15)
        hub.wait_for(lambda: hub.confirmations)
        until(lambda: newsroom.findings() == [])


def test_one_of_two_workers_subscribes(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, _):
        one, two = (EchoQueue(lambda: newsroom.settings, owner) for owner in ("w1", "w2"))
        with database.write() as conn:
            assert not two.has_work(conn, clock()), "nobody could answer the hub"
        newsroom.serve()
        with database.write() as conn:
            assert two.has_work(conn, clock()) and len(one.claim(conn, clock(), 5, ())) == 1
        with database.write() as conn:
            assert not two.has_work(conn, clock()) and two.claim(conn, clock(), 5, ()) == []


@pytest.mark.parametrize("answer", ["confirmed", "denied", None])
def test_what_a_hub_says_before_it_answers_stays_however_late_the_answer_is_recorded(database, clock, tmp_path, answer):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        newsroom.serve()
        queue = EchoQueue(lambda: newsroom.settings, "w")
        with database.write() as conn:
            [echo] = queue.claim(conn, clock(), 5, ())
        with database.write() as conn:
            if answer == "confirmed":
                echoes.record_confirmed(conn, hub.url, timedelta(minutes=4), clock())
            elif answer == "denied":
                echoes.record_denied(conn, hub.url, "no", clock())
        newsroom.later(echoes.DENIED.total_seconds() + 1)
        with database.write() as conn:
            queue.record(conn, clock(), [(echo, Outcome("done", None, 202, 5.0))])
        with database.read() as conn:
            assert queue.has_work(conn, clock()) == (answer is not None)


def test_the_subscription_at_a_hub_that_is_in_the_settings_no_more_ends_with_its_lease(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        subscribed(newsroom, hub)
        newsroom.stop()
        for days, known in ((9, True), (11, False)):
            with database.write() as conn:
                echoes.prune(conn, (), clock() + timedelta(days=days))
            assert (newsroom.echo() is not None) == known


def test_what_a_hub_was_told_before_it_knew_of_the_subscription_is_not_awaited(database, clock, tmp_path):
    with publisher(database, clock, tmp_path) as (newsroom, [hub]):
        newsroom.publish("a1")
        echo = subscribed(newsroom, hub)
        newsroom.stop()
        with database.write() as conn:
            conn.execute(update(HubEchoRow).values(pinged_version=None, returned_version=None))
            for sent_at, awaited in ((echo.verified_at, False), (clock(), True)):
                echoes.record_pinged(conn, hub.url, "all", 1, sent_at, clock())
                assert (echoes.list_some(conn, [hub.url])[0].awaited_since is not None) == awaited
