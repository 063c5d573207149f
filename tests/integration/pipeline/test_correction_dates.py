"""What a correction does to the dates that readers see, and what editors are told of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from syndication.diagnostics.trace import trace
from syndication.diagnostics.words import utc, write
from syndication.store.articles.history import list_events
from syndication.store.articles.trace_facts import read_trace_facts
from syndication.store.publishing.versions import compare_versions
from tests.support.desk import Desk

THIS_HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
NOTE = "Three people were hurt, not two."


@pytest.fixture
def desk(database, clock):
    """The triggers have the database's own clock, so the newsroom's is the same here."""
    clock.now = datetime.now(UTC).replace(microsecond=0)
    desk = Desk(database, clock)
    desk.put("a1", published_at=hours(-2), updated_at=None)
    desk.put("a2", published_at=hours(-3), updated_at=None)
    desk.work()
    return desk


def hours(number):
    return THIS_HOUR + timedelta(hours=number)


def correct(desk, note=NOTE, moment=None):
    """Writes the correction; ``moment`` is its time instead of now."""
    with desk.database.write() as conn:
        conn.execute(text("UPDATE article SET correction = :note WHERE id = 'a1'"), {"note": note})
        if moment is not None:
            at = moment if conn.dialect.name == "postgresql" else f"{moment:%Y-%m-%dT%H:%M:%S.000000Z}"
            conn.execute(text("UPDATE article_correction SET corrected_at = :at"), {"at": at})
    # A section has one version a second at most.
    desk.clock.now = max(desk.clock.now, datetime.now(UTC)) + timedelta(seconds=2)
    return desk.work()


def dates(desk):
    """The entry's published and updated in Atom, its atom:updated in RSS, and its dates in JSON."""
    entry = re.search(r"<entry>(.*?)</entry>", desk.body(), re.DOTALL)[1]
    item = re.search(r"<item>(.*?)</item>", desk.body(format="rss"), re.DOTALL)[1]
    one = re.search(r'"date_published":"([^"]*)","date_modified":"([^"]*)"', desk.body(format="json"))
    atom = [re.search(f"<{name}>([^<]*)<", entry)[1] for name in ("published", "updated")]
    assert atom == [one[1], one[2]]
    modified = re.search("<atom:updated>([^<]*)<", item)
    assert (modified[1] if modified else None) == (atom[1] if atom[1] != atom[0] else None)
    return tuple(map(datetime.fromisoformat, atom))


def reasons(desk):
    with desk.database.read() as conn:
        return [event.reason for event in list_events(conn, "a1", 9, acts=False) if event.section == "taiwan"]


def traced(desk):
    with desk.database.read() as conn:
        facts = read_trace_facts(conn, "a1", desk.selections, desk.clock.now)
    return next(write(one.words, utc) for one in trace(facts, desk.sections, frozenset()) if one.section == "taiwan")


def test_a_correction_moves_the_dates_in_every_format(desk):
    assert dates(desk) == (hours(-2), hours(-2))
    correct(desk)
    published, updated = dates(desk)
    assert published == hours(-2) and abs(updated - datetime.now(UTC)) < timedelta(minutes=5)
    assert reasons(desk) == ["correction", None]
    assert traced(desk).endswith("Last changed in version 2: date moved: correction.")


def test_a_change_without_a_correction_leaves_the_dates(desk):
    desk.put("a1", title="Story other", published_at=hours(-2), updated_at=None)
    desk.later()
    assert dates(desk) == (hours(-2), hours(-2)) and reasons(desk) == ["same-date", None]
    assert traced(desk).endswith("Last changed in version 2: published, date unchanged.")


def test_a_date_of_the_writer_counts_beside_a_correction(desk):
    desk.put("a1", correction=NOTE, published_at=hours(-2), updated_at=hours(-1))
    desk.later()
    assert dates(desk) == (hours(-2), hours(-1)) and reasons(desk) == ["date", None]


def test_a_removed_correction_leaves_the_date_where_it_was(desk):
    correct(desk, moment=hours(-1))
    assert dates(desk)[1] == hours(-1)
    correct(desk, note=None)
    assert dates(desk)[1] == hours(-1) and reasons(desk)[0] == "same-date"


def test_the_date_of_a_correction_is_the_same_in_each_regeneration(desk):
    correct(desk)
    before = [desk.document(format=format).digest for format in ("atom", "rss", "json")]
    desk.restart()
    with desk.database.write() as conn:
        conn.execute(text("UPDATE section_state SET requested_generation = requested_generation + 1"))
    desk.regenerator.renderer.clear()
    assert {outcome.result for outcome in desk.later(hours=1).values()} == {"unchanged"}
    assert [desk.document(format=format).digest for format in ("atom", "rss", "json")] == before


def test_a_correction_under_embargo_is_not_before_publication(desk):
    desk.put("a3", published_at=hours(3), updated_at=None, correction=NOTE)
    with desk.database.write() as conn:
        conn.execute(text("UPDATE article SET correction = 'Another.' WHERE id = 'a3'"))
    desk.clock.now = hours(4)
    desk.work()
    assert dates(desk) == (hours(3), hours(3))


def test_a_correction_from_a_clock_ahead_waits_for_its_time(desk):
    correct(desk, moment=hours(2))
    assert dates(desk) == (hours(-2), hours(-2))
    desk.clock.now = hours(2)
    desk.work()
    assert dates(desk) == (hours(-2), hours(2))


def test_versions_far_apart_say_that_a_correction_moved_the_date(desk):
    correct(desk)
    desk.put("a1", title="Story other", correction=NOTE, published_at=hours(-2), updated_at=None)
    desk.later()
    with desk.database.read() as conn:
        (found,) = compare_versions(conn, "taiwan", 1, 3)
    assert (found.change, found.reason) == ("changed", "correction")
