"""Letting programs and people in, and out."""

import re

from playwright.sync_api import expect

from tests.browser.visits import log_in


def ask(house, secret):
    """The status with which the API answers a program."""
    return house.service.get("/api/v1/sections", {"Authorization": f"Bearer {secret}"}).status


def let_in(page, name, *scopes):
    """Let a person in; gives the password that is shown."""
    page.goto("/editors/users")
    page.get_by_label("Name to log in with").fill(name)
    for scope in scopes:
        page.get_by_role("checkbox", name=re.compile(f"^{scope}")).check()
    page.get_by_role("button", name="Let in").click()
    return page.get_by_label("Password", exact=True).inner_text()


def test_a_token_works_until_it_is_revoked(visit, house):
    page = visit("chief", "/editors/tokens")
    page.get_by_label("Name, which says whose it is").fill("a cms")
    page.get_by_role("checkbox", name=re.compile("^read")).check()
    page.get_by_role("button", name="Make the token").click()
    secret = page.get_by_label("Secret").inner_text()
    assert ask(house, secret) == 200
    page.get_by_role("button", name="Revoke a cms").click()
    expect(page.get_by_role("status").first).to_have_text("The token a cms is revoked: it opens nothing any more.")
    assert ask(house, secret) == 401
    assert secret not in page.content()


def test_a_secret_is_shown_once(visit):
    page = visit("chief", "/editors/tokens")
    page.get_by_label("Name, which says whose it is").fill("once")
    page.get_by_role("checkbox", name=re.compile("^read")).check()
    page.get_by_role("button", name="Make the token").click()
    secret = page.get_by_label("Secret").inner_text()
    page.goto("/editors/tokens")
    assert secret not in page.content()


def test_a_token_without_a_scope_is_refused_in_words(visit):
    page = visit("chief", "/editors/tokens")
    page.get_by_label("Name, which says whose it is").fill("idle")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("alert").first).to_contain_text("scope")


def test_whoever_is_let_in_logs_in_and_is_out_at_once_when_disabled(visit):
    chief = visit("chief", "/editors/users")
    password = let_in(chief, "new-one", "preview")
    other = visit.stranger()
    log_in(other, "new-one", password)
    expect(other.get_by_role("link", name="new-one")).to_be_visible()
    expect(other.get_by_role("link", name="People")).to_have_count(0)
    chief.goto("/editors/users/new-one")
    chief.get_by_role("button", name="Let in no more").click()
    expect(chief.get_by_role("status").first).to_contain_text("new-one is logged out")
    expect(other).to_have_url(re.compile("/editors/login"))  # The page that stands open leaves by itself.
    log_in(other, "new-one", password)
    expect(other.get_by_role("alert").first).to_contain_text("Wrong name or password")


def test_a_new_password_ends_the_logins_from_before(visit, house):
    password = house.let_in("forgetful", ("read",))
    other = visit.stranger()
    log_in(other, "forgetful", password)
    expect(other.get_by_role("button", name="Log out")).to_be_visible()
    chief = visit("chief", "/editors/users/forgetful")
    chief.get_by_role("button", name="Make a new password").click()
    made = chief.get_by_label("Password", exact=True).inner_text()
    expect(other).to_have_url(re.compile("/editors/login"))
    log_in(other, "forgetful", made)
    expect(other.get_by_role("button", name="Log out")).to_be_visible()


def test_ones_own_password_is_changed_with_the_one_from_before(visit, house):
    password, new = house.let_in("careful", ("read",)), "orchard-29-teapot"
    page = visit.stranger()
    log_in(page, "careful", password)
    page.get_by_role("link", name="careful").click()
    change(page, "not-that-one-42", new)
    expect(page.get_by_role("alert").first).to_have_text("Wrong current password.")
    change(page, password, new)
    expect(page.get_by_role("status").first).to_contain_text("Your password is changed.")
    page.get_by_role("button", name="Log out").click()
    log_in(page, "careful", password)
    expect(page.get_by_role("alert").first).to_contain_text("Wrong name or password")
    log_in(page, "careful", new)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def change(page, old, new):
    page.get_by_label("The password that you have now").fill(old)
    page.get_by_label("The new one, 12").fill(new)
    page.get_by_label("The new one again").fill(new)
    page.get_by_role("button", name="Change it").click()
