"""A feed that a reader asked for: asked, polled, asleep, woken and forgotten, on both databases."""

from datetime import timedelta

from syndication.store.publishing import asked_feeds, section_state

DAY = timedelta(days=1)


def ask(database, slug, *, max_feeds=10, per_minute=10):
    with database.write() as conn:
        return asked_feeds.ask(conn, slug, "combination", "", "", database.now(conn), max_feeds, per_minute)


def changed(database, number):
    with database.read() as conn:
        return {feed.slug: (feed.slept, feed.forgotten) for feed in asked_feeds.changed_since(conn, number)}


def last(database):
    with database.read() as conn:
        return asked_feeds.last_number(conn)


def test_a_feed_is_asked_for_once(database, clock):
    assert last(database) == 0
    assert ask(database, "world+sports") == "asked"
    number = last(database)
    assert changed(database, 0) == {"world+sports": (False, False)}
    assert ask(database, "world+sports") == "known"
    assert (last(database), changed(database, number)) == (number, {})


def test_there_is_room_for_so_many_in_all_and_in_a_minute(database, clock):
    assert [ask(database, f"a+{n}", per_minute=2) for n in range(3)] == ["asked", "asked", "busy"]
    clock.advance(61)
    assert ask(database, "a+2", per_minute=2, max_feeds=2) == "full"
    assert ask(database, "a+2", per_minute=2, max_feeds=3) == "asked"


def test_an_unread_feed_sleeps_wakes_at_a_poll_and_is_forgotten(database, clock):
    ask(database, "world+sports")
    with database.write() as conn:
        section_state.register(conn, {"world+sports": "f", "taiwan": "f"}, 1, database.now(conn))
    clock.advance((4 * DAY).total_seconds())
    number = last(database)
    with database.write() as conn:
        now = database.now(conn)
        assert asked_feeds.put_to_sleep(conn, now - 5 * DAY, now) == []
        assert asked_feeds.put_to_sleep(conn, now - 3 * DAY, now) == ["world+sports"]
        assert asked_feeds.stale_asleep(conn, now - DAY) == ["world+sports"]
    assert changed(database, number) == {"world+sports": (True, False)}
    number = last(database)
    with database.write() as conn:
        now = database.now(conn)
        assert asked_feeds.record_polls(conn, {"world+sports": now, "unknown+feed": now}) == ["world+sports"]
        assert asked_feeds.record_polls(conn, {"world+sports": now}) == []
    assert changed(database, number) == {"world+sports": (False, False)}
    clock.advance((40 * DAY).total_seconds())
    with database.write() as conn:
        now = database.now(conn)
        assert asked_feeds.forget(conn, now - 30 * DAY, now) == ["world+sports"]
        assert [state.section for state in section_state.list_states(conn)] == ["taiwan"]
    assert changed(database, number) == {"world+sports": (False, True)}
    assert ask(database, "world+sports") == "asked"
    assert changed(database, number) == {"world+sports": (False, False)}
