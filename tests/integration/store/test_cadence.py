"""A feed's cadence and the cache time that its documents say, on both databases: what moves, when, and what stays."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from syndication.model.freshness import Cadence
from syndication.model.values import FORMATS
from syndication.store.articles.articles import put_articles
from syndication.store.publishing import documents, section_state
from syndication.store.publishing.published import find_published
from syndication.store.tables.publishing import DocumentRow, SectionStateRow
from tests.support.desk import Desk
from tests.support.newsroom import CACHE, article, at, section

BOUNDED = replace(CACHE, min_browser=60, max_browser=3600)


def restart(desk, cache=BOUNDED):
    """Starts a worker whose feeds have these cache times."""
    desk.sections = {slug: section(slug, entries=40, cache=cache) for slug in desk.sections}
    return desk.restart()


def put_at(desk, id, moment, **changes):
    desk.put(id, published_at=moment, updated_at=moment, **changes)


@pytest.fixture
def desk(database, clock):
    """A feed with one story a day, each at noon, and today's."""
    desk = Desk(database, clock)
    restart(desk)
    days = [article(f"d{day}", published_at=at(days=-day), updated_at=at(days=-day)) for day in range(20)]
    list(put_articles(database, days))
    desk.work()
    clock.advance(1)
    return desk


def stored(desk, slug="taiwan"):
    """Returns the published documents, as they are in the table."""
    with desk.database.read() as conn:
        return conn.execute(
            select(DocumentRow.__table__).where(DocumentRow.section == slug).order_by(DocumentRow.format)
        ).all()


def said(desk):
    """Returns the cache time that the RSS document says, in minutes: by ``ttl``, and by ``sy:``."""
    body = desk.body("taiwan", "rss")
    (ttl,) = re.findall("<ttl>(.*?)</ttl>", body)
    (period,) = re.findall("<sy:updatePeriod>(.*?)</sy:updatePeriod>", body)
    frequency = re.findall("<sy:updateFrequency>(.*?)</sy:updateFrequency>", body)
    minutes = {"hourly": 60, "daily": 1440}[period] / int(*frequency or ["1"])
    assert minutes == int(ttl)
    return int(ttl)


def cadence(desk):
    with desk.database.read() as conn:
        found = {one.cadence for one in documents.load_documents(conn, ["taiwan"])}
    (text,) = found
    return Cadence.from_text(text)


def regenerate(desk):
    with desk.database.write() as conn:
        section_state.request(conn, ["taiwan"], desk.clock())
    return desk.later()["taiwan"].result


def burst(desk, stories=3):
    for n in range(stories):
        put_at(desk, f"b{desk.clock():%d%H%M}-{n}", desk.clock())
    return desk.later()["taiwan"].result


def test_the_cadence_is_that_of_the_entries_in_every_format(desk):
    assert cadence(desk) == Cadence.of(at(days=-day) for day in range(20))
    assert cadence(desk).hours[12] == 20
    with desk.database.read() as conn:
        assert len(documents.load_documents(conn, ["taiwan"])) == len(FORMATS)
        empty = documents.load_documents(conn, ["china"])
    assert {one.cadence for one in empty} == {None}


def test_a_later_hour_alone_publishes_no_version(desk):
    burst(desk)
    before = stored(desk)
    assert said(desk) == 1
    for hours in (1, 5, 24, 24 * 30):
        desk.clock.advance(3600 * hours)
        assert regenerate(desk) == "unchanged"
        assert stored(desk) == before


def test_other_bounds_publish_a_version_only_if_the_documents_say_another_time(desk):
    burst(desk)
    before = stored(desk)
    restart(desk, replace(BOUNDED, max_browser=7200))
    assert desk.later()["taiwan"].result == "unchanged" and stored(desk) == before
    restart(desk, replace(BOUNDED, min_browser=120))
    assert desk.later()["taiwan"].result == "published" and said(desk) == 2


def test_ttl_and_sy_move_with_the_next_version(desk):
    assert said(desk) == 60
    assert burst(desk) == "published" and said(desk) == 1
    desk.clock.advance(6 * 3600)
    assert regenerate(desk) == "unchanged" and said(desk) == 1
    desk.put("d1", title="Story corrected", published_at=at(days=-1), updated_at=at(days=-1))
    assert desk.later()["taiwan"].result == "published" and said(desk) > 10


def test_a_version_differs_from_one_of_a_fixed_time_in_ttl_and_sy_and_its_own_time_alone(desk):
    burst(desk)
    moving = {format: desk.body("taiwan", format) for format in FORMATS}
    restart(desk, CACHE)
    assert desk.later()["taiwan"].result == "published" and said(desk) == 5
    fixed = {format: desk.body("taiwan", format) for format in FORMATS}
    assert moving["json"] == fixed["json"]
    own = re.compile(r"<(updated|lastBuildDate)>.*?</\1>")
    assert own.sub("", moving["atom"], 1) == own.sub("", fixed["atom"], 1)
    times = re.compile(r"\s*<(ttl|sy:\w+)>.*?</\1>")
    assert times.sub("", own.sub("", moving["rss"], 1)) == times.sub("", own.sub("", fixed["rss"], 1))


def test_without_bounds_no_cache_time_is_stored_and_the_bytes_are_those_of_bounds_that_leave_no_choice(desk):
    restart(desk, CACHE)
    desk.later()
    burst(desk)
    with desk.database.read() as conn:
        assert find_published(conn, "taiwan").max_age is None
        assert find_published(conn, "taiwan").version == 3
    before = stored(desk)
    restart(desk, replace(CACHE, min_browser=300, max_browser=300))
    assert desk.later()["taiwan"].result == "unchanged" and stored(desk) == before and said(desk) == 5


def test_bounds_on_a_feed_that_was_published_without_them_change_no_byte_until_its_next_version(desk):
    restart(desk, CACHE)
    desk.later()
    before = stored(desk)
    assert cadence(desk) is not None and said(desk) == 5
    restart(desk)
    assert desk.later()["taiwan"].result == "unchanged" and stored(desk) == before
    assert burst(desk) == "published" and said(desk) == 1


def test_a_restart_keeps_the_cadence_and_the_documents(desk):
    burst(desk)
    before, known = stored(desk), cadence(desk)
    desk.clock.advance(7200)
    assert restart(desk) == []
    desk.work()
    assert stored(desk) == before and cadence(desk) == known


def test_a_cadence_that_no_program_of_ours_wrote_is_the_fixed_time(desk):
    with desk.database.write() as conn:
        conn.execute(update(SectionStateRow).values(cadence="broken"))
    assert cadence(desk) is None
    assert regenerate(desk) == "unchanged" and cadence(desk) is not None


def test_a_withdrawal_takes_a_story_out_of_the_cadence(desk):
    desk.put("d3", status="withdrawn", published_at=at(days=-3), updated_at=at(days=-3))
    desk.later()
    assert cadence(desk) == Cadence.of(at(days=-day) for day in range(20) if day != 3)


def test_held_entries_stay_in_the_cadence(desk):
    desk.regenerator.policy = replace(desk.regenerator.policy, hold=at(minutes=1) - at())
    known = cadence(desk)
    for day in range(12):
        desk.put(f"d{day}", sections=(), published_at=at(days=-day), updated_at=at(days=-day))
    desk.later()
    assert desk.state().is_held and cadence(desk) == known
