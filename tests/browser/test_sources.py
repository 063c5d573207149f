"""The page of sources: whether the CMS is read, and what to do; and articles that come from there."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_for_everybody import look_at
from tests.support.service import until

LIVE = "UPDATE story SET live = ? WHERE number <= ?"


@pytest.fixture
def cms(house):
    """The CMS, all of whose stories are public again afterwards, and read."""
    yield house.cms
    house.cms.do(LIVE, 1, 100)
    house.service.run("source", "resume", "cms")
    house.service.run("source", "accept", "cms")
    until(lambda: "Berth 1 reopens" in house.feed() and "cms  Up to date" in listed(house))


def listed(house):
    return house.service.run("source", "list").stdout


def source(page):
    """Returns what the page has of the source."""
    return page.get_by_role("region", name="cms", exact=True)


def state(page):
    return source(page).locator(".state").first


def figure(page, name):
    return source(page).locator("dl.figures div", has_text=name).locator("dd")


def test_a_source_that_is_read_says_so_with_its_figures(visit, house):
    page = visit("no-admin", "/editors/")
    page.get_by_role("navigation").get_by_role("link", name="Sources").click()
    expect(state(page)).to_have_text("Up to date")
    expect(figure(page, "Articles")).to_have_text("12")
    expect(figure(page, "Last read")).to_contain_text(re.compile("just now|s ago"))
    expect(source(page).locator(".note")).to_have_count(0)


def test_a_held_source_is_shown_without_reload_and_accepted(visit, house, cms):
    page = visit("chief", "/editors/sources")
    page.evaluate("window.same = true")
    cms.do(LIVE, 0, 6)
    expect(state(page)).to_have_text("Held")
    assert page.evaluate("window.same")
    expect(source(page)).to_contain_text("6 stories vanished there at once")
    expect(source(page)).to_contain_text("Call the CMS's operator")
    look_at(page)
    assert "Berth 1 reopens" in house.feed()
    page.goto("/editors/")
    page.get_by_role("link", name=re.compile("^Source cms is held: 6 stories vanished")).click()
    page.get_by_role("link", name="Accept cms …").click()
    expect(page.get_by_role("main")).to_contain_text("what is gone there leaves the feeds")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status").first).to_have_text("The next look is believed.")
    expect(state(page)).to_have_text("Up to date")
    expect(figure(page, "Articles")).to_have_text("6")
    house.until_gone("Berth 1 reopens")


def test_an_editor_is_told_that_an_admin_can_accept(visit, house, cms):
    cms.do(LIVE, 0, 6)
    page = visit("no-admin", "/editors/sources")
    expect(state(page)).to_have_text("Held")
    expect(source(page)).to_contain_text("an admin can accept it")
    expect(source(page).get_by_role("link", name="Accept cms …")).to_have_count(0)
    cms.do(LIVE, 1, 6)
    expect(state(page)).to_have_text("Up to date")


def test_a_source_that_fails_says_why_and_is_read_again_on_request(visit, house, cms):
    page = visit("chief", "/editors/sources")
    cms.do("ALTER TABLE story RENAME TO elsewhere")
    expect(state(page)).to_have_text("Failing")
    expect(source(page).locator(".note")).to_contain_text("no such table: story")
    expect(source(page).locator(".note")).to_contain_text("Its articles stay as they are.")
    look_at(page)
    page.goto("/editors/")
    expect(page.locator("#overview").get_by_role("link", name=re.compile("^Source cms failed"))).to_be_visible()
    cms.do("ALTER TABLE elsewhere RENAME TO story")
    page.goto("/editors/sources")
    page.get_by_role("button", name="Look at cms now").click()
    expect(page.get_by_role("status").first).to_contain_text("A worker looks at it")
    expect(state(page)).to_have_text("Up to date")


def test_a_paused_source_is_not_called_well_until_it_is_resumed(visit, house, cms):
    page = visit("chief", "/editors/sources")
    page.get_by_role("button", name="Pause cms").click()
    expect(state(page)).to_have_text("Paused")
    expect(source(page).locator(".note")).to_contain_text("user chief paused it")
    expect(page.get_by_role("button", name="Look at cms now")).to_have_count(0)
    look_at(page)
    page.goto("/editors/")
    expect(page.locator("#overview .verdict")).to_contain_text("Source cms is paused by user chief")
    expect(page.locator("#overview .verdict")).not_to_contain_text("All is well")
    page.goto("/editors/sources")
    page.get_by_role("button", name="Resume cms").click()
    expect(state(page)).to_have_text("Up to date")


def test_a_dry_run_shows_articles_or_what_to_mend(visit, cms):
    page = visit("no-admin", "/editors/sources")
    page.get_by_role("button", name="Dry run of cms").click()
    expect(page.get_by_role("status").first).to_have_text("cms can be read, and nothing is missing.")
    expect(page.get_by_role("region")).to_have_count(10)
    expect(page.get_by_role("region", name="Berth 1 reopens")).to_contain_text("Published")
    look_at(page)
    cms.do("ALTER TABLE story RENAME TO elsewhere")
    page.get_by_role("button", name="Repeat dry run").click()
    expect(page.get_by_role("status").first).to_contain_text("no such table: story")
    look_at(page)
    cms.do("ALTER TABLE elsewhere RENAME TO story")


def test_a_story_whose_id_is_taken_is_given_to_the_source(visit, house, cms):
    house.put("31", title="Written by the newsroom")
    house.until_in_feed("Written by the newsroom")
    cms.publish(31, headline="Written in the CMS")
    page = visit("chief", "/editors/sources")
    expect(source(page).get_by_role("heading")).to_contain_text("1 not stored")
    expect(source(page).get_by_role("row", name="31")).to_contain_text("belongs to another writer")
    look_at(page)
    page.get_by_role("link", name="Give it to cms …").click()
    expect(page.get_by_role("main")).to_contain_text("it replaces that writer's article")
    page.get_by_role("button", name="Accept").click()
    expect(source(page).get_by_role("heading")).not_to_contain_text("not stored")
    house.until_in_feed("Written in the CMS")
    cms.do("DELETE FROM story WHERE number = 31")


def test_reasons_are_shown_only_to_those_who_may_preview(visit, house, cms):
    house.put("32", title="Of the newsroom")
    cms.publish(32)
    page = visit("no-preview", "/editors/sources")
    expect(source(page).get_by_role("heading")).to_contain_text("1 not stored")
    expect(source(page)).to_contain_text("You need the preview permission to see which")
    expect(source(page)).not_to_contain_text("belongs to another writer")
    cms.do("DELETE FROM story WHERE number = 32")


def test_an_article_names_its_source_and_where_to_correct_it(visit):
    page = visit("no-admin", "/editors/article?id=2")
    expect(page.locator("dl.facts")).to_contain_text("Correct it there")
    expect(page.locator("#feed_traces")).to_contain_text("From source cms, where it is '2'")
    page.locator("dl.facts").get_by_role("link", name="cms").click()
    expect(state(page)).to_have_text("Up to date")


def test_an_editors_withdrawal_outlives_what_the_source_does(visit, house, cms):
    cms.do(LIVE, 0, 1)
    house.until_gone("Berth 1 reopens")
    page = visit("chief", "/editors/article?id=1")
    expect(page.locator("#feed_traces")).to_contain_text("no longer public there")
    page.get_by_role("link", name="Keep it out …").click()
    expect(page.get_by_role("main")).to_contain_text("a newer version from cms would bring it back")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("status").first).to_contain_text("It now stays out until someone restores it")
    cms.do(LIVE, 1, 1)
    expect(page.locator("#feed_traces")).to_contain_text("its last change there was read")
    expect(page.locator("#feed_traces")).to_contain_text("by user chief")
    page.get_by_role("link", name="Restore …").click()
    expect(page.get_by_role("main")).to_contain_text("From source cms")
    page.get_by_role("button", name="Restore").click()
    until(lambda: "Berth 1 reopens" in house.feed())
