"""Users, tokens and the audit log in the dashboard: created, changed, disabled, and never without an admin."""

import pytest

from syndication.model.scopes import ROLES
from syndication.store.access import users
from syndication.store.access.audit_log import Act, Actor, record
from tests.support.people import OTHER, person


def secret(page):
    """Returns the password or secret that is shown once."""
    (found,) = page.tree.find_class("secret")
    return found.text_content()


@pytest.fixture
def admin(dashboard):
    return dashboard.person(name="boss")


def choose(browser, link, password=OTHER):
    """Opens a link and sets the password in its form; returns the last page."""
    page = browser.follow(browser.get(link.removeprefix("https://feeds.daily.example")))
    return browser.submit(page, "/password", new=password, again=password)


def test_a_new_user_chooses_a_password_by_a_link_that_is_shown_once(dashboard, admin):
    page = admin.post("/users", name=" Mei-Hua.Lin ", scope=["read", "preview"])
    link = secret(page)
    assert page.status == 200 and "mei-hua.lin" in page.words
    browser = dashboard.stranger()
    assert "Password set. Log in with it." in browser.follow(choose(browser, link)).words
    assert browser.log_in("mei-hua.lin", OTHER).status == 303
    assert browser.get("/upcoming").status == 200 and browser.get("/users").status == 403
    for path in ("/users", "/users/mei-hua.lin", "/audit-log"):
        assert link not in admin.get(path).text
    assert link.rsplit("/", 1)[1] not in dashboard.api.everything_stored()


def test_a_link_for_an_existing_user_ends_the_old_password_only_when_it_is_used(dashboard, admin):
    mei = person(dashboard.database)
    link = secret(admin.submit(admin.get("/users/mei"), "/users/mei/password"))
    logged_in = dashboard.person(name=mei.name)
    assert logged_in.get("/").status == 200
    browser = dashboard.stranger()
    assert choose(browser, link).location == "/editors/login"
    assert logged_in.get("/").status == 303
    assert dashboard.stranger("192.0.2.8").log_in("mei").status == 422
    assert dashboard.stranger().log_in("mei", OTHER).status == 303
    assert link not in admin.get("/users/mei").text


def test_a_disabled_user_is_enabled_with_the_same_password(dashboard, admin):
    person(dashboard.database)
    page = admin.follow(admin.submit(admin.get("/users/mei"), "/users/mei/disable"))
    assert "mei is logged out and can no longer log in." in page.words
    assert dashboard.stranger().log_in("mei").status == 422
    page = admin.follow(admin.submit(page, "/users/mei/enable"))
    assert "mei can log in again" in page.words
    assert dashboard.stranger("192.0.2.8").log_in("mei").status == 303


def test_permissions_are_changed_as_selected(dashboard, admin):
    person(dashboard.database)
    page = admin.follow(admin.post("/users/mei/scopes", scope=["admin", "read"]))
    assert "Permissions of mei changed." in page.words
    ticked = page.tree.xpath("//form[contains(@action, 'scopes')]//input[@checked]/@value")
    assert ticked == ["custom", "read", "admin"]


def test_a_role_is_chosen_in_place_of_single_permissions(dashboard, admin):
    admin.post("/users", name="mei", role="editor", scope=["read", "admin"])
    with dashboard.database.read() as conn:
        assert users.find_by_name(conn, "mei").scopes == ROLES["editor"]
    page = admin.follow(admin.post("/users/mei/scopes", role="producer"))
    chosen = page.tree.xpath("//input[@name='role'][@checked]/@value")
    assert chosen == ["producer"]
    roles = {row[0].text_content(): row[2].text_content() for row in admin.get("/users").tree.xpath("//tbody/tr")}
    assert roles == {"boss": "Admin", "mei": "Producer"}


DAYS = "The number of days must be a number from 1 to 36500, or empty."


@pytest.mark.parametrize(
    ("path", "fields", "status", "words"),
    [
        ("/users", {"name": "Lin Mei", "scope": "read"}, 422, "The name must have 1 to 64 lower-case letters"),
        ("/users", {"name": "", "scope": "read"}, 422, "The name must not be empty"),
        ("/users", {"name": "mei"}, 422, "Choose at least one permission."),
        ("/users", {"name": "mei", "scope": "root"}, 422, "The permissions must be 'read', 'preview'"),
        ("/users", {"name": "boss", "scope": "read"}, 422, "A user named 'boss' already exists: choose another name"),
        ("/users/boss/disable", {}, 422, "boss is the last user with the scope admin: give it to another user"),
        ("/users/boss/scopes", {"scope": "read"}, 422, "boss is the last user with the scope admin: give it to"),
        ("/users/boss/scopes", {}, 422, "Choose at least one permission."),
        ("/users/nobody/disable", {}, 404, "There is no user 'nobody'."),
        ("/users/nobody/password", {}, 404, "There is no user 'nobody'."),
        ("/tokens", {"name": "", "scope": "read"}, 422, "The name must not be empty"),
        ("/tokens", {"name": "cms"}, 422, "Choose at least one permission."),
        ("/tokens", {"name": "cms", "scope": "read", "days": "soon"}, 422, DAYS),
        ("/tokens", {"name": "cms", "scope": "read", "days": "0"}, 422, DAYS),
        ("/tokens", {"name": "cms", "scope": "read", "days": "9" * 5000}, 422, DAYS),
        ("/tokens", {"name": "cms", "scope": "read", "days": "³"}, 422, DAYS),
        ("/tokens/revoke", {"id": "nothing"}, 404, "There is no active token 'nothing'."),
    ],
)
def test_invalid_forms_are_refused_and_change_nothing(dashboard, admin, path, fields, status, words):
    token, before = admin.token(), dashboard.api.everything_stored()
    page = admin.post(path, token, **fields)
    assert page.status == status and page.note.startswith(words)
    assert dashboard.api.everything_stored() == before


def test_a_token_is_shown_once_and_works_until_revoked(dashboard, admin):
    page = admin.post("/tokens", name="cms", scope=["read", "write"])
    key = secret(page)
    assert dashboard.api.get("/sections", secret=key).status == 200
    assert key not in admin.get("/tokens").text + admin.get("/audit-log").text
    page = admin.follow(admin.submit(admin.get("/tokens"), "/tokens/revoke"))
    assert "Token cms revoked" in page.words and "No active tokens." in page.words
    assert dashboard.api.get("/sections", secret=key).status == 401


def test_a_token_is_shown_as_expired_on_the_second(dashboard, admin):
    key = secret(admin.post("/tokens", name="cms", scope="read", days="1"))
    for seconds, is_open in ((86400 - 0.000001, True), (0.000001, False), (0.5, False)):
        dashboard.clock.advance(seconds)
        again = dashboard.person(name="boss")
        assert ("No active tokens." not in again.get("/tokens").words) == is_open
        assert (dashboard.api.get("/sections", secret=key).status == 200) == is_open


def test_the_audit_log_is_paginated_and_filtered(dashboard, admin):
    with dashboard.database.write() as conn:
        acts = [Act("put", f"a{number}", "created") for number in range(70)]
        record(conn, Actor("token cms", "192.0.2.1"), acts, dashboard.now)
    first = admin.get("/audit-log?act=put")
    second = admin.get(first.tree.xpath("string(//a[@rel='next']/@href)"))
    targets = [row[3].text_content().strip() for page in (first, second) for row in page.tree.xpath("//tbody/tr")]
    assert targets == [f"a{number}" for number in range(69, -1, -1)]
    assert admin.get("/audit-log?target=a7").words.count("created") == 1
    assert "No matching activity" in admin.get("/audit-log?actor=nobody").words
