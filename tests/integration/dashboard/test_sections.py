"""The page of a section: how often readers are asked to poll it, and why."""

from dataclasses import replace

from tests.support.newsroom import CACHE, section


def test_the_page_says_how_often_readers_are_asked_to_poll_and_why(dashboard):
    desk, browser = dashboard.desk, dashboard.person("read")
    fixed = browser.get("/sections/taiwan")
    assert "Readers are asked to poll every 5 minutes: a fixed time in the configuration." in fixed.words
    desk.sections["taiwan"] = section("taiwan", cache=replace(CACHE, min_browser=30, max_browser=3600))
    desk.restart()
    dashboard.restart()
    for n in range(5):
        desk.put(f"b{n}", published_at=desk.clock(), updated_at=desk.clock())
    desk.later()
    page = dashboard.person("read").get("/sections/taiwan")
    assert "Readers are asked to poll every 35 seconds: 5 stories in the last 30 minutes." in page.words
