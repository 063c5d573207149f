"""The page of notifications: how the channels are doing, and a test whose result appears without a reload."""

from playwright.sync_api import expect

from tests.browser.test_for_everybody import look_at


def test_a_test_is_sent_in_two_clicks_and_its_result_appears(visit, house):
    page = visit("chief", "/editors/")
    page.get_by_role("navigation").get_by_role("link", name="Notifications").click()
    desk = page.get_by_role("region", name="desk", exact=True)
    expect(desk).to_contain_text("Quiet time")
    before = len(house.mail.received)
    desk.get_by_role("button", name="Send a test to desk").click()
    expect(page.get_by_role("status")).to_contain_text("A test was requested.")
    page.evaluate("window.same = true")
    row = page.get_by_role("row").filter(has_text="Test of desk").first
    expect(row.locator(".state")).to_have_text("Sent")
    expect(desk.locator(".state").first).to_have_text("Working")
    assert page.evaluate("window.same") and len(house.mail.received) > before
    look_at(page)


def test_only_admins_send_tests(visit):
    page = visit("no-admin", "/editors/notifications")
    expect(page.get_by_role("region", name="desk", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Send a test to desk")).to_have_count(0)
