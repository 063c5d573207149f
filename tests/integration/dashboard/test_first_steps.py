"""The dashboard of a new newsroom shows the next three steps, each until it is done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syndication.dashboard import overview
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import PollSums, slot_of
from tests.support.people import person

STORIES, COLLEAGUES, READERS = "Bring in your stories", "Add your colleagues", "Show readers the feeds"


@pytest.fixture
def newsroom(dashboard, monkeypatch):
    """An empty newsroom of its own, without the overview's cache."""
    monkeypatch.setattr(overview, "CACHE_SECONDS", 0.0)
    own(dashboard, "daily.test")
    dashboard.publish()
    return dashboard


def own(newsroom, authority):
    newsroom.restart(site=replace(newsroom.api.settings.site, authority=authority))


def poll(newsroom):
    with newsroom.database.write() as conn:
        poll_counts.add_polls(conn, {("taiwan", slot_of(newsroom.now)): PollSums(1, 0, 100)})


def steps(browser):
    """Returns the titles of the steps, and the pages they lead to."""
    part = browser.get("/").tree.xpath("//*[contains(@class, 'first-steps')]")
    return [li.findtext("strong") for p in part for li in p.iter("li")], [
        a.get("href") for p in part for a in p.iter("a")
    ]


def test_an_admin_is_led_to_pages_that_open(newsroom):
    admin = newsroom.person()
    titles, links = steps(admin)
    assert titles == [STORIES, COLLEAGUES, READERS]
    assert links == ["/editors/article/new", "/api/v1/docs", "/editors/tokens", "/editors/users", "/"]
    for link in links:
        if link.startswith("/editors"):
            assert admin.get(link.removeprefix("/editors")).status == 200, link


def test_nobody_is_led_to_a_page_that_they_may_not_open(newsroom):
    titles, links = steps(newsroom.person("read"))
    assert titles == [STORIES, COLLEAGUES, READERS] and links == ["/api/v1/docs", "/"]


def test_each_step_goes_when_it_is_done_and_the_last_takes_all_with_it(newsroom):
    admin = newsroom.person()
    newsroom.desk.put("a1")
    newsroom.publish(seconds=2)
    assert steps(admin)[0] == [COLLEAGUES, READERS]
    person(newsroom.database, "colleague")
    assert steps(admin)[0] == [READERS]
    poll(newsroom)
    assert steps(admin)[0] == [] and "Next steps" not in admin.get("/").words


def test_an_empty_newsroom_has_them_in_any_order(newsroom):
    admin = newsroom.person()
    poll(newsroom)
    assert steps(admin)[0] == [STORIES, COLLEAGUES]
    newsroom.clock.advance(timedelta(days=8).total_seconds())
    person(newsroom.database, "colleague")
    assert steps(newsroom.person(name="chief"))[0] == [STORIES]


def test_a_story_that_the_caller_may_not_know_of_changes_nothing(newsroom):
    admin, reader = newsroom.person(), newsroom.person("read")
    newsroom.desk.put("secret", status="draft")
    newsroom.publish(seconds=2)
    assert STORIES not in steps(admin)[0] and STORIES in steps(reader)[0]


def test_a_newsroom_of_one_is_reminded_for_a_week(newsroom):
    admin = newsroom.person()
    newsroom.desk.put("a1")
    newsroom.publish(seconds=2)
    assert COLLEAGUES in steps(admin)[0]
    newsroom.clock.advance(timedelta(days=7).total_seconds())
    assert steps(newsroom.person())[0] == []


def test_the_example_newsroom_has_no_next_steps(newsroom):
    own(newsroom, "ledger.example")
    admin = newsroom.person()
    newsroom.desk.put("a1")
    newsroom.publish(seconds=2)
    assert steps(admin)[0] == []
