"""Withdrawing one story and many: by mouse with the clicks counted, by keyboard alone, and undone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_editing import Clicks
from tests.browser.test_keyboard import enter, go
from tests.browser.visits import PHONE


def publish(house, name, number):
    """Publishes stories whose titles begin with a name; returns the titles."""
    titles = [f"{name} {letter}" for letter in "abcdefgh"[:number]]
    for title in titles:
        house.put(title.replace(" ", "-"), title=title)
    for title in titles:
        house.until_in_feed(title)
    return titles


def test_a_story_is_withdrawn_with_three_clicks_from_the_overview(visit, house):
    (title,) = publish(house, "Pulledstory", 1)
    page = visit("chief")
    click = Clicks(page)
    page.get_by_label("Find a story").fill("pulledstory")
    page.keyboard.press("Enter")
    click("link", title)
    click("link", "Withdraw …")
    page.get_by_label("Reason").fill("Legal complaint")
    click("button", "Withdraw", exact=True)
    expect(page.locator("#delivery")).to_contain_text("serves the feeds without it", timeout=20_000)
    assert title not in house.feed() and "Legal complaint" not in house.feed() and click.count == 3
    expect(page.locator("dt:has-text('Withdrawn because') + dd")).to_have_text("Legal complaint")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#delivery")).to_have_text("Restored: every web process serves it.", timeout=20_000)
    house.until_in_feed(title)


def test_stories_of_a_search_are_withdrawn_together_and_undone(visit, house):
    titles = publish(house, "Bulkstory", 3)
    page = visit("chief", "/editors/articles")
    page.get_by_label("Words in any order").fill("bulkstory")
    page.keyboard.press("Enter")
    click = Clicks(page)
    click("checkbox", "Select Bulkstory a")
    click("checkbox", "Select Bulkstory b")
    click("button", "Withdraw 2 selected …")
    main = page.get_by_role("main")
    expect(main).to_contain_text("They leave All stories, Taiwan and stay out until someone restores them")
    expect(page.get_by_role("list", name="Stories").locator("li")).to_have_count(2)
    click("button", "Withdraw 2 stories")
    served = "2 stories withdrawn: every web process serves the feeds without them."
    expect(page.locator("#delivery")).to_have_text(served, timeout=20_000)
    assert click.count == 4
    feed = house.feed()
    assert titles[0] not in feed and titles[1] not in feed and titles[2] in feed
    page.get_by_role("button", name="Undo").click()
    expect(main).to_contain_text("2 stories: 2 restored.")
    expect(page.locator("#delivery")).to_have_text("2 stories restored: every web process serves them.", timeout=20_000)
    for title in titles:
        house.until_in_feed(title)


def test_all_of_a_page_are_selected_with_one_click_and_each_box_counts(visit, house):
    publish(house, "Allstory", 3)
    page = visit("chief", "/editors/articles?q=allstory")
    page.get_by_label("Select all on this page").check()
    expect(page.get_by_role("button", name="Withdraw 3 selected …")).to_be_visible()
    page.get_by_role("checkbox", name="Select Allstory b").uncheck()
    expect(page.get_by_role("button", name="Withdraw 2 selected …")).to_be_visible()
    assert page.get_by_label("Select all on this page").evaluate("box => box.indeterminate")


def test_what_is_ticked_in_a_section_stays_when_a_story_arrives(visit, house):
    publish(house, "Tickedstory", 1)
    page = visit("chief", "/editors/sections/taiwan")
    page.evaluate("window.same = true")
    page.get_by_role("checkbox", name="Select Tickedstory a").check()
    house.put("ticked-news", title="Arrives while somebody ticks")
    arrived = page.get_by_role("checkbox", name="Select Arrives while somebody ticks")
    expect(arrived).not_to_be_checked(timeout=20_000)
    expect(page.get_by_role("checkbox", name="Select Tickedstory a")).to_be_checked()
    expect(page.get_by_role("button", name="Withdraw 1 selected …")).to_be_visible()
    expect(page.get_by_label("Select all on this page")).to_be_visible()
    assert page.evaluate("window.same")
    page.get_by_role("button", name="Withdraw 1 selected …").click()
    expect(page.locator("h1")).to_have_text("Withdraw this story?")
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_url(re.compile("/editors/sections/taiwan$"))
    assert "Tickedstory a" in house.feed()


def test_without_scripts_all_of_a_page_are_withdrawn(visit, house):
    titles = publish(house, "Plainstory", 2)
    page = visit("chief", "/editors/articles?q=plainstory", java_script_enabled=False)
    expect(page.get_by_label("Select all on this page")).to_be_hidden()
    page.get_by_role("button", name="Withdraw all on this page …").click()
    page.get_by_role("button", name="Withdraw 2 stories").click()
    expect(page.locator("h1")).to_have_text("Withdrawal of 2 stories")
    for title in titles:
        house.until_gone(title)


def test_by_keyboard_alone(visit, house):
    titles = publish(house, "Keystory", 2)
    page = visit("chief", "/editors/articles?q=keystory")
    go(page, "Select Keystory a")
    page.keyboard.press("Space")
    enter(page, "Withdraw 1 selected …", "Shift+Tab")
    go(page, "Reason")
    page.keyboard.type("Duplicate")
    enter(page, "Withdraw story")
    expect(page.locator("dt:has-text('Reason') + dd")).to_have_text("Duplicate")
    house.until_gone(titles[0])
    enter(page, "Undo")
    expect(page).to_have_url(re.compile(r"/editors/article\?"))
    house.until_in_feed(titles[0])


@pytest.mark.parametrize("width", [1280, PHONE])
def test_axe_finds_nothing_in_the_question_and_the_result(visit, house, width):
    from tests.browser.test_for_everybody import violations

    publish(house, f"Axestory{width}", 2)
    page = visit("chief", f"/editors/articles?q=axestory{width}", width=width)
    assert not violations(page)
    page.get_by_role("button", name="Withdraw all on this page …").click()
    assert not violations(page)
    page.get_by_role("button", name="Withdraw 2 stories").click()
    expect(page.locator("h1")).to_have_text("Withdrawal of 2 stories")
    assert not violations(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("main")).to_contain_text("2 restored")
    assert not violations(page)
