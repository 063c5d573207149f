"""The preview of a feed: its entries as the published feed would have them, and nothing that is not public."""

import pytest

from syndication.diagnostics.feed_preview import preview_feed, reader_notices
from syndication.model.feed_selections import FeedSelections
from tests.support.desk import Desk
from tests.support.newsroom import at, section


@pytest.fixture
def desk(sqlite_database, clock):
    desk = Desk(sqlite_database, clock)
    for number in range(4):
        desk.put(f"a{number}", published_at=at(hours=-number), sections=("taiwan",))
    desk.put("c1", published_at=at(minutes=-5), sections=("china",))
    desk.put("draft", status="draft", sections=("taiwan",))
    desk.put("ahead", published_at=at(hours=2), sections=("taiwan",))
    desk.put("ended", published_at=at(hours=-2), expires_at=at(hours=-1), sections=("taiwan",))
    desk.work()
    return desk


def preview(desk, wanted, current=None):
    with desk.database.read() as conn:
        return preview_feed(conn, FeedSelections(desk.sections, "en"), wanted, current, desk.clock())


def test_a_new_feed_has_the_stories_that_are_public_and_no_others(desk):
    found = preview(desk, section("taiwan"))
    assert [entry.article_id for entry in found.first] == ["a0", "a1", "a2", "a3"] and found.total == 4
    assert found.version == 0 and (found.come, found.stay, found.gone) == (4, 0, 0)
    assert found.first[0].title == "Story a0" and "new: nobody reads it yet" in found.notices[0]


def test_entries_that_come_and_go_are_counted_against_what_is_published(desk):
    taiwan = desk.sections["taiwan"]
    unchanged = preview(desk, taiwan, taiwan)
    assert (unchanged.come, unchanged.stay, unchanged.gone) == (0, 4, 0)
    assert unchanged.notices == ("Readers notice nothing.",)
    fewer = preview(desk, section("taiwan", entries=2, hours=0), taiwan)
    assert (fewer.come, fewer.stay, fewer.gone) == (0, 2, 2)
    assert [(entry.article_id, entry.title) for entry in fewer.leaving] == [("a2", "Story a2"), ("a3", "Story a3")]
    assert fewer.notices[0] == "0 entries come, 2 go." and "keep their IDs" in fewer.notices[1]
    desk.put("a9", published_at=at(minutes=-1), sections=("taiwan",))
    more = preview(desk, taiwan, taiwan)
    assert (more.come, more.stay, more.gone) == (1, 4, 0) and [e.comes for e in more.first] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_a_published_story_that_became_a_draft_leaves_without_its_title(desk):
    desk.put("a0", status="draft", title="Not for readers", published_at=at())
    taiwan = desk.sections["taiwan"]
    found = preview(desk, taiwan, taiwan)
    assert [(entry.article_id, entry.title) for entry in found.leaving] == [("a0", "")]
    assert "Not for readers" not in repr(found)


def test_readers_notice_a_new_title_and_other_contents():
    old = section("taiwan")
    words = " ".join(reader_notices(section("formosa", title="Formosa", content="summary"), old, 0, 0))
    assert "new title, Formosa" in words and "readers get summaries" in words
    assert "/feeds/taiwan, redirects to the new one (301)" in words
