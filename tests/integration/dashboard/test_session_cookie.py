"""The session cookie of the dashboard: attributes, validity and revocation."""

from dataclasses import replace
from http.cookies import SimpleCookie

import pytest

from syndication.auth.known_devices import COOKIE as DEVICE
from syndication.store.access import user_changes, users
from syndication.store.db.database import Database
from tests.support.dashboard import COOKIE, PREFIX, Dashboard
from tests.support.people import OTHER, PASSWORD, change, hash_of, person


def is_in(browser):
    """Returns whether a user is logged in."""
    page = browser.get("/account")
    assert page.status in (200, 303)
    return page.status == 200


def copied(dashboard, browser):
    """Returns another browser with a copy of the cookie."""
    other = dashboard.stranger("198.51.100.1")
    other.cookie = browser.cookie
    return other


def do(dashboard, act, *arguments, name="mei"):
    """Applies a change of the store to a user."""
    with dashboard.database.read() as conn:
        user = users.find_by_name(conn, name)
    change(dashboard.database, act, user, *arguments)


@pytest.mark.parametrize(("base_url", "secure"), [("https://feeds.daily.example", True), ("http://127.0.0.1", False)])
def test_cookies_are_limited_to_the_dashboard_and_hidden_from_scripts(sqlite_dashboard, base_url, secure):
    sqlite_dashboard.restart(site=replace(sqlite_dashboard.desk.site, base_url=base_url))
    person(sqlite_dashboard.database)
    browser = sqlite_dashboard.stranger()
    for page, names in ((browser.get("/login"), {COOKIE}), (browser.log_in("mei"), {COOKIE, DEVICE})):
        kept = [one for cookie in page.cookies for one in SimpleCookie(cookie).values()]
        assert {one.key for one in kept} == names and len(kept) == len(names) and "Cookie" in page.headers["Vary"]
        for one in kept:
            assert (one["httponly"], one["samesite"], one["path"], one["domain"]) == (True, "Lax", PREFIX, "")
            assert bool(one["secure"]) == secure
            # The session ends with the browser; the device cookie persists and grants no access.
            assert one["max-age"] == ("" if one.key == COOKIE else str(365 * 86400))
    assert is_in(browser) and not browser.get("/").cookies


def test_a_cookie_is_valid_in_every_web_process_of_one_newsroom(dashboard, new_url, clock):
    browser = dashboard.person("read", name="mei")
    other = Dashboard(Database(new_url(dashboard.database.dialect), clock=clock), clock)
    assert is_in(other.person("read", name="mei")) and not is_in(copied(other, browser))
    dashboard.restart()
    assert is_in(copied(dashboard, browser))
    other.database.close()


def test_a_modified_cookie_is_invalid(sqlite_dashboard):
    browser = sqlite_dashboard.person("read", name="mei")
    cookie = browser.cookie
    # Two bits of the last character are unused.
    changed = [cookie[:n] + ("A" if cookie[n] != "A" else "B") + cookie[n + 1 :] for n in range(len(cookie) - 1)]
    other = sqlite_dashboard.stranger()
    for other.cookie in (*changed, cookie[:-2], cookie + "x", "", "x", "..", "a.b.c", "é", "x" * 3000):
        assert not is_in(other)
    assert is_in(browser)


def test_a_signed_unknown_secret_is_invalid(dashboard):
    dashboard.person("read", name="mei")
    for secret in ("", "x", "é\x00", "\ud800"):
        browser = dashboard.stranger()
        with browser.client.session_transaction(f"{PREFIX}/") as session:
            session["login"] = secret
        assert not is_in(browser)


ENDS = {
    "the password is changed": lambda d: do(d, user_changes.set_password, hash_of(OTHER)),
    "the scopes are changed": lambda d: do(d, user_changes.set_scopes, ("read", "preview")),
    "the person is disabled": lambda d: do(d, user_changes.disable),
    "the hours are over": lambda d: d.clock.advance(12 * 3600),
    "an admin changes the scopes": lambda d: d.person().post("/users/mei/scopes", scope="read"),
    "an admin disables": lambda d: d.person().post("/users/mei/disable"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_cookie_becomes_invalid_when(dashboard, end):
    browser = dashboard.person("read", name="mei")
    assert is_in(browser)
    ENDS[end](dashboard)
    assert not is_in(browser) and browser.get("/").location == "/editors/login"
    if "disable" in end:
        do(dashboard, user_changes.enable)
        assert not is_in(browser)


def test_a_session_lasts_for_the_configured_hours(sqlite_dashboard):
    browser = sqlite_dashboard.person("read")
    sqlite_dashboard.clock.advance(12 * 3600 - 0.001)
    assert is_in(browser)


def test_logging_out_invalidates_every_copy_of_the_cookie(dashboard):
    browser, elsewhere = dashboard.person("read", name="mei"), dashboard.person("read", name="mei")
    copy = copied(dashboard, browser)
    page = browser.post("/logout")
    assert page.location == "/editors/login" and "You are logged out." in browser.follow(page).words
    assert not is_in(browser) and not is_in(copy) and is_in(elsewhere)
    assert [act.outcome for act in dashboard.api.audit(act="log out")] == ["logged out"]


def test_changing_the_password_ends_all_other_sessions(dashboard):
    browser, elsewhere = dashboard.person("read", name="mei"), dashboard.person("read", name="mei")
    page = browser.post("/account", old=PASSWORD, new=OTHER, again=OTHER)
    assert "Password changed." in browser.follow(page).words
    assert is_in(browser) and not is_in(elsewhere)
    assert dashboard.stranger().log_in("mei").status == 422
    assert dashboard.stranger().log_in("mei", OTHER).status == 303


def test_session_fixation_is_prevented(dashboard):
    person(dashboard.database)
    stranger = dashboard.stranger("198.51.100.1")
    token = stranger.token()
    victim = copied(dashboard, stranger)
    assert victim.post("/login", token, name="mei", password=PASSWORD).status == 303
    assert is_in(victim) and not is_in(stranger) and victim.cookie != stranger.cookie
    assert victim.post("/logout", token).status == 400 and is_in(victim)


def test_logging_in_again_ends_the_previous_session(dashboard):
    browser = dashboard.person("read", name="wu")
    copy = copied(dashboard, browser)
    person(dashboard.database)
    assert browser.log_in("mei").status == 303
    assert browser.get("/account").title == "mei" and not is_in(copy)
