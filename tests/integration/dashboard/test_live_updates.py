"""Live parts of pages: their content, their caching, and when they stop polling."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, update

from syndication.dashboard import overview, verdict
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import SectionStateRow
from tests.support.dashboard import Dashboard
from tests.support.desk import hold
from tests.support.newsroom import section


@contextmanager
def counted(database):
    """Records the queries that are executed meanwhile."""
    seen = []

    def note(conn, cursor, statement, *rest):
        if "FROM" in statement:
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def looks(statements):
    """Returns the number of full reads of the state; each queries the running workers once."""
    return sum("FROM worker" in statement and "seen_at <=" not in statement for statement in statements)


def live(browser):
    """Returns the address of the live part, with its digest."""
    return browser.get("/").tree.xpath("string(//*[@id='overview']/@hx-get)")


@pytest.fixture
def newsroom(dashboard, monkeypatch):
    """A newsroom with a worker and without the overview's cache."""
    for module in (overview, verdict):
        monkeypatch.setattr(module, "CACHE_SECONDS", 0.0)
    dashboard.desk.put("a1")
    dashboard.api.worker_seen()
    dashboard.publish()
    return dashboard


def test_only_changed_content_is_sent_with_a_new_digest(newsroom):
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
def test_the_cache_is_shared_only_between_users_with_equal_scopes(newsroom, scopes):
    browser = newsroom.person(*scopes)
    newsroom.person().get("/")
    assert browser.part(live(browser)).status == 204
    assert ("Next scheduled change" in browser.get("/").words) == ("preview" in scopes)
    assert ("Regenerate all" in browser.get("/").text) == ("regenerate" in scopes)


def test_many_viewers_are_served_from_one_read(dashboard, monkeypatch):
    # Longer than forty views take on a busy machine.
    for module in (overview, verdict):
        monkeypatch.setattr(module, "CACHE_SECONDS", 60.0)
    dashboard.publish()
    browsers = [dashboard.person("read") for _ in range(40)]
    with counted(dashboard.database) as statements, ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda browser: browser.part("/live/overview"), browsers))
    assert {page.status for page in pages} == {200} and len({page.text for page in pages}) == 1
    assert looks(statements) == 1


def test_an_expired_overview_is_read_again(newsroom):
    browser = newsroom.person("read")
    with counted(newsroom.database) as statements:
        browser.get("/")
        browser.part("/live/overview")
    assert looks(statements) == 3  # For the navigation and the overview of the page, and for the part.


def test_two_hundred_sections_need_no_more_queries_than_four(database, clock, monkeypatch):
    for module in (overview, verdict):
        monkeypatch.setattr(module, "CACHE_SECONDS", 0.0)
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
        # The silence of each section is queried once a minute, and the sections without a feed less often.
        # The feeds of editors are read when they have changed: at first, and in three queries.
        assert len(first) == len(again) + len(slugs) + 1 + 3
        asked.append(len(again))
    # The navigation and the overview read the state, each for itself, as nothing is kept here.
    assert asked[0] == asked[1] <= 26


# Regenerations


def ask_for(browser, **fields):
    """Requests a regeneration; returns the page that follows."""
    return browser.follow(browser.post("/regenerations", **fields))


def bar(page):
    """Returns the text of the bar, its progress, and the address it polls."""
    (found,) = page.tree.xpath("//*[@id='regeneration']")
    progress = found.find(".//progress")
    said = " ".join(found.text_content().split())
    return said, (progress.get("value"), progress.get("max")), found.get("hx-get")


def test_the_bar_advances_to_the_result(newsroom):
    browser = newsroom.person()
    newsroom.desk.put("a2", sections=("taiwan",))
    page = ask_for(browser, section=["taiwan", "china"], reason="Logo", what="chosen")
    said, far, address = bar(page)
    assert said.startswith("Regenerating 2 sections…") and said.endswith(": Logo") and far == ("0", "2")
    assert "No worker is running" not in said
    newsroom.publish(seconds=2)
    said, far, asks = bar(browser.part(address))
    assert said.startswith("Finished: 1 new version, 1 unchanged.") and far == ("2", "2") and asks is None


def test_the_bar_links_to_a_failed_section(newsroom, monkeypatch):
    browser = newsroom.person()
    address = bar(ask_for(browser, section="taiwan", what="chosen"))[2]
    monkeypatch.setattr(newsroom.desk.regenerator.renderer, "render", lambda *_: 1 / 0)
    newsroom.publish(seconds=2)
    page = browser.part(address)
    assert "Finished, 1 failed." in bar(page)[0]
    assert "taiwan failed: " in page.note and page.tree.xpath("//a/@href") == ["/editors/sections/taiwan"]


def test_the_bar_shows_that_no_worker_is_running(newsroom):
    newsroom.clock.advance(3600)
    browser = newsroom.person()
    said = bar(ask_for(browser, what="all"))
    assert "No worker is running: the request waits until one starts." in said[0] and said[1] == ("0", "4")
    assert "No worker is running" in browser.get("/").words


def test_a_request_from_a_section_page_returns_there(newsroom):
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
        ({"what": "chosen"}, "Select at least one section."),
        ({}, "Select at least one section."),
        ({"section": "horoscope"}, "Sections must have configured sections, not 'horoscope': use all, taiwan"),
        ({"section": ["taiwan", "nowhere"]}, "Sections must have configured sections, not 'nowhere': use all, taiwan"),
        ({"section": "taiwan", "reason": "x" * 501}, "The reason must have at most 500 characters, not 501"),
    ],
)
def test_an_invalid_regeneration_is_refused(dashboard, fields, words):
    dashboard.publish()
    browser = dashboard.person()
    token, before = browser.token(), dashboard.api.everything_stored()
    page = browser.post("/regenerations", token, **fields)
    assert page.status == 422 and page.note.startswith(words)
    assert dashboard.api.everything_stored() == before


def test_an_expired_bar_stops_polling(newsroom):
    browser = newsroom.person()
    part = browser.part("/live/regenerations/forgotten")
    assert part.status == 200 and "has expired" in part.text and "hx-get" not in part.text
    assert "regeneration" not in browser.get("/?regeneration=forgotten").tree.xpath("//@id")


# Previews


def preview(page):
    """Returns the text of a preview, and the address it polls."""
    (found,) = page.tree.xpath("//*[@id='preview']")
    return " ".join(found.text_content().split()), found.get("hx-get")


def test_a_preview_waits_for_a_worker(newsroom):
    newsroom.clock.advance(3600)
    browser = newsroom.person()
    said, address = preview(browser.follow(browser.post("/article/preview?id=a1")))
    assert said == "Rendering preview… No worker is running: the request waits until one starts."
    newsroom.api.worker_seen()
    assert preview(browser.part(address)) == ("Rendering preview…", address)
    newsroom.api.previewer.answer_all()
    part = browser.part(address)
    said, asks = preview(part)
    assert said.startswith("How it will appear in a feed.") and asks is None
    (frame,) = part.tree.xpath("//iframe/@src")
    assert browser.get(frame).title == "Preview"


def test_an_expired_preview_stops_polling(newsroom):
    browser = newsroom.person()
    _, address = preview(browser.follow(browser.post("/article/preview?id=a1")))
    newsroom.clock.advance(timedelta(minutes=10).total_seconds())
    said, asks = preview(browser.part(address))
    assert said == "This preview has expired after 10 minutes. Request a new one." and asks is None


def test_a_held_section_is_shown_and_released_with_a_button(newsroom, clock):
    hold(newsroom.desk)
    for n in range(3):
        newsroom.desk.put(f"b{n}")
    newsroom.publish(seconds=2)
    with newsroom.database.write() as conn:
        conn.execute(delete(ArticleRow))
    newsroom.publish(seconds=2)
    browser = newsroom.person()
    overview_page = browser.get("/")
    assert "Taiwan is held: 4 of 4 entries vanished." in overview_page.words
    (row,) = overview_page.tree.xpath("//tr[@id='row-taiwan']")
    assert "Held 4 of 4 entries vanished" in " ".join(row.text_content().split())
    assert "Publish without them" not in newsroom.person("read").get("/sections/taiwan").text
    page = browser.get("/sections/taiwan")
    assert "4 of 4 entries vanished from the newsroom's database" in page.note
    after = browser.follow(browser.submit(page, "/sections/taiwan/release"))
    assert "published without the vanished entries within a second" in after.text and after.note == ""
    newsroom.publish(seconds=2)
    assert "This feed is empty" in browser.get("/sections/taiwan").words


def test_missed_changes_are_shown_for_an_hour(newsroom, clock):
    with newsroom.database.write() as conn:
        conn.execute(update(SectionStateRow).values(missed_at=clock(), missed_entries=1))
    browser = newsroom.person()
    assert "Changes of 1 entry were missed" in browser.get("/sections/taiwan").words
    assert "Missed changes found and published: All stories (1)" in browser.get("/").words
    clock.advance(3600)
    assert "were missed" not in browser.get("/sections/taiwan").words
