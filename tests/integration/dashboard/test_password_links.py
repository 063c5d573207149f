"""Setting a password by a link: once, within an hour, by whoever has it, and with as many tries as log-ins have."""

import pytest

from syndication.store.access import password_links, user_changes, users
from tests.support.people import BOSS, OTHER, PASSWORD, change, hash_of, person


@pytest.fixture
def mei(dashboard):
    return person(dashboard.database)


def link_for(dashboard, user):
    return change(dashboard.database, password_links.create, user)[0]


def opened(dashboard, secret, address="192.0.2.7"):
    """Returns a browser and the page that a link leads to."""
    browser = dashboard.stranger(address)
    first = browser.get(f"/password/{secret}")
    assert (first.status, first.location) == (303, "/editors/password")
    return browser, browser.follow(first)


def set_password(browser, page, password=OTHER, again=None):
    return browser.submit(page, "/password", new=password, again=password if again is None else again)


def invalid(page):
    return (page.status, page.title) == (410, "Link not valid")


def test_the_secret_is_in_no_page_and_opening_uses_nothing_up(dashboard, mei):
    secret = link_for(dashboard, mei)
    for _ in range(3):
        browser, page = opened(dashboard, secret)
        assert (page.status, page.title) == (200, "Choose a password") and "mei" in page.words
        assert secret not in page.text
    assert set_password(browser, page).location == "/editors/login"


def test_a_previewer_of_links_uses_nothing_up_and_gets_no_secret(dashboard, mei):
    secret = link_for(dashboard, mei)
    dashboard.stranger().get("/login")  # Makes the key that signs cookies.
    before = dashboard.api.everything_stored()
    for method in ("HEAD", "GET", "OPTIONS"):
        answer = dashboard.stranger().ask(method, f"/password/{secret}")
        assert secret not in answer.text and secret not in (answer.location or "")
        if method != "OPTIONS":
            assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    browser, page = opened(dashboard, secret)
    for method in ("HEAD", "GET"):
        assert browser.ask(method, "/password").status == 200
    assert dashboard.api.everything_stored() == before
    assert set_password(browser, page).status == 303


def test_a_link_that_is_far_too_long_is_not_valid(dashboard):
    browser, page = opened(dashboard, "x" * 3000)
    assert invalid(page) and len(browser.cookie) < 500


def test_a_link_works_once_and_for_an_hour(dashboard, mei):
    secret = link_for(dashboard, mei)
    first, page = opened(dashboard, secret)
    second, same = opened(dashboard, secret)
    assert set_password(first, page).status == 303
    assert invalid(set_password(second, same, "another lantern over Jiufen"))
    assert invalid(opened(dashboard, secret)[1])
    assert dashboard.stranger().log_in("mei", OTHER).status == 303
    late = link_for(dashboard, mei)
    dashboard.clock.advance(3599.999)
    assert opened(dashboard, late)[1].status == 200
    dashboard.clock.advance(0.001)
    assert invalid(opened(dashboard, late)[1])


def test_a_newer_link_a_new_password_and_a_disabled_user_end_a_link(dashboard, mei):
    person(dashboard.database, "boss", "admin")
    older = link_for(dashboard, mei)
    newer = link_for(dashboard, mei)
    assert invalid(opened(dashboard, older)[1]) and opened(dashboard, newer)[1].status == 200
    with dashboard.database.write() as conn:
        user_changes.set_password(conn, mei, hash_of(OTHER), BOSS, dashboard.now)
    assert invalid(opened(dashboard, newer)[1])
    last = link_for(dashboard, mei)
    change(dashboard.database, user_changes.disable, mei)
    assert invalid(opened(dashboard, last)[1])
    with dashboard.database.read() as conn:
        disabled = users.find(conn, mei.id)
    change(dashboard.database, user_changes.enable, disabled)
    assert invalid(opened(dashboard, last)[1])


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        (OTHER, PASSWORD, "The passwords do not match."),
        ("password1234", "password1234", "The password is too easy to guess"),
        ("short", "short", "The password must have at least 12 characters"),
    ],
)
def test_a_refused_password_leaves_the_link_as_it_is(dashboard, mei, password, again, words):
    browser, page = opened(dashboard, link_for(dashboard, mei))
    refused = set_password(browser, page, password, again)
    assert refused.status == 422 and refused.note.startswith(words)
    assert set_password(browser, refused).status == 303


def test_guesses_are_limited_like_log_ins_and_recorded(dashboard, mei):
    secret = link_for(dashboard, mei)
    limit = dashboard.api.settings.editors.failed_attempts
    for number in range(limit):
        assert invalid(opened(dashboard, f"guess-{number}")[1])
    for tried in ("one-more", secret):
        page = opened(dashboard, tried)[1]
        assert page.status == 429 and page.headers["Retry-After"] and "Too many failed attempts" in page.note
    assert dashboard.stranger().log_in("mei").status == 429
    assert opened(dashboard, secret, "192.0.2.8")[1].status == 200
    (entry,) = dashboard.api.audit(act="use password link")
    assert (entry.actor, entry.target, entry.outcome, entry.times) == ("anonymous", "unknown user", "refused", limit)


def test_a_link_does_not_go_around_the_second_factor_and_is_recorded(dashboard, mei):
    browser, page = opened(dashboard, link_for(dashboard, mei))
    set_password(browser, page)
    assert browser.get("/").location == "/editors/login"
    (entry,) = dashboard.api.audit(act="change password of user")
    assert (entry.actor, entry.source, entry.target, entry.detail) == ("user mei", "192.0.2.7", "mei", "by link")


def test_without_a_link_the_page_says_what_to_do(dashboard):
    page = dashboard.stranger().get("/password")
    assert invalid(page) and "Ask an admin for a new one." in page.words
