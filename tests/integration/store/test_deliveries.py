"""What becomes of each change is recorded as it happens: its feeds, their versions, and when they were served."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from syndication.errors import SyndicationError
from syndication.pipeline.gather import process_changes
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, delivery_list, withdrawals
from syndication.store.articles.delivery_list import ChangeDelivery, DeliveryFilter
from syndication.store.hub.unserved import unserved_sections
from syndication.store.processes import delivery_moments, purge_queue, web_processes
from syndication.store.processes.web_processes import WebProcess
from syndication.store.publishing import deliveries
from syndication.store.publishing.publication_numbers import last_number
from tests.support.desk import Desk, hold
from tests.support.newsroom import article, at

BY = Actor("desk", "192.0.2.7")

WORK = purge_queue.work(timedelta(seconds=30), timedelta(minutes=1))


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    return desk


def stamp(desk: Desk) -> None:
    """Sets the times of the queue, which triggers take from the machine's clock, to the desk's clock."""
    moment = desk.clock()
    with desk.database.write() as conn:
        values = {"at": moment if desk.database.dialect == "postgresql" else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        conn.execute(text("UPDATE change SET noticed_at = :at"), values)


def write(desk: Desk, id: str = "a1", **changes) -> None:
    desk.put(id, **changes)
    stamp(desk)


def listed(desk: Desk, order="newest", limit=50, after=None, **wanted) -> list[ChangeDelivery]:
    with desk.database.snapshot() as conn:
        return delivery_list.read_deliveries(conn, DeliveryFilter(**wanted), order, desk.clock(), limit, after)[0]


def settle(desk: Desk, *loads: tuple[str, float]) -> int:
    """Lets web processes report that they loaded everything this many seconds after noon, and records it."""
    remembered = desk.__dict__.setdefault("loads", {})
    with desk.database.write() as conn:
        number = last_number(conn)
        for id, seconds in loads:
            remembered[id] = (*remembered.get(id, ()), (number, at(seconds=seconds)))
            now, last = desk.clock(), at(seconds=seconds)
            web = WebProcess(id, "host", 7, at(hours=-1), now, last, {}, number, remembered[id])
            web_processes.record_heartbeat(conn, web)
        return delivery_moments.settle(conn, desk.clock())


def feeds(change: ChangeDelivery) -> dict[str, tuple]:
    return {feed.section: (feed.change, feed.version) for feed in change.feeds}


def test_a_change_has_every_moment_from_writing_to_served(desk):
    write(desk)
    desk.clock.advance(0.4)
    desk.work()
    (change,) = listed(desk)
    assert (change.article_id, change.kind, change.articles) == ("a1", "published", 1)
    assert (change.written_at, change.noticed_at, change.settled_at) == (at(seconds=1), at(seconds=1.4), None)
    assert feeds(change) == {"all": ("added", 2), "taiwan": ("added", 2)}
    assert {feed.published_at for feed in change.feeds} == {at(seconds=1.4)} and change.published_ms == 400
    assert {feed.served_at for feed in change.feeds} == {None}
    desk.clock.advance(2)
    assert settle(desk, ("front-1", 1.5), ("front-2", 2.1)) == 1
    (change,) = listed(desk)
    assert {feed.served_at for feed in change.feeds} == {at(seconds=2.1)}
    assert (change.settled_at, change.served_ms) == (desk.clock(), 1100)


def test_one_web_process_that_is_behind_keeps_a_change_waiting_until_it_is_forgotten(desk):
    settle(desk, ("front-1", 0), ("front-2", 0))
    write(desk)
    desk.work()
    desk.clock.advance(1)
    assert settle(desk, ("front-1", 1.5)) == 0
    assert listed(desk, waiting=True)
    desk.clock.advance(60)  # It hangs: nobody knows whether it serves the version before.
    assert settle(desk, ("front-1", 61)) == 0
    desk.clock.advance(600)
    assert settle(desk, ("front-1", 661)) == 1
    assert listed(desk)[0].served_ms == 500


def test_a_process_that_started_later_does_not_make_a_change_late(desk):
    write(desk)
    desk.work()
    settled = at(seconds=90)
    young = WebProcess("young", "host", 8, at(seconds=80), settled, settled, {}, 9, ((9, at(seconds=81)),))
    old = WebProcess("old", "host", 7, at(hours=-1), settled, settled, {}, 9, ((9, at(seconds=2)),))
    published = at(seconds=1)
    assert delivery_moments.served_by_all([young, old], 5, published) == at(seconds=2)
    assert delivery_moments.served_by_all([young], 5, published) == at(seconds=81)
    assert delivery_moments.served_by_all([], 5, published) is None


@pytest.mark.parametrize(
    ("changes", "kind"), [({"status": "draft"}, "draft"), ({"published_at": at(hours=2)}, "scheduled")]
)
def test_a_change_that_no_feed_shows_is_settled_at_once(desk, changes, kind):
    write(desk, **changes)
    desk.work()
    settle(desk)
    (change,) = listed(desk)
    assert (change.kind, change.feeds, change.served_ms) == (kind, (), None)
    assert change.settled_at is not None


def test_an_embargo_waits_until_its_time_and_then_counts_from_there(desk):
    write(desk, published_at=at(minutes=10))
    desk.work()
    settle(desk)
    (waits,) = listed(desk, waiting=True, order="slowest")
    assert (waits.embargo_until, listed(desk, waiting=True)) == (at(minutes=10), [waits])
    desk.clock.advance(600)
    desk.work()
    appeared, scheduled = listed(desk)
    assert (appeared.kind, appeared.written_at) == ("appeared", at(minutes=10)) and appeared.published_ms == 1000
    assert feeds(appeared) == {"all": ("added", 2), "taiwan": ("added", 2)}
    assert scheduled.embargo_until is None


def test_an_expiry_counts_from_its_time(desk):
    write(desk, expires_at=at(minutes=5))
    desk.work()
    desk.clock.advance(301)
    desk.work()
    expired, _ = listed(desk)
    assert (expired.kind, expired.written_at, expired.published_ms) == ("expired", at(minutes=5), 2000)
    assert feeds(expired) == {"all": ("gone", 3), "taiwan": ("gone", 3)}


def test_kinds_of_changes_are_told_apart(desk):
    write(desk)
    desk.later()
    write(desk, title="Corrected")
    desk.later()
    withdrawals.withdraw(desk.database, ["a1"], BY)
    desk.later()
    withdrawals.restore(desk.database, ["a1"], BY)
    desk.later()
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'a1'"))
    desk.later()
    assert [change.kind for change in listed(desk)] == ["deleted", "restored", "withdrawn", "edited", "published"]
    assert [dict(feeds(change))["taiwan"][0] for change in listed(desk)] == [
        "gone",
        "added",
        "gone",
        "changed",
        "added",
    ]
    assert [change.kind for change in listed(desk, kind="edited")] == ["edited"]


def test_quick_changes_in_one_version_are_both_in_it(desk):
    write(desk)
    desk.regenerator.process_changes()
    desk.put("a1", title="Again")
    stamp(desk)
    # Read before the second change was gathered: its regeneration finds nothing new.
    list(desk.regenerator.regenerate_pending())
    assert "unchanged" in {outcome.result for outcome in desk.later().values()}
    later, first = listed(desk)
    assert feeds(first) == feeds(later) == {"all": ("added", 2), "taiwan": ("added", 2)}
    settle(desk, ("front", 2))
    assert [change.settled_at is not None for change in listed(desk)] == [True, True]


def test_a_story_that_a_version_was_faster_to_show_is_new(desk):
    write(desk)
    desk.regenerator.process_changes()
    write(desk, "a2")
    desk.clock.advance(0.5)
    list(desk.regenerator.regenerate_pending())  # It reads both.
    desk.later()
    assert [(change.article_id, change.kind) for change in listed(desk)] == [("a2", "published"), ("a1", "published")]
    assert feeds(listed(desk)[0]) == {"all": ("added", 2), "taiwan": ("added", 2)}


def test_a_change_that_moves_an_article_concerns_both_sections(desk):
    write(desk, sections=("taiwan",))
    desk.later()
    write(desk, sections=("china",))
    desk.later()
    assert feeds(listed(desk)[0]) == {"all": ("changed", 3), "china": ("added", 2), "taiwan": ("gone", 3)}
    assert [change.kind for change in listed(desk, section="china")] == ["edited"]
    assert listed(desk, section="sports") == []


def test_a_failing_section_keeps_its_change_waiting(desk, monkeypatch):
    write(desk)
    monkeypatch.setattr(desk.regenerator.renderer, "render", lambda *_, **__: 1 / 0)
    desk.regenerator.process_changes()
    list(desk.regenerator.regenerate_pending())
    settle(desk, ("front", 2))
    (change,) = listed(desk, waiting=True)
    assert [feed.published_at for feed in change.feeds] == [None, None]
    monkeypatch.undo()
    desk.later(minutes=5)
    assert feeds(listed(desk)[0]) == {"all": ("added", 2), "taiwan": ("added", 2)}


def test_a_held_section_keeps_the_deletions_waiting_that_it_does_not_show(desk):
    hold(desk)
    for number in range(4):
        write(desk, f"a{number}")
    desk.later()
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id <> 'a0'"))
    desk.later()
    gone = [change for change in listed(desk) if change.kind == "deleted"]
    assert len(gone) == 3 and all(feed.published_at is None for change in gone for feed in change.feeds)
    desk.later(seconds=61)
    gone = [change for change in listed(desk) if change.kind == "deleted"]
    assert {feed.change for change in gone for feed in change.feeds} == {"gone"}


def test_an_import_names_the_shown_and_the_newest_stories_and_counts_the_others(desk):
    write(desk, "shown")
    desk.later()
    many = [article(f"m{number:03}") for number in range(deliveries.MAX_NAMED + 40)]
    list(articles.put_articles(desk.database, [article("shown", title="Corrected"), *many]))
    desk.later()
    found = listed(desk, limit=200, section="all") + listed(desk, limit=200, order="slowest")
    named = {(change.article_id, change.kind): change for change in found}
    assert ("shown", "edited") in named and ("m239", "published") in named and ("m000", "published") not in named
    assert named[None, "many"].articles == 41 and named[None, "many"].published_ms is not None
    with desk.database.read() as conn:
        assert conn.scalar(text("SELECT sum(articles) FROM delivery")) == deliveries.MAX_NAMED + 42


def test_pages_follow_each_other_without_gaps_in_either_order(desk):
    for number in range(7):
        write(desk, f"a{number}")
        desk.clock.advance(0.5 + number)
        desk.work()
    settle(desk, ("front", 60))
    write(desk, "draft", status="draft")
    write(desk, "b1")
    desk.later()
    settle(desk)
    for order in ("slowest", "newest"):
        found, after, pages = [], None, 0
        while pages == 0 or after is not None:
            with desk.database.snapshot() as conn:
                page, after = delivery_list.read_deliveries(conn, DeliveryFilter(), order, desk.clock(), 2, after)
            found += [change.article_id for change in page]
            pages += 1
        assert (sorted(found), pages) == (["a0", "a1", "a2", "a3", "a4", "a5", "a6", "b1", "draft"], 5)
        assert found[0] == "b1"
    assert [change.article_id for change in listed(desk, order="slowest")][1:4] == ["a0", "a1", "a2"]
    for bad in ("bm9uc2Vuc2U", "x", " "):
        with pytest.raises(SyndicationError):
            listed(desk, after=bad)


def test_a_purge_is_waited_for_and_its_end_recorded(desk):
    desk.regenerator.policy = desk.regenerator.policy.__class__(
        **{name: getattr(desk.regenerator.policy, name) for name in desk.regenerator.policy.__slots__} | {"purge": True}
    )
    write(desk)
    desk.work()
    settle(desk, ("front", 2))
    assert [feed.purge for feed in listed(desk)[0].feeds] == ["waiting", "waiting"] and listed(desk, waiting=True)
    with desk.database.write() as conn:
        purge_queue.record_success(conn, ("all", 2), at(seconds=3))
        purge_queue.record_failure(conn, WORK, ("taiwan", 2), "503", at(seconds=4), None)
    assert settle(desk, ("front", 2)) == 1
    all_, taiwan = listed(desk)[0].feeds
    assert (all_.purge, all_.purged_at, taiwan.purge, taiwan.purged_at) == ("done", at(seconds=3), "given-up", None)
    with desk.database.write() as conn:
        assert [item.article_id for item in delivery_list.list_given_up(conn, "taiwan", desk.clock())] == ["a1"]
        purge_queue.ask_again(conn, "taiwan", 2, at(seconds=5))
        assert [(purge.attempts, purge.given_up_at) for purge in purge_queue.list_due(
            conn, WORK, at(seconds=5))] == [(0, None)]  # fmt: skip
    assert listed(desk, waiting=True)
    with desk.database.write() as conn:
        purge_queue.record_success(conn, ("taiwan", 2), at(seconds=6))
        purge_queue.ask_again(conn, "taiwan", 2, at(seconds=7))
        assert unserved_sections(conn) == {"taiwan"}


def test_what_no_worker_has_read_is_listed_from_the_queue(desk):
    write(desk)
    write(desk, "a2", status="draft")
    with desk.database.snapshot() as conn:
        found = delivery_list.read_queued(conn, desk.clock())
        assert [(item.article_id, item.kind, item.seq) for item in found] == [
            ("a1", "published", None), ("a2", "draft", None),
        ]  # fmt: skip
        assert delivery_list.read_queued(conn, desk.clock(), "a2")[0].title == found[1].title == "Story a2"
    desk.work()
    with desk.database.snapshot() as conn:
        assert delivery_list.read_queued(conn, desk.clock()) == []


def test_old_changes_are_deleted_and_retired_feeds_are_not_waited_for(desk):
    write(desk)
    desk.regenerator.process_changes()
    with desk.database.write() as conn:
        deliveries.prune(conn, at(days=-7), ["all"])
    assert [feed.section for feed in listed(desk)[0].feeds] == ["all"]
    desk.later()
    with desk.database.write() as conn:
        deliveries.prune(conn, desk.clock() + timedelta(seconds=1), ["all", "taiwan"])
        assert conn.scalar(text("SELECT count(*) FROM delivery_feed")) == 0
    assert listed(desk) == []


def test_feeds_of_readers_are_not_waited_for(desk):
    write(desk)
    with desk.database.write() as conn:
        newsroom = desk.regenerator.newsroom
        newsroom.__dict__["of_readers"] = frozenset({"taiwan"})
        process_changes(conn, newsroom, desk.clock())
    assert [feed.section for feed in listed(desk)[0].feeds] == ["all"]
