"""What the dashboard says after an act: it promises only what will happen."""

import pytest

from syndication.dashboard import verdict
from tests.support.newsroom import at

SECOND = "Feeds have it within about a second."
NO_WORKER = "No worker is running: it reaches readers when one is started with `syndication worker`."


@pytest.fixture
def newsroom(dashboard, monkeypatch):
    monkeypatch.setattr(verdict, "CACHE_SECONDS", 0.0)
    dashboard.desk.put("held", status="draft", published_at=None)
    dashboard.desk.put("out", status="withdrawn", published_at=at(hours=-1))
    dashboard.publish()
    return dashboard


def said(browser, path, **fields):
    """Returns what the page says that follows a form."""
    page = browser.follow(browser.post(path, **fields))
    return " ".join(page.tree.xpath("string(//p[contains(@class, 'done')])").split())


def publish_now(newsroom):
    browser = newsroom.person()
    etag = browser.get("/article/schedule?id=held").tree.xpath("string(//input[@name='etag']/@value)")
    return said(browser, "/article/schedule?id=held", act="now", etag=etag)


def test_a_published_story_is_promised_only_with_a_worker_and_a_web_process(newsroom):
    newsroom.api.worker_seen()
    assert publish_now(newsroom) == f"Published. {SECOND}"


def test_without_a_worker_nothing_is_promised(newsroom):
    assert publish_now(newsroom) == f"Published. {NO_WORKER}"


def test_a_failing_section_is_named(newsroom, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(newsroom.desk.regenerator.renderer, "render", lambda *given: 1 / 0)
        newsroom.desk.put("a1", published_at=at(hours=-1))
        assert {one.result for one in newsroom.desk.later().values()} == {"failed"}
    newsroom.api.worker_seen()
    assert publish_now(newsroom) == (
        "Published. All stories, Taiwan are failing: it reaches readers there once that is fixed."
    )


def test_a_change_that_waits_for_too_long_is_named(newsroom, clock):
    newsroom.desk.put("a1", published_at=at(hours=-1))
    clock.advance(1)
    while newsroom.desk.regenerator.process_changes():
        pass
    clock.advance(30)
    newsroom.api.worker_seen()
    assert publish_now(newsroom) == ("Published. A change has been waiting for 30 s, so it may take longer than usual.")


def test_an_embargo_is_promised_only_with_a_worker(newsroom):
    browser = newsroom.person()
    fields = {"title": "To come", "url": "/to-come", "act": "publish", "published_at": "2099-01-02T08:00"}
    assert said(browser, "/article/new", id="one", **fields) == f"Scheduled. {NO_WORKER}"
    newsroom.api.worker_seen()
    words = said(browser, "/article/new", id="two", **fields)
    assert words.startswith("Scheduled. Publishes automatically on 02 Jan 2099, 08:00")
    assert said(browser, "/article/new", id="three", **fields | {"act": "draft"}).startswith("Draft saved. No feed")


def test_upcoming_says_that_nothing_happens_without_a_worker(newsroom):
    newsroom.desk.put("later", published_at=at(hours=5))
    newsroom.desk.work()
    browser = newsroom.person()
    page = browser.get("/upcoming")
    assert "No worker is running: none of this happens until one is started" in page.note
    traced = browser.get("/article?id=later").words
    assert "automatically" not in traced and "once a worker is running" in traced
    assert "this waits until one is started" in traced
    assert "No worker is running: feeds stay as they are" in browser.get("/article/withdraw?id=later").note
    newsroom.api.worker_seen()
    assert not browser.get("/upcoming").note and not browser.get("/article/withdraw?id=later").note
    assert "Publishes automatically" in browser.get("/article?id=later").words
