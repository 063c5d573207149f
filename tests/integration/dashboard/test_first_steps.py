"""The dashboard of an empty newsroom shows the next three steps, until the caller may know of a story."""

import pytest

from syndication.dashboard import overview
from tests.support.people import person

TITLES = ["Bring in your stories", "Add your colleagues", "Show readers the feeds"]


@pytest.fixture
def newsroom(dashboard, monkeypatch):
    """An empty newsroom without the overview's cache."""
    monkeypatch.setattr(overview, "CACHE_SECONDS", 0.0)
    dashboard.publish()
    return dashboard


def steps(browser):
    """Returns the titles of the steps, and the pages they lead to."""
    part = browser.get("/").tree.xpath("//*[contains(@class, 'first-steps')]")
    return [li.findtext("strong") for p in part for li in p.iter("li")], [
        a.get("href") for p in part for a in p.iter("a")
    ]


def test_an_admin_is_led_to_tokens_people_and_feeds(newsroom):
    titles, links = steps(newsroom.person())
    assert titles == TITLES
    assert links == ["/api/v1/docs", "/editors/tokens", "/editors/users", "/"]


def test_nobody_is_led_to_a_page_that_they_may_not_open(newsroom):
    titles, links = steps(newsroom.person("read"))
    assert titles == TITLES and links == ["/api/v1/docs", "/"]


def test_a_step_that_is_done_says_so(newsroom):
    browser = newsroom.person()
    assert "Done" not in browser.get("/").words
    person(newsroom.database, "colleague")
    assert "Add your colleagues Done" in browser.get("/").words


def test_the_steps_end_with_the_first_story_that_the_caller_may_know_of(newsroom):
    admin, reader = newsroom.person(), newsroom.person("read")
    newsroom.desk.put("secret", status="draft")
    newsroom.publish(seconds=2)
    assert steps(admin)[0] == [] and steps(reader)[0] == TITLES
    newsroom.desk.put("a1")
    newsroom.publish(seconds=2)
    assert steps(admin)[0] == [] and steps(reader)[0] == []
