"""Upcoming automatic changes: by day in the newsroom's time zone, with pagination, to the end of the calendar."""

from datetime import UTC, datetime

import pytest

from tests.support.dashboard import Dashboard
from tests.support.newsroom import at


@pytest.fixture
def newsroom(database, clock):
    """A newsroom in Taipei, where noon by UTC is eight in the evening."""
    return Dashboard(database, clock, timezone="Asia/Taipei")


def by_day(page):
    """Returns by day the local times and changes that are shown."""
    return {
        day.text: [
            (row[0].text_content(), " ".join(row[2].text_content().split()))
            for row in day.getnext().iter("tr")
            if row.get("class") is None and row[0].tag == "td"
        ]
        for day in page.tree.iter("h2")
    }


def test_changes_are_grouped_by_the_newsrooms_days(newsroom):
    newsroom.desk.put("tonight", published_at=at(hours=3, minutes=59))
    newsroom.desk.put("tomorrow", published_at=at(hours=4))
    newsroom.desk.put("leaving", expires_at=at(hours=5))
    newsroom.desk.put("never", expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    newsroom.publish()
    days = by_day(newsroom.person("preview").get("/upcoming"))
    assert ("23:59", "Publishes Story tonight") in days["Saturday, 14 March 2026"]
    assert ("00:00", "Publishes Story tomorrow") in days["Sunday, 15 March 2026"]
    assert ("01:00", "Leaves the feed Story leaving") in days["Sunday, 15 March 2026"]
    assert ("23:59", "Leaves the feed Story never") in days["Friday, 31 December 9999"]
    assert newsroom.person().get("/article?id=never").status == 200


def test_each_page_updates_separately(newsroom):
    for number in range(120):
        newsroom.desk.put(f"a{number:03}", published_at=at(hours=1, minutes=number))
    newsroom.publish()
    browser = newsroom.person("preview")
    first = browser.get("/upcoming")
    (address,) = first.tree.xpath("//a[text()='Later']/@href")
    second = browser.get(address)
    stories = [
        what for page in (first, second) for rows in by_day(page).values() for _, what in rows if "Story" in what
    ]
    assert stories == [f"Publishes Story a{number:03}" for number in range(120)]
    for page in (first, second):
        part = browser.part(page.tree.xpath("string(//*[@id='coming']/@hx-get)"))
        assert by_day(part) == by_day(page) and "<html" not in part.text
    assert second.tree.xpath("//a[text()='Now']/@href") == ["/editors/upcoming"]


def test_an_empty_list_says_so(newsroom):
    newsroom.publish()
    assert "No scheduled changes" in newsroom.person("preview").get("/upcoming").words
