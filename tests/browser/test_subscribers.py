"""Subscribers by push: an admin pauses, resumes and removes one in the browser, with scripts and without."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import PHONE, fits
from tests.support.subscribers import subscribe

LATER = {"version": 1_000_000}


@pytest.fixture
def subscriber(house, request):
    """The number of a subscriber of this test's own, to which nothing is due."""
    name = request.node.name.replace("[", "-").replace("]", "")
    callback = f"https://{name}.example/push?token=of-{name}"
    (id,) = subscribe(house.database, {"host": f"{name}.example:443", "callback": callback} | LATER)
    return id


def test_subscriber_is_paused_resumed_and_removed(visit, subscriber):
    page = visit("chief", "/editors/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Subscribers").click()
    page.get_by_role("link", name="All subscribers").click()
    page.locator(f"a[href='/editors/subscribers/{subscriber}']").click()
    expect(page.get_by_text("?token=of-")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#subscriber .state").first).to_have_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#subscriber .state").first).to_have_text("Up to date")
    page.get_by_role("button", name="Remove …").click()
    expect(page.get_by_role("heading", name="Remove this subscriber?")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("The subscription is removed")).to_be_visible()
    expect(page.locator(f"a[href='/editors/subscribers/{subscriber}']")).to_have_count(0)


def test_page_follows_what_happens(visit, house, subscriber):
    page = visit("chief", f"/editors/subscribers/{subscriber}")
    expect(page.locator("#subscriber .state").first).to_have_text("Up to date")
    house.run_sql(
        "UPDATE hub_subscription SET given_up_at = expires_at, error = 'timed out' WHERE id = :id", id=subscriber
    )
    expect(page.locator("#subscriber .state").first).to_have_text("Parked")
    house.run_sql("DELETE FROM hub_subscription WHERE id = :id", id=subscriber)


def test_navigation_shows_the_groups_on_a_phone_and_all_pages_on_a_desk(visit):
    page = visit("chief", "/editors/subscribers")
    nav = page.get_by_role("navigation", name="Main")
    assert nav.get_by_role("link").filter(visible=True).all_inner_texts()[:3] == ["Overview", "Articles", "Upcoming"]
    expect(nav.get_by_role("link", name="Audit log")).to_be_visible()
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert nav.get_by_role("link").filter(visible=True).all_inner_texts() == [
        "Overview", "Stories", "Feeds", "Feeds", "Deliveries", "Subscribers", "Statistics", "Setup",
    ]  # fmt: skip
    assert fits(page)
    nav.get_by_role("link", name="Setup").click()
    nav.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("heading", name="Audit log")).to_be_visible()
