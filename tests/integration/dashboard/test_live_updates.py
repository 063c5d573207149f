"""Parts of pages that renew themselves: what is told, how often it is looked up, and when they stop asking."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from syndication.dashboard import overview
from tests.support.dashboard import Dashboard
from tests.support.newsroom import section


@contextmanager
def counted(database):
    """Every query of a table that is made meanwhile."""
    seen = []

    def note(conn, cursor, statement, *rest):
        if "FROM" in statement:
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def looks(statements):
    """The looks at all sections among them: each asks for the workers once."""
    return sum("FROM worker" in statement for statement in statements)


def live(browser):
    """The part's own address, with what it has seen."""
    return browser.get("/").tree.xpath("string(//*[@id='overview']/@hx-get)")


@pytest.fixture
def newsroom(dashboard, monkeypatch):
    """A newsroom at work, in which nothing that was looked up is taken for fresh."""
    monkeypatch.setattr(overview, "CACHE_SECONDS", 0.0)
    dashboard.desk.put("a1")
    dashboard.api.worker_seen()
    dashboard.publish()
    return dashboard


def test_what_is_as_it_was_is_not_sent_again_and_what_is_new_has_a_new_digest(newsroom):
    browser = newsroom.person("read")
    seen = live(browser)
    assert re.fullmatch(r"/editors/live/overview\?seen=[0-9a-f]{16}", seen)
    unchanged = browser.part(seen)
    assert (unchanged.status, unchanged.body) == (204, b"")
    newsroom.desk.put("a2")
    newsroom.publish(seconds=2)
    changed = browser.part(seen)
    assert changed.status == 200 and "<html" not in changed.text
    after = changed.tree.xpath("string(//*[@id='overview']/@hx-get)")
    assert after != seen and browser.part(after).status == 204


@pytest.mark.parametrize("scopes", [("read",), ("read", "preview"), ("read", "regenerate")])
def test_a_look_is_shared_only_by_those_who_may_see_the_same(newsroom, scopes):
    browser = newsroom.person(*scopes)
    newsroom.person().get("/")
    assert browser.part(live(browser)).status == 204
    assert ("Next due" in browser.get("/").words) == ("preview" in scopes)
    assert ("Regenerate all" in browser.get("/").text) == ("regenerate" in scopes)


def test_many_who_watch_are_answered_from_one_look(dashboard):
    dashboard.publish()
    browsers = [dashboard.person("read") for _ in range(40)]
    with counted(dashboard.database) as statements, ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda browser: browser.part("/live/overview"), browsers))
    assert {page.status for page in pages} == {200} and len({page.text for page in pages}) == 1
    assert looks(statements) == 1


def test_what_is_not_fresh_is_looked_up_again(newsroom):
    browser = newsroom.person("read")
    with counted(newsroom.database) as statements:
        browser.get("/")
        browser.part("/live/overview")
    assert looks(statements) == 2


def test_two_hundred_sections_are_looked_at_with_as_many_statements_as_four(database, clock, monkeypatch):
    monkeypatch.setattr(overview, "CACHE_SECONDS", 0.0)
    four, many = (["all", *(f"s{n}" for n in range(number - 1))] for number in (4, 200))
    asked = []
    for slugs in (four, many):
        dashboard = Dashboard(database, clock)
        dashboard.api.settings.sections.clear()
        dashboard.api.settings.sections.update({slug: section(slug) for slug in slugs})
        browser = dashboard.person("read")
        with counted(database) as first:
            page = browser.get("/")
        assert len(page.tree.xpath("//tbody/tr")) == len(slugs)
        with counted(database) as again:
            browser.get("/")
        # Once a minute it is asked of each section whether it is silent for unusually long.
        assert len(first) == len(again) + len(slugs)
        asked.append(len(again))
    assert asked[0] == asked[1] <= 8


# Regenerations


def ask_for(browser, **fields):
    """Ask for a regeneration; gives the page to which it leads."""
    return browser.follow(browser.post("/regenerations", **fields))


def bar(page):
    """What the bar says, how far it is, and what it asks for."""
    (found,) = page.tree.xpath("//*[@id='regeneration']")
    progress = found.find(".//progress")
    said = " ".join(found.text_content().split())
    return said, (progress.get("value"), progress.get("max")), found.get("hx-get")


def test_a_bar_goes_from_what_waits_to_what_came_of_it(newsroom):
    browser = newsroom.person()
    newsroom.desk.put("a2", sections=("taiwan",))
    page = ask_for(browser, section=["taiwan", "china"], reason="Logo", what="chosen")
    said, far, address = bar(page)
    assert said.startswith("Regenerating 2 sections …") and said.endswith(": Logo") and far == ("0", "2")
    assert "No worker is running" not in said
    newsroom.publish(seconds=2)
    said, far, asks = bar(browser.part(address))
    assert said.startswith("Regenerated: 1 published anew, 1 unchanged.") and far == ("2", "2") and asks is None


def test_a_bar_tells_a_section_that_failed_and_leads_to_it(newsroom, monkeypatch):
    browser = newsroom.person()
    address = bar(ask_for(browser, section="taiwan", what="chosen"))[2]
    monkeypatch.setattr(newsroom.desk.regenerator.renderer, "render", lambda *_: 1 / 0)
    newsroom.publish(seconds=2)
    page = browser.part(address)
    assert "Regenerated, but not all of it: 1 failed." in bar(page)[0]
    assert "taiwan failed: " in page.note and page.tree.xpath("//a/@href") == ["/editors/sections/taiwan"]


def test_a_bar_says_that_no_worker_is_alive(newsroom):
    newsroom.clock.advance(3600)
    browser = newsroom.person()
    said = bar(ask_for(browser, what="all"))
    assert "No worker is running: the request waits until one starts." in said[0] and said[1] == ("0", "4")
    assert "No worker is alive" in browser.get("/").words


def test_who_asks_on_a_section_s_page_is_led_back_there_and_nowhere_else(newsroom):
    browser = newsroom.person()
    assert browser.post("/regenerations", section="taiwan", back="taiwan").location.startswith(
        "/editors/sections/taiwan?regeneration="
    )
    for back in ("china", "//evil.example", "../login", ""):
        location = browser.post("/regenerations", section="taiwan", back=back).location
        assert location.startswith("/editors/?regeneration=")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"what": "chosen"}, "Choose at least one section, then regenerate."),
        ({}, "Choose at least one section, then regenerate."),
        ({"section": "horoscope"}, "sections must have configured sections, not 'horoscope': use all, taiwan"),
        ({"section": ["taiwan", "nowhere"]}, "sections must have configured sections, not 'nowhere': use all, taiwan"),
        ({"section": "taiwan", "reason": "x" * 501}, "reason must have at most 500 characters, not 501"),
    ],
)
def test_a_regeneration_that_is_asked_for_wrongly_is_refused_in_words(dashboard, fields, words):
    dashboard.publish()
    browser = dashboard.person()
    token, before = browser.token(), dashboard.api.everything_stored()
    page = browser.post("/regenerations", token, **fields)
    assert page.status == 422 and page.note.startswith(words)
    assert dashboard.api.everything_stored() == before


def test_a_bar_that_nobody_remembers_says_so_and_stops_asking(newsroom):
    browser = newsroom.person()
    part = browser.part("/live/regenerations/forgotten")
    assert part.status == 200 and "nothing is remembered" in part.text and "hx-get" not in part.text
    assert "regeneration" not in browser.get("/?regeneration=forgotten").tree.xpath("//@id")


# Previews


def preview(page):
    """What a preview says, and what it asks for."""
    (found,) = page.tree.xpath("//*[@id='preview']")
    return " ".join(found.text_content().split()), found.get("hx-get")


def test_a_preview_says_that_no_worker_is_alive_and_comes_when_one_is(newsroom):
    newsroom.clock.advance(3600)
    browser = newsroom.person()
    said, address = preview(browser.follow(browser.post("/article/preview?id=a1")))
    assert said == "A worker is asked what it looks like … No worker is running: the request waits until one starts."
    newsroom.api.worker_seen()
    assert preview(browser.part(address)) == ("A worker is asked what it looks like …", address)
    newsroom.api.previewer.answer_all()
    part = browser.part(address)
    said, asks = preview(part)
    assert said.startswith("This is how it will stand in a feed.") and asks is None
    (frame,) = part.tree.xpath("//iframe/@src")
    assert browser.get(frame).title == "Preview"


def test_a_preview_that_is_gone_says_so_and_stops_asking(newsroom):
    browser = newsroom.person()
    _, address = preview(browser.follow(browser.post("/article/preview?id=a1")))
    newsroom.clock.advance(timedelta(minutes=10).total_seconds())
    said, asks = preview(browser.part(address))
    assert said == "This preview is gone: it is kept for ten minutes. Ask for another one." and asks is None
