"""Logging in and out."""

import re

from playwright.sync_api import expect

from tests.browser.visits import log_in


def test_logging_in_leads_to_the_overview(visit, house):
    page = visit.stranger()
    page.goto("/editors/")
    expect(page).to_have_url(re.compile("/editors/login$"))
    log_in(page, "chief", house.password_of("chief"))
    expect(page).to_have_url(re.compile("/editors/$"))
    expect(page.get_by_role("link", name="chief", exact=True)).to_be_visible()


def test_a_wrong_password_is_refused_and_the_name_stays(visit, house):
    page = visit.stranger()
    log_in(page, "chief", "not-the-one-at-all")
    expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    expect(page.get_by_label("Name")).to_have_value("chief")
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_be_focused()


def test_logging_in_leads_to_the_requested_page(visit, house):
    page = visit.stranger()
    page.goto("/editors/article?id=public-1")
    log_in(page, "chief", house.password_of("chief"))
    expect(page).to_have_url(re.compile(r"/editors/article\?id=public-1$"))
    expect(page.get_by_role("heading", name="Night train to Hualien")).to_be_visible()


def test_logging_out_invalidates_the_cookie(visit, house):
    page = visit.stranger()
    log_in(page, "chief", house.password_of("chief"))
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    kept = page.context.storage_state()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("status")).to_have_text("You are logged out.")
    thief = visit.stranger(storage_state=kept)
    thief.goto("/editors/users")
    expect(thief).to_have_url(re.compile("/editors/login"))
