"""Tokens and users: creating, revoking, disabling."""

import re

from playwright.sync_api import expect

from tests.browser.visits import log_in


def ask(house, secret):
    """Returns the status of an API request with this token."""
    return house.service.get("/api/v1/sections", {"Authorization": f"Bearer {secret}"}).status


def add_user(page, name, *scopes):
    """Adds a user; returns the link that is shown."""
    page.goto("/editors/users")
    page.get_by_label("Name", exact=True).fill(name)
    if scopes:
        page.get_by_role("radio", name=re.compile("^Custom")).check()
    for scope in scopes:
        page.get_by_role("checkbox", name=re.compile(f"^{scope}")).check()
    page.get_by_role("button", name="Add user").click()
    return page.get_by_label("Link", exact=True).inner_text()


def choose_password(page, link, password):
    """Sets a password by its link, and logs in with it."""
    page.goto(link)
    page.get_by_label("New password (at least 12").fill(password)
    page.get_by_label("Confirm new password").fill(password)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("status")).to_have_text("Password set. Log in with it.")


def test_a_token_works_until_it_is_revoked(visit, house):
    page = visit("chief", "/editors/tokens")
    page.get_by_label("Name", exact=True).fill("a cms")
    page.get_by_role("checkbox", name=re.compile("^read")).check()
    page.get_by_role("button", name="Create token").click()
    secret = page.get_by_label("Secret").inner_text()
    assert ask(house, secret) == 200
    page.get_by_role("button", name="Revoke a cms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke this token?")
    assert ask(house, secret) == 200
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("status").first).to_have_text("Token a cms revoked: it no longer works.")
    assert ask(house, secret) == 401
    assert secret not in page.content()


def test_a_secret_is_shown_once(visit):
    page = visit("chief", "/editors/tokens")
    page.get_by_label("Name", exact=True).fill("once")
    page.get_by_role("checkbox", name=re.compile("^read")).check()
    page.get_by_role("button", name="Create token").click()
    secret = page.get_by_label("Secret").inner_text()
    page.goto("/editors/tokens")
    assert secret not in page.content()


def test_a_token_without_permissions_is_refused(visit):
    page = visit("chief", "/editors/tokens")
    page.get_by_label("Name", exact=True).fill("idle")
    page.get_by_role("button", name="Create token").click()
    first = page.get_by_role("checkbox", name=re.compile("^read"))
    expect(first).to_be_focused()
    expect(page.get_by_role("group", name="Permissions")).to_have_accessible_description(
        "Choose at least one permission."
    )
    expect(page.get_by_label("Name", exact=True)).to_have_value("idle")


def test_a_new_user_logs_in_and_is_logged_out_when_disabled(visit):
    chief = visit("chief", "/editors/users")
    other, password = visit.stranger(), "orchard-31-teapot"
    choose_password(other, add_user(chief, "new-one", "preview"), password)
    log_in(other, "new-one", password)
    expect(other.get_by_role("link", name="new-one")).to_be_visible()
    expect(other.get_by_role("link", name="Users")).to_have_count(0)
    chief.goto("/editors/users/new-one")
    chief.get_by_role("button", name="Disable").click()
    expect(chief.get_by_role("heading", level=1)).to_have_text("Disable new-one?")
    chief.get_by_role("button", name="Disable").click()
    expect(chief.get_by_role("status").first).to_contain_text("new-one is logged out")
    expect(other).to_have_url(re.compile("/editors/login"))  # The open page redirects automatically.
    log_in(other, "new-one", password)
    expect(other.get_by_role("alert").first).to_contain_text("Wrong name or password")


def test_a_password_set_by_link_ends_existing_sessions(visit, house):
    password, new = house.create_user("forgetful", ("read",)), "orchard-37-teapot"
    other = visit.stranger()
    log_in(other, "forgetful", password)
    expect(other.get_by_role("button", name="Log out")).to_be_visible()
    chief = visit("chief", "/editors/users/forgetful")
    chief.get_by_role("button", name="Create password link").click()
    third = visit.stranger()
    choose_password(third, chief.get_by_label("Link", exact=True).inner_text(), new)
    expect(other).to_have_url(re.compile("/editors/login"))
    log_in(third, "forgetful", new)
    expect(third.get_by_role("button", name="Log out")).to_be_visible()


def test_a_user_ends_a_session_of_another_browser(visit, house):
    password = house.create_user("travelling", ("read",))
    here, lost = visit.stranger(), visit.stranger()
    for page in (lost, here):
        log_in(page, "travelling", password)
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
    here.goto("/editors/account")
    here.get_by_role("button", name=re.compile("^End session of travelling")).click()
    here.get_by_role("button", name="End session", exact=True).click()
    expect(here.get_by_role("status").first).to_have_text("Session ended: you are logged out there.")
    expect(lost).to_have_url(re.compile("/editors/login"))


def test_a_user_changes_the_password_with_the_current_one(visit, house):
    password, new = house.create_user("careful", ("read",)), "orchard-29-teapot"
    page = visit.stranger()
    log_in(page, "careful", password)
    page.get_by_role("link", name="careful").click()
    change(page, "not-that-one-42", new)
    wrong = page.get_by_label("Current password")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_accessible_description("Wrong current password.")
    change(page, password, new)
    expect(page.get_by_role("status").first).to_contain_text("Password changed.")
    page.get_by_role("button", name="Log out").click()
    log_in(page, "careful", password)
    expect(page.get_by_role("alert").first).to_contain_text("Wrong name or password")
    log_in(page, "careful", new)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def change(page, old, new):
    page.get_by_label("Current password").fill(old)
    page.get_by_label("New password (at least 12").fill(new)
    page.get_by_label("Confirm new password").fill(new)
    page.get_by_role("button", name="Save").click()
