"""The hub asks callbacks whether they meant it: conformance with WebSub sections 5.1 to 5.3.1, on both databases."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert, text
from structlog.testing import capture_logs

from syndication.hub.verify import ATTEMPTS, Verified, VerifyQueue
from syndication.store.hub import intents, subscriptions
from syndication.store.publishing import asked_feeds
from syndication.store.publishing.renamed_feed import move_feed
from syndication.store.tables.publishing import SectionStateRow
from tests.support.asked import AskedWorker, ask
from tests.support.asked import settings_with as asked_settings
from tests.support.hub import BASE, TOPIC, Hub, parameters, subscriber
from tests.support.web_server import answer


@pytest.fixture
def hub(database):
    return Hub(database)


def _challenge(asked):
    return parameters(asked)["hub.challenge"].encode()


def shown(hub):
    return [(row.callback, row.section, row.format) for row in hub.subscriptions]


def test_5_3_the_callback_is_asked_by_get_with_mode_topic_challenge_and_lease(hub):
    with subscriber() as reader:
        hub.post(reader.url, lease_seconds="7200")
        hub.work()
        (asked,) = reader.asked
        assert reader.server.asked[0].method == "GET"
        assert {name: asked[name] for name in asked if name != "hub.challenge"} == {
            "hub.mode": "subscribe", "hub.topic": TOPIC, "hub.lease_seconds": "7200",
        }  # fmt: skip
        assert len(asked["hub.challenge"]) >= 40
        assert shown(hub) == [(reader.url, "taiwan", "atom")] and hub.intents == []


def test_5_3_the_challenge_is_another_each_time(hub):
    with subscriber() as reader:
        for n in range(20):
            hub.post(f"{reader.url}?n={n}")
        hub.work()
        assert len({asked["hub.challenge"] for asked in reader.asked}) == 20


def test_5_3_the_topic_is_told_as_it_was_asked_for(hub):
    with subscriber() as reader:
        topic = TOPIC.replace("https", "http") + "?from=reader"
        hub.subscribe(reader.url, topic=topic)
        assert reader.asked[0]["hub.topic"] == topic
        assert shown(hub) == [(reader.url, "taiwan", "atom")]


def test_5_1_1_the_query_of_the_callback_is_kept_and_parameters_follow_it(hub):
    with subscriber() as reader:
        query = "foo=bar&red=fish&x=%2F%26+&hub.mode=mine&&y"
        hub.subscribe(f"{reader.url}?{query}")
        assert reader.server.asked[0].target.startswith(f"/push?{query}&hub.mode=subscribe&")
        assert shown(hub)[0][0] == f"{reader.url}?{query}"


def test_5_3_1_a_subscription_lasts_as_long_as_the_callback_was_told(hub, clock):
    with subscriber() as reader:
        hub.subscribe(reader.url, lease_seconds="7200")
        (row,) = hub.subscriptions
        assert (row.lease_seconds, row.subscribed_at, row.verified_at) == (7200, clock(), clock())
        assert row.expires_at == clock() + timedelta(seconds=7200)


@pytest.mark.parametrize(("asked", "told"), [(None, 864_000), ("1", 3600), ("99999999999", 2_592_000)])
def test_5_3_1_no_lease_is_perpetual_or_too_short(hub, asked, told):
    with subscriber() as reader:
        hub.subscribe(reader.url, **({"lease_seconds": asked} if asked else {}))
        assert reader.asked[0]["hub.lease_seconds"] == str(told)
        assert hub.subscriptions[0].lease_seconds == told


def test_5_3_1_a_lease_that_is_over_ends_the_subscription(hub, clock):
    with subscriber() as reader:
        hub.subscribe(reader.url, lease_seconds="7200")
    for seconds, left in ((7199, 1), (1, 0)):
        clock.advance(seconds)
        with hub.database.write() as conn:
            subscriptions.prune(conn, clock())
        assert len(hub.subscriptions) == left


@pytest.mark.parametrize("status", [200, 201, 204 + 2, 299])
def test_5_3_1_any_2xx_with_the_challenge_confirms(hub, status):
    with subscriber() as reader:
        reader.says = None
        reader.server.answers = lambda asked: answer(status, body=_challenge(asked))
        hub.subscribe(reader.url)
        assert len(hub.subscriptions) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 418])
def test_5_3_1_another_status_refuses_even_with_the_challenge(hub, status):
    with subscriber() as reader, subscriber() as other:
        headers = {"Location": other.url} if status < 400 else {}
        reader.server.answers = lambda asked: answer(status, headers, _challenge(asked))
        hub.post(reader.url)
        ((_, said),) = hub.work()
        assert (said.result, said.status) == ("refused", status)
        assert (hub.subscriptions, hub.intents) == ([], [])
        assert len(reader.asked) == 1 and other.asked == []  # No redirect is followed.


@pytest.mark.parametrize("body", [b"", b"no", b'"{}"', b"{} ", b"{}\n", b"x{}", b"{}{}"])
def test_5_3_1_a_body_that_is_not_the_challenge_refuses(hub, body):
    with subscriber() as reader:
        reader.server.answers = lambda asked: answer(200, body=body.replace(b"{}", _challenge(asked)))
        hub.post(reader.url)
        hub.work()
        assert (hub.subscriptions, hub.intents) == ([], [])


def test_5_3_1_a_refusal_leaves_the_subscription_as_it_was(hub, clock):
    with subscriber() as reader:
        hub.subscribe(reader.url, secret="one", lease_seconds="7200")
        (before,) = hub.subscriptions
        reader.says = answer(404)
        clock.advance(60)
        for mode in ("subscribe", "unsubscribe"):
            hub.post(reader.url, mode=mode, secret="two", lease_seconds="9999")
            hub.work()
        assert hub.subscriptions == [before] and len(reader.asked) == 3


def test_5_1_a_renewal_overrides_everything_that_was_asked_for(hub, clock):
    with subscriber() as reader:
        hub.subscribe(reader.url, secret="one", lease_seconds="7200")
        begun = clock()
        clock.advance(3600)
        hub.subscribe(reader.url, secret="two", lease_seconds="9000")
        (row,) = hub.subscriptions
        assert (row.secret, row.lease_seconds, row.subscribed_at, row.verified_at) == ("two", 9000, begun, clock())
        assert row.expires_at == clock() + timedelta(seconds=9000)
        hub.subscribe(reader.url)
        assert hub.subscriptions[0].secret is None


def test_a_renewal_keeps_the_version_and_the_pause_and_parks_no_more(hub, clock):
    with subscriber() as reader:
        hub.subscribe(reader.url)
        with hub.database.write() as conn:
            values = "version = 7, digest = 'd', attempts = 9, error = 'x', given_up_at = verified_at"
            conn.execute(text(f"UPDATE hub_subscription SET {values}, paused_at = verified_at"))
        hub.subscribe(reader.url)
        (row,) = hub.subscriptions
        assert (row.version, row.digest, row.attempts, row.error, row.given_up_at) == (7, "d", 0, None, None)
        assert row.paused_at is not None


def test_5_1_topic_and_callback_together_are_a_subscription(hub):
    with subscriber() as reader:
        hub.subscribe(reader.url)
        hub.subscribe(reader.url, topic=f"{BASE}/feeds/taiwan.json")
        hub.subscribe(f"{reader.url}?other")
        assert len(hub.subscriptions) == 3


def test_5_3_to_unsubscribe_is_asked_too_and_ends_it(hub):
    with subscriber() as reader:
        hub.subscribe(reader.url)
        hub.subscribe(f"{reader.url}?other")
        assert hub.post(reader.url, mode="unsubscribe").status_code == 202
        assert len(hub.subscriptions) == 2  # Not before the callback has confirmed.
        hub.work()
        asked = reader.asked[-1]
        assert (asked["hub.mode"], asked["hub.topic"], "hub.lease_seconds" in asked) == ("unsubscribe", TOPIC, False)
        assert shown(hub) == [(f"{reader.url}?other", "taiwan", "atom")] and hub.intents == []


def test_nobody_learns_who_is_subscribed(hub):
    with subscriber() as reader:
        unknown = hub.post(reader.url, mode="unsubscribe")
        hub.work()
        hub.subscribe(reader.url)
        known = hub.post(reader.url, mode="unsubscribe")
        assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


def test_a_callback_that_fails_is_asked_a_few_times_and_then_forgotten(hub, clock):
    with subscriber(answer(503)) as reader:
        hub.post(reader.url)
        with capture_logs() as logs:
            for attempt in range(1, ATTEMPTS + 1):
                hub.work()
                assert len(reader.asked) == attempt and hub.work() == []  # Not at once again.
                clock.advance(61)
        assert hub.intents == []
        (dropped,) = [line for line in logs if line["event"] == "hub_intent_dropped"]
        assert dropped["error"] == "it answered 503" and "push" not in str(dropped)


def test_a_callback_that_recovers_is_subscribed(hub, clock):
    with subscriber(answer(503)) as reader:
        hub.post(reader.url)
        hub.work()
        reader.says = None
        clock.advance(5)
        hub.work()
        assert len(hub.subscriptions) == 1


def test_a_request_that_was_replaced_meanwhile_counts_no_more(hub, clock):
    with subscriber() as reader:
        hub.post(reader.url, secret="one")
        queue = VerifyQueue(lambda: hub.settings, "w1")
        with hub.database.write() as conn:
            jobs = queue.claim(conn, clock(), 10, ())
        clock.advance(1)
        hub.post(reader.url, secret="two")
        outcome = Verified("done", None, 200, 1.0, "127.0.0.1")
        with hub.database.write() as conn:
            queue.record(conn, clock(), [(job, outcome) for job in jobs])
        assert hub.subscriptions == [] and len(hub.intents) == 1
        hub.work()
        assert [row.secret for row in hub.subscriptions] == ["two"]


def test_a_killed_workers_requests_are_asked_by_another_when_the_lease_is_over(hub, clock):
    with subscriber() as reader:
        hub.post(reader.url)
        with hub.database.write() as conn:
            assert len(VerifyQueue(lambda: hub.settings, "dead").claim(conn, clock(), 10, ())) == 1
        assert hub.work() == []
        clock.advance(hub.settings.hub.timeout + 31)
        assert len(hub.work()) == 1 and len(hub.subscriptions) == 1


def test_a_request_of_which_workers_die_is_dropped(hub, clock):
    hub.post("https://reader.example/")
    for _ in range(3):
        with hub.database.write() as conn:
            VerifyQueue(lambda: hub.settings, "dead").claim(conn, clock(), 10, ())
        clock.advance(hub.settings.hub.timeout + 31)
    assert hub.work() == [] and hub.intents == []


def test_hosts_that_are_busy_wait(hub, clock):
    hub.post("https://slow.example/")
    hub.post("https://other.example/")
    queue = VerifyQueue(lambda: hub.settings, "w1")
    with hub.database.write() as conn:
        assert queue.has_work(conn, clock())
        jobs = queue.claim(conn, clock(), 10, {"slow.example:443"})
        assert [queue.party(job) for job in jobs] == ["other.example:443"]
        queue.release(conn, jobs)
        assert [queue.party(job) for job in queue.claim(conn, clock(), 10, ())] == [
            "slow.example:443",
            "other.example:443",
        ]
        assert not queue.has_work(conn, clock())


def test_5_2_more_subscriptions_at_an_ip_address_than_allowed_are_denied_with_a_reason(database):
    hub = Hub(database, per_address=1)
    with subscriber() as reader, subscriber() as other:
        hub.subscribe(reader.url)
        hub.subscribe(other.url)
        assert shown(hub) == [(reader.url, "taiwan", "atom")]
        assert [row.mode for row in hub.intents] == ["denied"]
        hub.work()
        told = other.asked[-1]
        assert (told["hub.mode"], told["hub.topic"]) == ("denied", TOPIC)
        assert "as many subscriptions" in told["hub.reason"] and "hub.challenge" not in told
        assert hub.intents == []
        hub.subscribe(reader.url, secret="new")  # A renewal is none more.
        assert hub.subscriptions[0].secret == "new"


def test_5_2_who_cannot_be_told_of_a_denial_is_forgotten(database, clock):
    hub = Hub(database, per_address=1)
    with subscriber() as reader, subscriber() as other:
        hub.subscribe(reader.url)
        hub.subscribe(other.url)
    for _ in range(ATTEMPTS):
        hub.work()
        clock.advance(61)
    assert hub.intents == []


def test_what_waits_for_a_day_is_deleted(hub, clock):
    hub.post("https://reader.example/")
    clock.advance(intents.KEPT.total_seconds() + 1)
    with hub.database.write() as conn:
        intents.prune(conn, clock())
    assert hub.intents == []


@pytest.mark.parametrize(("published", "version"), [(-60, 4), (0, 0), (60, 0)])
def test_a_new_subscription_has_what_was_published_before_it_was_asked_for(hub, clock, published, version):
    with subscriber() as reader:
        hub.post(reader.url)
        with hub.database.write() as conn:
            updated_at = clock() + timedelta(seconds=published)
            state = {"section": "taiwan", "fingerprint": "f", "version": 4, "updated_at": updated_at}
            conn.execute(insert(SectionStateRow).values(state))
        hub.work()
        assert hub.subscriptions[0].version == version


def test_a_renamed_feed_keeps_its_subscribers(hub):
    with subscriber() as reader:
        hub.subscribe(reader.url)
        hub.subscribe(f"{reader.url}?both")
        hub.subscribe(f"{reader.url}?both", topic=f"{BASE}/feeds/world.atom")
        hub.post(f"{reader.url}?waits")
        with hub.database.write() as conn:
            move_feed(conn, "taiwan", "world")
        assert sorted(shown(hub)) == [(reader.url, "world", "atom"), (f"{reader.url}?both", "world", "atom")]
        assert [row.section for row in hub.intents] == ["world"]


def test_the_log_names_no_callback(hub):
    with capture_logs() as logs, subscriber() as reader:
        hub.subscribe(f"{reader.url}?key=s3cret", secret="hush")
        hub.post(f"{reader.url}?key=s3cret", mode="unsubscribe")
        hub.work()
    assert {line["event"] for line in logs} >= {"hub_subscribed", "hub_unsubscribed"}
    assert "s3cret" not in str(logs) and "hush" not in str(logs) and urlsplit(reader.url).path not in str(logs)


def test_a_feed_on_demand_that_is_pushed_does_not_sleep(sqlite_database, clock):
    settings = asked_settings()
    worker = AskedWorker(settings, sqlite_database, clock)
    hub = Hub(sqlite_database)
    for slug in ("taiwan+sports", "taiwan+world"):
        ask(sqlite_database, slug)
    worker.work()
    with subscriber() as reader:
        hub.subscribe(reader.url, topic=f"{BASE}/feeds/taiwan+sports.atom", lease_seconds="2592000")
    clock.advance(3600 * settings.on_demand.sleep_hours + 1)
    worker.asked.housekeep()
    with sqlite_database.read() as conn:
        feeds = {feed.slug: feed.slept for feed in asked_feeds.changed_since(conn, 0)}
    assert feeds == {"taiwan+sports": False, "taiwan+world": True}
