"""Deliveries in the browser: a change gets its moments without a reload, and what waits stands first."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.visits import PHONE


def test_a_change_arrives_on_the_open_page_with_its_durations(visit, house):
    page = visit("chief", "/editors/")
    page.get_by_role("link", name="Deliveries").click()
    page.get_by_label("Order").select_option("Newest first")
    page.get_by_role("button", name="Filter").click()
    page.evaluate("window.same = true")
    house.put("delivered", title="Delivered before your eyes")
    row = page.get_by_role("row").filter(has_text="Delivered before your eyes")
    expect(row).to_contain_text(re.compile(r"Taiwan: [\d.]+ s to version \d+, [\d.]+ s to readers"), timeout=30_000)
    assert page.evaluate("window.same")
    row.get_by_role("link", name="Taiwan").click()
    expect(page).to_have_url(re.compile("/editors/sections/taiwan/versions$"))
    page.go_back()
    row.get_by_role("link", name="Delivered before your eyes").click()
    expect(page.locator("h1")).to_have_text("Delivered before your eyes")
    page.get_by_role("link", name="When its changes reached readers").click()
    expect(page.locator("table.deliveries tbody tr")).to_have_count(1)


def test_an_embargo_stands_above_the_list_without_alarm(visit, house):
    house.put("delivered-later", title="Not yet", published_at=datetime.now(UTC) + timedelta(hours=2))
    page = visit("chief", "/editors/deliveries?waiting=1")
    row = page.get_by_role("row").filter(has_text="Not yet")
    expect(row).to_contain_text("Under embargo until", timeout=30_000)
    expect(page.locator("#waiting-changes .note").first).to_contain_text("Under embargo:")
    assert page.locator("#waiting-changes [role=alert]").count() == 0


def test_the_list_is_readable_on_a_phone(visit, house):
    house.put("delivered-phone", title="On a phone " + "with a long title " * 5)
    page = visit("chief", "/editors/deliveries?order=newest", width=PHONE)
    expect(page.locator("table.deliveries")).to_contain_text("s to readers", timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
