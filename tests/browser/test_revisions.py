"""A story's revisions are compared and restored by mouse, without colour, at every width."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.test_editing import Clicks


def test_two_states_are_compared_and_one_is_restored(visit, house):
    at = datetime.now(UTC) - timedelta(hours=1)
    house.put("revised", title="Nigth bus to Tainan", html="<p>It leaves at <b>ten</b>.</p>", published_at=at)
    house.until_in_feed("Nigth bus to Tainan")
    house.put("revised", title="Night bus to Tainan", html="<p>It leaves at <b>nine</b>.</p>", published_at=at)
    house.until_in_feed("Night bus to Tainan")
    page = visit("chief", "/editors/article?id=revised")
    click = Clicks(page)
    click("link", "Revisions", exact=True)
    click("link", "Compare with now")
    sides = page.locator("table.sides")
    expect(sides.locator("del")).to_have_text(["Nigth", "ten"])
    expect(sides.locator("ins")).to_have_text(["Night", "nine"])
    lines = [
        sides.locator(mark).first.evaluate("e => getComputedStyle(e).textDecorationLine") for mark in ("del", "ins")
    ]
    assert lines == ["line-through", "underline"]
    click("link", "Restore the older one …")
    expect(page.get_by_role("region", name="What changes")).to_contain_text("ten")
    click("button", "Restore as small fix")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nigth bus to Tainan")
    assert click.count == 4
    house.until_in_feed("Nigth bus to Tainan")


def test_a_comparison_fits_a_phone(visit, house):
    house.put("narrow", title="An " + "unbreakable" * 20)
    house.until_in_feed("unbreakable")
    house.put("narrow", title="A " + "unbreakable" * 20 + " title")
    house.until_in_feed("unbreakable title")
    page = visit("chief", "/editors/article/revisions?id=narrow")
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("link", name="Compare with now").first.click()
    expect(page.locator("table.sides ins").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
