"""What people ask for is really sent: once more, after a pause, and never to what was removed."""

import pytest

from syndication.store.hub import subscription_acts as acts
from tests.support.api import TESTER
from tests.support.caches import cache
from tests.support.desk import Desk
from tests.support.newsroom import at
from tests.support.pushes import deliver, logged, queue, subscribe, subscription

HOUR = 3_600


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.put("a1")
    desk.work()
    clock.advance(HOUR)
    return desk


def do(desk, act, id):
    with desk.database.write() as conn:
        return act(conn, id, TESTER, desk.clock())


def test_present_version_is_delivered_once_more_and_its_lag_counts_from_then(desk):
    with cache() as server:
        id = subscribe(desk.database, server.url)
        assert deliver(desk.database, queue()) == []
        assert do(desk, acts.push_again, id) == "requested"
        deliver(desk.database, queue())
        assert deliver(desk.database, queue()) == [] and len(server.asked) == 1
    row = subscription(desk.database, id)
    assert (row.version, row.digest, row.asked_at) == (desk.document().version, desk.document().digest, None)
    assert row.lag_ms < HOUR * 1000 and logged(desk.database)[-1].lag_ms == row.lag_ms


def test_resumed_subscriber_gets_what_it_missed_and_one_that_missed_nothing_gets_nothing(desk):
    with cache() as server:
        missed, current = (subscribe(desk.database, f"{server.url}/{name}") for name in ("missed", "current"))
        do(desk, acts.pause, missed)
        desk.put("a1", title="Published meanwhile")
        desk.later()
        deliver(desk.database, queue())
        assert [asked.path for asked in server.asked] == ["/current"]
        do(desk, acts.pause, current)
        assert (do(desk, acts.resume, missed), do(desk, acts.resume, current)) == ("resumed", "resumed")
        deliver(desk.database, queue())
        assert [asked.path for asked in server.asked] == ["/current", "/missed"]


def test_parked_subscriber_is_tried_at_once_when_it_is_resumed(desk):
    with cache() as server:
        late = at(hours=30)
        id = subscribe(
            desk.database, server.url, version=0, given_up_at=at(), retry_at=late, error="timed out", attempts=9
        )
        assert deliver(desk.database, queue()) == []
        do(desk, acts.resume, id)
        deliver(desk.database, queue())
        assert len(server.asked) == 1 and subscription(desk.database, id).error is None


def test_removed_subscriber_is_sent_nothing(desk):
    with cache() as server:
        id = subscribe(desk.database, server.url)
        do(desk, acts.remove, id)
        desk.put("a1", title="Published later")
        desk.later()
        assert deliver(desk.database, queue()) == [] and server.asked == []
