"""A feed is held, rolled back and released by mouse; each task counts its clicks."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_editing import Clicks


@pytest.fixture(autouse=True)
def released_afterwards(house):
    """Other tests publish in this feed."""
    yield
    house.service.run("release", "taiwan")


def test_a_feed_is_held_with_three_clicks_and_released_with_one(visit, house):
    house.put("hold-1", title="Before the hold")
    house.until_in_feed("Before the hold")
    page = visit("chief", "/editors/sections/taiwan")
    click = Clicks(page)
    click("link", "Hold feed …")
    page.get_by_label("Reason").fill("The night desk published a wrong story")
    click("button", "Hold feed")
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("This feed is held at version")
    expect(banner).to_contain_text("by user chief")
    expect(banner).to_contain_text("The night desk published a wrong story")
    assert click.count == 2
    house.put("hold-2", title="While it is held")
    page.goto("/editors/article?id=hold-2")
    expect(page.locator("main")).to_contain_text("The feed is held at version")
    page.goto("/editors/")
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("Taiwan was held at version")
    assert "While it is held" not in house.feed()
    verdict.get_by_role("link", name="Taiwan was held").click()
    click("button", "Release feed")
    expect(page.get_by_role("status").first).to_contain_text("Released.")
    house.until_in_feed("While it is held")


def test_a_feed_is_rolled_back_with_three_clicks(visit, house):
    house.put("roll-1", title="Right story")
    house.until_in_feed("Right story")
    house.put("roll-2", title="Spoilt story")
    house.until_in_feed("Spoilt story")
    page = visit("chief", "/editors/sections/taiwan")
    click = Clicks(page)
    click("link", "Roll back …")
    page.get_by_role("link", name="Roll back to version").first.click()
    click.count += 1
    expect(page.locator("main")).to_contain_text("Removed Spoilt story")
    page.get_by_label("Reason").fill("Spoilt")
    click("button", "Roll back and hold")
    expect(page.get_by_role("alert")).to_contain_text("This feed is rolled back to version")
    house.until_gone("Spoilt story")
    assert "Right story" in house.feed() and click.count == 3
