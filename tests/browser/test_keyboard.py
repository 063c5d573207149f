"""Each task with the keyboard alone: Tab, Shift+Tab, Enter and Space, with a visible focus."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  return {
    name: element.getAttribute("aria-label") || (element.labels && element.labels[0]?.innerText) || element.innerText,
    shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
      && box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""

MOST = 80
"""The maximum number of key presses."""


def go(page, name, key="Tab"):
    """Presses the key until the named element has the focus, which must always be visible."""
    passed = []
    for _ in range(MOST):
        page.keyboard.press(key)
        focused = page.evaluate(FOCUSED)
        assert focused["shown"], focused
        passed.append(" ".join((focused["name"] or "").split()))
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"{name} is not among {passed}")


def enter(page, name, key="Tab"):
    """Moves the focus there, presses Enter and waits for the next page."""
    go(page, name, key)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_logging_in(visit, house):
    page = visit.stranger()
    page.goto("/editors/login")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("chief")
    go(page, "Password")
    page.keyboard.type(house.password_of("chief"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/editors/$"))


def test_regenerating_one_section(visit):
    page = visit("chief")
    go(page, "Select Taiwan")
    page.keyboard.press("Space")
    enter(page, "Regenerate selected", "Shift+Tab")
    expect(page.get_by_text("Finished:")).to_be_visible()
    expect(page.get_by_role("region", name="Regeneration")).to_contain_text("1 of 1")


def test_finding_a_story_withdrawing_and_restoring_it(visit, house):
    title = "Found by the keyboard"
    house.put("by-keyboard", title=title)
    house.until_in_feed(title)
    page = visit("chief")
    enter(page, "Articles")
    go(page, "Words in any order")
    page.keyboard.type("by the keyboard")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, title)
    enter(page, "Withdraw …")
    enter(page, "Withdraw")
    house.until_gone(title)
    enter(page, "Restore …")
    enter(page, "Restore")
    house.until_in_feed(title)


def test_correcting_a_story(visit, house):
    house.put("corrected-by-keyboard", title="Typed with a mistaek")
    house.until_in_feed("Typed with a mistaek")
    page = visit("chief")
    go(page, "Find a story")
    page.keyboard.type("mistaek")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, "Typed with a mistaek")
    enter(page, "Edit")
    go(page, "Title")
    page.keyboard.press("Control+A")
    page.keyboard.type("Typed without a mistake")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, "Save small fix")
    house.until_in_feed("Typed without a mistake")


def test_moving_an_embargo(visit, house):
    house.put("moved-by-keyboard", title="Later than said", published_at=datetime.now(UTC) + timedelta(minutes=50))
    page = visit("chief")
    enter(page, "Upcoming")
    enter(page, "Move Later than said")
    go(page, "Publication time")
    page.get_by_label("Publication time").fill("2098-01-02T08:00")
    enter(page, "Move")
    expect(page.get_by_role("status").first).to_contain_text("02 Jan 2098, 08:00")


def test_making_and_revoking_a_token(visit):
    page = visit("chief", "/editors/tokens")
    go(page, "Name")
    page.keyboard.type("by hand")
    go(page, "read")
    page.keyboard.press("Space")
    enter(page, "Create token")
    go(page, "Secret")
    enter(page, "Revoke by hand")
    enter(page, "Revoke")
    expect(page.get_by_role("status").first).to_have_text("Token by hand revoked: it no longer works.")


@pytest.mark.parametrize("path", ["/editors/", "/editors/sections/taiwan", "/editors/tokens"])
def test_the_first_tab_skips_the_header(visit, path):
    page = visit("chief", path)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to main content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_focus_stays_on_a_link_while_the_page_changes_around_it(visit, house):
    page = visit("chief")
    go(page, "World")
    before = page.locator("#row-world td[data-label=Version]").inner_text()
    house.put("world-news", title="News of the world", sections=("world",))
    expect(page.locator("#row-world td[data-label=Version]")).not_to_have_text(before)
    expect(page.locator("#row-world").get_by_role("link").first).to_be_focused()
    go(page, "Select", "Shift+Tab")
