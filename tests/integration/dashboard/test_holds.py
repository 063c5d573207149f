"""Holding, rolling back, changing and releasing a feed in the dashboard."""

import pytest

from tests.support.newsroom import at
from tests.support.service import until

SECTION = "/sections/taiwan"
HOLD = f"{SECTION}/hold"


@pytest.fixture
def newsroom(dashboard):
    """Two versions of taiwan: a2 is new in the second."""
    desk = dashboard.desk
    desk.put("a1", published_at=at(hours=-2), updated_at=at(hours=-2))
    dashboard.publish()
    desk.put("a2", title="Wrong story", published_at=at(hours=-1), updated_at=at(hours=-1))
    dashboard.publish(seconds=2)
    return dashboard


def test_a_feed_is_held_from_its_page_and_released_from_the_banner(newsroom):
    browser = newsroom.person("read", "feeds")
    page = browser.get(SECTION)
    assert HOLD in page.text and "held" not in page.note
    page = browser.follow(browser.submit(browser.get(HOLD), HOLD, reason="a <wrong> story", until=""))
    assert "Held at version 2." in page.words
    assert "This feed is held at version 2 by user" in page.note and "a <wrong> story" in page.note
    assert "until somebody releases it" in page.note and "a <wrong> story" not in page.text
    newsroom.api.worker_seen()
    # The verdict is remembered for a moment.
    overview = until(lambda: (found := browser.get("/")) and "was held" in found.words and found)
    (verdict,) = overview.tree.xpath("//*[@id='verdict']")
    assert "taiwan was held at version 2 by user" in " ".join(verdict.text_content().split()).lower()
    assert {"problem", "standstill"} & {*verdict.get("class").split()} and "All is well" not in overview.words
    assert "Held at version 2 by user" in overview.words
    assert "held at version 2" in browser.get(f"{SECTION}/versions").note
    reader = newsroom.person("read")
    assert "a <wrong> story" in reader.get(SECTION).note and "Release feed" not in reader.get(SECTION).words
    newsroom.desk.put("a3")
    newsroom.publish(seconds=2)
    trace = browser.get("/article?id=a3")
    assert "The feed is held at version 2 by user" in trace.words and "feed held" in trace.words
    page = browser.follow(browser.submit(browser.get(SECTION), f"{HOLD}/release"))
    assert "Released." in page.words and page.note == ""


def test_a_roll_back_shows_what_changes_for_readers(newsroom):
    browser = newsroom.person("read", "feeds")
    assert f"{HOLD}?version=1" in browser.get(f"{SECTION}/versions").text
    page = browser.get(f"{HOLD}?version=1")
    assert page.title == "Roll back to version 1" and "Removed Wrong story" in page.words
    page = browser.follow(browser.submit(page, HOLD, reason="a wrong story", until=""))
    assert "Rolled back to version 1." in page.words
    newsroom.publish(seconds=2)
    page = browser.get(SECTION)
    assert "Wrong story" not in page.words and "This feed is rolled back to version 1 by user" in page.note
    assert (
        "Wrong story" in browser.get(f"{SECTION}/versions").words
        and "rolled-back" in browser.get(f"{SECTION}/versions").words
    )


def test_a_form_that_is_wrong_keeps_what_was_typed(newsroom):
    browser = newsroom.person("read", "feeds")
    page = browser.submit(browser.get(HOLD), HOLD, reason="typed", until="2020-01-01T10:00")
    assert page.status == 422 and "It must be in the future, within a year." in page.words
    assert page.tree.xpath("//input[@name='reason']/@value") == ["typed"]
    assert page.tree.xpath("//input[@name='until']/@aria-invalid") == ["true"]
    page = browser.submit(browser.get(HOLD), HOLD, reason="", until="")
    assert page.status == 422 and "It must not be empty." in page.words
    assert browser.get(f"{HOLD}?version=99").status == 404
    assert browser.get(f"{HOLD}?version=x").status == 422


def test_the_second_editor_sees_what_the_first_did(newsroom):
    first, second = newsroom.person("read", "feeds", name="mei"), newsroom.person("read", "feeds", name="jo")
    form = second.get(HOLD)
    first.submit(first.get(HOLD), HOLD, reason="first", until="")
    page = second.submit(form, HOLD, reason="second", until="")
    assert page.status == 409 and "user mei holds it since" in page.note and "first" in page.note
    assert page.tree.xpath("//input[@name='reason']/@value") == ["second"]
    stale = first.get(SECTION)
    page = second.follow(second.submit(page, HOLD, reason="second", until="2026-03-15T10:00"))
    assert "by user jo" in page.note and "second" in page.note
    refused = first.submit(stale, f"{HOLD}/release")
    assert refused.status == 409 and "user jo holds it since" in refused.words


def test_editors_see_no_way_to_hold_a_feed(newsroom):
    editor = newsroom.person("read", "preview", "write", "regenerate")
    assert "/hold" not in editor.get(SECTION).text and "/hold" not in editor.get(f"{SECTION}/versions").text
    assert editor.get(HOLD).status == 403
