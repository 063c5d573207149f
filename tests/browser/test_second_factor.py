"""The second factor in a real browser: set up by keyboard on a phone's width, asked for, and turned off."""

import re
from time import time

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.test_for_everybody import look_at, violations
from tests.browser.visits import PHONE, fits, log_in


@pytest.fixture
def somebody(house, request):
    """Returns the name and password of a user for this test only."""
    name = f"somebody-{abs(hash(request.node.name)) % 10**8}"
    return name, house.create_user(name, ("read",))


def set_up(page, password):
    """Turns it on with the keyboard alone; returns the authenticator app and the recovery codes."""
    page.goto("/editors/account")
    page.get_by_role("link", name="Set up a second factor").press("Enter")
    page.get_by_label("Password").focus()
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    picture = page.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    look_at(page)
    app = pyotp.TOTP(page.get_by_label("Key").inner_text())
    page.get_by_label("6-digit code").focus()
    page.keyboard.type(app.now())
    page.keyboard.press("Enter")
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    return app, codes.all_inner_texts()


def test_it_is_set_up_asked_for_and_turned_off(visit, somebody):
    name, password = somebody
    page = visit.stranger(width=PHONE)
    log_in(page, name, password)
    app, codes = set_up(page, password)
    look_at(page)
    page.get_by_role("button", name="Log out").click()
    log_in(page, name, password)
    expect(page).to_have_url(re.compile("/editors/login/code$"))
    expect(page.get_by_label("Code")).to_be_focused()
    look_at(page)
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Wrong code.")
    assert not violations(page) and fits(page)
    # Apps show the code with a space. The next code, because the current one was already used.
    following = app.at(time() + 30)
    page.keyboard.type(f"{following[:3]} {following[3:]}")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/editors/$"))
    page.goto("/editors/account/second-factor")
    look_at(page)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Code from the app, or a recovery code").fill(codes[0])
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("status")).to_contain_text("Second factor turned off.")


def test_an_admin_resets_the_second_factor_of_a_lost_phone(visit, somebody):
    name, password = somebody
    page = visit.stranger()
    log_in(page, name, password)
    set_up(page, password)
    boss = visit("chief", f"/editors/users/{name}")
    expect(boss.get_by_text("On since")).to_be_visible()
    look_at(boss)
    boss.get_by_role("button", name="Reset second factor").click()
    boss.get_by_role("button", name="Reset second factor").click()
    expect(boss.get_by_role("status")).to_contain_text(f"Second factor of {name} removed.")
    expect(page).to_have_url(re.compile("/editors/login"))  # The open page redirects automatically.
