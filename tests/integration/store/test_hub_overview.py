"""Subscriptions by push as people see them: counts, lists, the log, and that the database finds them by an index."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import insert

from syndication.store.hub import overview
from syndication.store.hub.overview import (
    Lag,
    SubscriptionFilter,
    count_by_section,
    find_subscription,
    list_hosts,
    list_subscriptions,
    query_subscriptions,
)
from syndication.store.hub.ping_log import list_pings
from syndication.store.hub.push_attempts import OUTCOMES, AttemptFilter, list_attempts, query_attempts
from syndication.store.hub.subscription_states import STATES
from syndication.store.tables.hub import HubDeliveryRow, HubSubscriptionRow
from tests.support.desk import Desk
from tests.support.subscribers import attempt, log_attempts, outside_hub, subscribe, subscription

SECOND = timedelta(seconds=1)


@pytest.fixture
def desk(database, clock):
    """A newsroom whose feeds have their first version."""
    desk = Desk(database, clock)
    desk.put("a1")
    desk.work()
    return desk


@pytest.fixture
def each_state(desk, clock):
    """The IDs of a subscription in each state."""
    now = clock()
    many = {
        "current": {},
        "waiting": {"version": 0, "lag_ms": None},
        "failing": {"version": 0, "failed_at": now + SECOND, "error": "answered 500", "attempts": 1, "lag_ms": None},
        "parked": {"version": 0, "failed_at": now, "given_up_at": now, "delivered_at": None, "lag_ms": None},
        "paused": {"paused_at": now, "given_up_at": now, "lag_ms": None},
    }
    ids = subscribe(desk.database, *({"host": f"{state}.example", **values} for state, values in many.items()))
    return dict(zip(many, ids, strict=True))


def test_each_subscription_is_in_one_state(desk, each_state, clock):
    with desk.database.read() as conn:
        found = list_subscriptions(conn, SubscriptionFilter(), clock(), 50)
        assert {one.state: one.id for one in found} == each_state and set(each_state) == set(STATES)
        assert [one.id for one in found] == sorted(each_state.values(), reverse=True)
        for state, id in each_state.items():
            (only,) = list_subscriptions(conn, SubscriptionFilter(state=state), clock(), 50)
            assert only.id == id and find_subscription(conn, id, clock()) == only
        (taiwan,) = count_by_section(conn, clock())
    assert taiwan.states == dict.fromkeys(STATES, 1) and taiwan.subscriptions == 5


def test_document_with_the_same_bytes_is_not_waited_for(desk, clock):
    of_taiwan = "SELECT digest FROM document WHERE section = 'taiwan' AND format = 'atom'"
    with desk.database.read() as conn:
        digest = conn.exec_driver_sql(of_taiwan).scalar_one()
    same, other = subscribe(
        desk.database,
        {"version": 0, "digest": digest},
        {"version": 0, "digest": "other", "callback": "https://b.example/"},
    )
    with desk.database.read() as conn:
        assert find_subscription(conn, same, clock()).state == "current"
        assert find_subscription(conn, other, clock()).state == "waiting"


def test_failure_before_the_last_delivery_counts_no_more(desk, clock):
    (id,) = subscribe(desk.database, {"failed_at": clock() - SECOND})
    with desk.database.read() as conn:
        assert find_subscription(conn, id, clock()).state == "current"


def test_expired_subscription_is_in_no_list_and_no_count(desk, clock):
    (id,) = subscribe(desk.database, {"expires_at": clock() + SECOND})
    with desk.database.read() as conn:
        assert count_by_section(conn, clock())
        later = clock() + SECOND
        assert list_subscriptions(conn, SubscriptionFilter(), later, 50) == [] == count_by_section(conn, later)
        assert find_subscription(conn, id, later) is None and list_hosts(conn, later, 10) == []


def test_sections_are_counted_by_format_host_and_lag(desk, clock):
    many = [
        {"host": f"h{number % 4}.example", "callback": f"https://x/{number}", "lag_ms": number}
        for number in range(1, 201)
    ]
    many += [{"format": "rss", "lag_ms": 5_000}, {"section": "china", "lag_ms": None, "version": 0}]
    subscribe(desk.database, *many)
    with desk.database.read() as conn:
        china, taiwan = count_by_section(conn, clock())
        assert (china.section, china.subscriptions, china.lag, china.newest_ms) == ("china", 1, None, None)
        assert taiwan.formats == {"atom": 200, "rss": 1} and taiwan.hosts == 5
        assert taiwan.lag == Lag(101, 199, 5_000) and taiwan.newest_ms == 5_000
        assert count_by_section(conn, clock(), "china") == [china]
        hosts = list_hosts(conn, clock(), 4)
        assert [(one.host, one.subscriptions) for one in hosts] == [(f"h{number}.example", 50) for number in range(4)]
        assert [one.host for one in list_hosts(conn, clock(), 4, "china")] == ["a.example"]


def test_hosts_count_what_fails_and_what_is_parked(desk, each_state, clock):
    with desk.database.read() as conn:
        found = {one.host: (one.failing, one.parked) for one in list_hosts(conn, clock(), 10)}
        assert overview.count_parked(conn, clock()) == 1
    assert found["failing.example"] == (1, 0) and found["parked.example"] == (0, 1)
    assert found["paused.example"] == (0, 0) == found["current.example"]


def test_list_is_filtered_and_paged(desk, clock):
    ids = subscribe(
        desk.database,
        *({"host": "one.example", "callback": f"https://one.example/{number}"} for number in range(5)),
        {"host": "two.example", "format": "json"},
        {"host": "one.example", "section": "china"},
    )

    def read(limit=50, before=None, **wanted):
        with desk.database.read() as conn:
            return [one.id for one in list_subscriptions(conn, SubscriptionFilter(**wanted), clock(), limit, before)]

    assert read(host="one.example", section="taiwan") == ids[4::-1]
    assert read(2, host="one.example") == [ids[6], ids[4]] and read(2, ids[4], host="one.example") == [ids[3], ids[2]]
    assert read(format="json") == [ids[5]] and read(section="china") == [ids[6]] and read(section="nowhere") == []


def test_what_is_read_has_no_secret(desk, clock):
    with_secret, without = subscribe(desk.database, {}, {"format": "rss", "secret": None})
    with desk.database.read() as conn:
        assert find_subscription(conn, with_secret, clock()).has_secret
        assert not find_subscription(conn, without, clock()).has_secret
        assert "s3cret" not in repr(list_subscriptions(conn, SubscriptionFilter(), clock(), 50))


def test_log_is_newest_first_with_filters(database, clock):
    log_attempts(
        database,
        *({"subscription_id": number, "outcome": outcome, "section": section}
          for number, (outcome, section) in enumerate([*((o, "taiwan") for o in OUTCOMES), ("failed", "china")], 1)),
    )  # fmt: skip

    def read(limit=50, before=None, **wanted):
        with database.read() as conn:
            return [one.subscription_id for one in list_attempts(conn, AttemptFilter(**wanted), limit, before)]

    assert read() == [5, 4, 3, 2, 1] and read(2) == [5, 4] and read(2, before=4) == [3, 2]
    assert read(outcome="failed") == [5, 2] and read(outcome="failed", section="china") == [5]
    assert read(outcome="done") == [1] and read(subscription_id=3) == [3] and read(section="taiwan", before=3) == [2, 1]


def test_pings_of_the_hubs_that_are_told_are_listed_newest_first(database):
    for hub in ("https://hub.example/", "https://other.example/"):
        outside_hub(database, hub, token=hub)
    with database.read() as conn:
        found = list_pings(conn, ["https://hub.example/", "https://other.example/"], 10)
        assert [one.hub for one in found] == ["https://other.example/", "https://hub.example/"]
        (ping,) = list_pings(conn, ["https://hub.example/"], 10)
        assert (ping.version, ping.status) == (1, 204) and list_pings(conn, [], 10) == []


SUBSCRIPTIONS, ATTEMPTS = 10_000, 20_000


@pytest.fixture
def busy(desk, clock):
    """Ten thousand subscriptions, and a log of twenty thousand attempts, of which one in a thousand failed."""
    now = clock()
    with desk.database.write() as conn:
        conn.execute(insert(HubSubscriptionRow), [
            subscription(now, host=f"h{n % 50}.example", callback=f"https://h/{n}", lag_ms=n, section=SECTIONS[n % 3])
            for n in range(SUBSCRIPTIONS)
        ])  # fmt: skip
        outcomes = ["done" if n % 1000 else "failed" for n in range(ATTEMPTS)]
        conn.execute(insert(HubDeliveryRow), [
            attempt(now, subscription_id=n % SUBSCRIPTIONS, section=SECTIONS[n % 3], outcome=outcome)
            for n, outcome in enumerate(outcomes)
        ])  # fmt: skip
    if desk.database.dialect == "postgresql":
        with desk.database.write() as conn:
            conn.exec_driver_sql("ANALYZE")
    return desk.database


SECTIONS = ("taiwan", "china", "all")


def planned(database, query):
    explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    with database.read() as conn:
        compiled = query.compile(conn, compile_kwargs={"literal_binds": True})
        return "\n".join(row[-1] for row in conn.exec_driver_sql(f"{explain} {compiled}".replace("%", "%%")))


def test_lists_and_log_are_read_by_an_index_and_never_sorted(busy, clock):
    pages = {
        "section": query_subscriptions(SubscriptionFilter("taiwan"), clock(), 50),
        "section, on": query_subscriptions(SubscriptionFilter("taiwan"), clock(), 50, 5_000),
        "host": query_subscriptions(SubscriptionFilter(host="h7.example"), clock(), 50),
        "all": query_subscriptions(SubscriptionFilter(), clock(), 50),
        "log": query_attempts(AttemptFilter(), 50),
        "log, on": query_attempts(AttemptFilter(), 50, 10_000),
        "log of a section": query_attempts(AttemptFilter("taiwan"), 50),
        "log of one": query_attempts(AttemptFilter(subscription_id=9), 50),
    }
    for name, query in pages.items():
        plan = planned(busy, query)
        assert "Sort" not in plan and "TEMP B-TREE" not in plan and "Seq Scan on hub" not in plan, (name, plan)
    for wanted, index in (
        (AttemptFilter(outcome="failed"), "ix_hub_delivery_outcome"),
        (AttemptFilter("taiwan", "failed"), "ix_hub_delivery_section_outcome"),
    ):
        plan = planned(busy, query_attempts(wanted, 50))
        assert index in plan and "TEMP B-TREE" not in plan and "Seq Scan" not in plan, plan


def test_ten_thousand_subscriptions_are_counted_in_a_moment(busy, clock):
    with busy.read() as conn:
        began = time.perf_counter()
        found = count_by_section(conn, clock())
        list_hosts(conn, clock(), 10)
        took = time.perf_counter() - began
    assert sum(one.subscriptions for one in found) == SUBSCRIPTIONS and [one.hosts for one in found] == [50] * 3
    assert took < 2, "seconds; a tenth of it on a quiet machine"
