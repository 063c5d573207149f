"""The hub takes subscribers' requests: conformance with WebSub sections 5.1 and 5.1.2, on both databases."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import event

from syndication.model.feed_definition import FeedDefinition
from syndication.model.selection import Selection, Term
from syndication.store.access.audit_log import Actor
from syndication.store.db.database import DatabaseDown
from syndication.store.hub import intents
from syndication.store.publishing import asked_feeds, feed_definitions
from tests.support.hub import BASE, TOPIC, Hub, subscriber

CALLBACK = "https://reader.example/push?id=1"


@pytest.fixture
def hub(database):
    return Hub(database)


def test_5_1_2_a_request_is_accepted_and_waits_for_the_callback(hub):
    said = hub.post(CALLBACK, secret="s3cret", lease_seconds="7200", address="2001:db8:1:2::7")
    assert (said.status_code, said.mimetype) == (202, "text/plain")
    assert said.headers["Cache-Control"] == "no-store" and said.headers["X-Content-Type-Options"] == "nosniff"
    (intent,) = hub.intents
    assert (intent.mode, intent.section, intent.format) == ("subscribe", "taiwan", "atom")
    assert (intent.topic, intent.callback, intent.host) == (TOPIC, CALLBACK, "reader.example:443")
    assert (intent.secret, intent.lease_seconds) == ("s3cret", 7200)
    assert intent.requester == "2001:db8:1:2::/64" and hub.subscriptions == []


def test_5_1_2_an_error_is_described_in_plain_text(hub):
    for status, said in (
        (400, hub.post(CALLBACK, mode="sub")),
        (404, hub.post(CALLBACK, topic=f"{BASE}/feeds/nowhere.atom")),
        (422, hub.post("ftp://reader.example/")),
        (415, hub.app.test_client().post("/hub", json={"hub.mode": "subscribe"})),
        (413, hub.app.test_client().post("/hub", data={"hub.mode": 20_000 * "x"})),
        (405, hub.app.test_client().put("/hub")),
        (404, hub.app.test_client().post("/hub/nothing")),
    ):
        assert (said.status_code, said.mimetype) == (status, "text/plain") and len(said.text.split()) >= 2
        assert said.headers["Cache-Control"] == "no-store"
    assert hub.intents == []


def test_a_body_without_length_is_limited_too(hub):
    said = hub.app.test_client().post(
        "/hub",
        input_stream=BytesIO(b"hub.mode=" + 20_000 * b"x"),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert said.status_code == 413 and hub.intents == []


def test_an_answer_repeats_nothing_that_a_stranger_sent(hub):
    said = hub.post("https://<script>.example/x", mode="subscribe", topic="https://evil.example/<b>")
    assert "evil" not in said.text and "<" not in said.text


@pytest.mark.parametrize(
    ("topic", "section", "format"),
    [
        (f"{BASE}/feeds/all.json", "all", "json"),
        (f"{BASE.replace('https', 'http')}/feeds/taiwan.rss", "taiwan", "rss"),
    ],
)
def test_5_1_a_topic_is_a_feed_of_ours(hub, topic, section, format):
    assert hub.post(CALLBACK, topic=topic).status_code == 202
    assert [(row.section, row.format, row.topic) for row in hub.intents] == [(section, format, topic)]


def test_5_1_nobody_elses_feed_is_a_topic(hub):
    said = hub.post(CALLBACK, topic="https://other.example/feeds/taiwan.atom")
    assert said.status_code == 404 and "rel=self" in said.text


def test_a_feed_of_editors_is_a_topic_at_once_and_keeps_its_subscribers_when_it_is_renamed(hub, database):
    topic, editor = f"{BASE}/feeds/election.atom", Actor("desk", "192.0.2.9")
    assert hub.post(CALLBACK, topic=topic).status_code == 404
    with database.write() as conn:
        wanted = FeedDefinition("election", "Election", selection=Selection(any=(Term("tag", "vote"),)))
        feed_definitions.create(database, conn, hub.settings, wanted, editor)
    with subscriber() as reader:
        hub.subscribe(reader.url, topic=topic)
        with database.write() as conn:
            feed_definitions.rename(database, conn, hub.settings, "election", "vote-2026", editor)
        assert [row.section for row in hub.subscriptions] == ["vote-2026"]
        hub.subscribe(reader.url, topic=topic, secret="new")  # A former slug's address means the present feed.
        assert [(row.section, row.secret) for row in hub.subscriptions] == [("vote-2026", "new")]
        assert reader.asked[-1]["hub.topic"] == topic


def test_a_feed_on_demand_is_a_topic_while_it_exists(hub, database):
    topic = f"{BASE}/feeds/tag/ferries.atom"
    assert hub.post(CALLBACK, topic=topic).status_code == 404
    with database.write() as conn:
        asked_feeds.ask(conn, "tag/ferries", "tag", "ferries", "Ferries", database.now(conn), 10, 10)
    assert hub.post(CALLBACK, topic=topic).status_code == 202
    with database.write() as conn:
        asked_feeds.forget(conn, database.now(conn) + timedelta(days=1), database.now(conn))
    assert hub.post(CALLBACK, topic=topic).status_code == 404


def test_5_1_a_later_request_replaces_one_that_waits(hub, clock):
    hub.post(CALLBACK, secret="one", lease_seconds="7200")
    clock.advance(1)
    hub.post(CALLBACK, mode="unsubscribe")
    clock.advance(1)
    hub.post(CALLBACK, secret="two")
    hub.post(CALLBACK, topic=TOPIC.replace("atom", "rss"))
    assert [(row.mode, row.format, row.secret, row.lease_seconds) for row in hub.intents] == [
        ("subscribe", "atom", "two", None),
        ("subscribe", "rss", None, None),
    ]


def test_one_client_may_ask_so_often_in_a_minute(database):
    hub = Hub(database, requests_per_minute=3)
    said = [hub.post(f"https://r{n}.example/", address="192.0.2.7") for n in range(5)]
    assert [one.status_code for one in said] == [202, 202, 202, 429, 429]
    assert 1 <= int(said[3].headers["Retry-After"]) <= 60 and "Nothing was done" in said[3].text
    assert hub.post("https://r9.example/", address="192.0.2.8").status_code == 202
    assert len(hub.intents) == 4


def test_a_bad_request_counts_too_and_an_ipv6_network_is_one_client(database):
    hub = Hub(database, requests_per_minute=2)
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"]
    assert [hub.post("no address", address=one).status_code for one in addresses] == [422, 422, 429, 422]


def test_nobody_can_have_one_host_called_without_limit(database):
    hub = Hub(database, requests_per_minute=1)
    said = [hub.post(f"https://victim.example/{n}", address=f"192.0.2.{n}").status_code for n in range(12)]
    assert said == [*10 * [202], 429, 429]


def test_a_host_may_have_so_many_subscriptions(database):
    hub = Hub(database, per_host=2)
    with subscriber() as one, subscriber() as other:
        for n in range(2):
            hub.subscribe(f"{one.url}?n={n}")
        refused = hub.post(f"{one.url}?n=3")
        assert (refused.status_code, "as many subscriptions" in refused.text) == (403, True)
        # Renewals, ends and other hosts go on.
        assert hub.post(f"{one.url}?n=1").status_code == 202
        assert hub.post(f"{one.url}?n=3", mode="unsubscribe").status_code == 202
        assert hub.post(other.url).status_code == 202
        hub.work()
        assert hub.post(f"{one.url}?n=1", mode="unsubscribe").status_code == 202
        hub.work()
        assert hub.post(f"{one.url}?n=3").status_code == 202


def test_what_waits_counts_among_the_subscriptions_of_a_host(database):
    hub = Hub(database, per_host=2)
    said = [hub.post(f"https://reader.example/{n}").status_code for n in range(3)]
    assert said == [202, 202, 403]
    assert hub.post("https://reader.example/0").status_code == 202


def test_so_many_requests_wait_in_all(hub, monkeypatch):
    monkeypatch.setattr(intents, "MAX_WAITING", 2)
    said = [hub.post(f"https://r{n}.example/") for n in range(3)]
    assert [one.status_code for one in said] == [202, 202, 503] and said[2].headers["Retry-After"]
    assert hub.post("https://r1.example/").status_code == 202  # It takes no further place.


def test_without_the_database_the_subscriber_is_told_when_to_come_back(hub):
    def fail(*_):
        raise DatabaseDown("the database does not answer")

    event.listen(hub.database.engine, "do_connect", fail)
    hub.database.engine.dispose()
    said = hub.post(CALLBACK)
    assert (said.status_code, said.headers["Retry-After"], said.mimetype) == (503, "5", "text/plain")
    event.remove(hub.database.engine, "do_connect", fail)
    assert hub.post(CALLBACK).status_code == 202


def test_a_hub_that_is_off_is_not_there(database):
    assert Hub(database, enabled=False).post(CALLBACK).status_code == 404


def test_neither_cookies_nor_a_csrf_token_are_needed_or_set(hub):
    assert "Set-Cookie" not in hub.post(CALLBACK).headers
