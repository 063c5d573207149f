"""People, tokens and the log in the dashboard: let in, changed, kept out, and never left without an admin."""

import pytest

from syndication.store.access.audit_log import Act, Actor, record
from tests.support.people import person


def secret(page):
    """The password or the secret that is shown this once."""
    (found,) = page.tree.find_class("secret")
    return found.text_content()


@pytest.fixture
def admin(dashboard):
    return dashboard.person(name="boss")


def test_who_is_let_in_has_a_password_that_is_shown_once_and_stored_nowhere(dashboard, admin):
    page = admin.post("/users", name=" Mei-Hua.Lin ", scope=["read", "preview"])
    password = secret(page)
    assert page.status == 200 and "mei-hua.lin" in page.words
    browser = dashboard.stranger()
    assert browser.log_in("mei-hua.lin", password).status == 303
    assert browser.get("/upcoming").status == 200 and browser.get("/users").status == 403
    for path in ("/users", "/users/mei-hua.lin", "/audit-log"):
        assert password not in admin.get(path).text
    assert password not in dashboard.api.everything_stored()


def test_a_new_password_is_shown_once_and_the_old_one_opens_nothing(dashboard, admin):
    person(dashboard.database)
    page = admin.submit(admin.get("/users/mei"), "/users/mei/password")
    assert dashboard.stranger().log_in("mei", secret(page)).status == 303
    assert dashboard.stranger("192.0.2.8").log_in("mei").status == 422
    assert secret(page) not in admin.get("/users/mei").text


def test_who_is_disabled_is_let_in_again_with_the_password_from_before(dashboard, admin):
    person(dashboard.database)
    page = admin.follow(admin.submit(admin.get("/users/mei"), "/users/mei/disable"))
    assert "mei is logged out and cannot log in any more." in page.words
    assert dashboard.stranger().log_in("mei").status == 422
    page = admin.follow(admin.submit(page, "/users/mei/enable"))
    assert "mei can log in again" in page.words
    assert dashboard.stranger("192.0.2.8").log_in("mei").status == 303


def test_what_somebody_may_is_changed_as_it_is_ticked(dashboard, admin):
    person(dashboard.database)
    page = admin.follow(admin.post("/users/mei/scopes", scope=["admin", "read"]))
    assert "What mei may is changed." in page.words
    ticked = page.tree.xpath("//form[contains(@action, 'scopes')]//input[@checked]/@value")
    assert ticked == ["read", "admin"]


@pytest.mark.parametrize(
    ("path", "fields", "status", "words"),
    [
        ("/users", {"name": "Lin Mei", "scope": "read"}, 422, "the name must have 1 to 64 lower-case letters"),
        ("/users", {"name": "", "scope": "read"}, 422, "name must not be empty"),
        ("/users", {"name": "mei"}, 422, "scopes must not be empty"),
        ("/users", {"name": "mei", "scope": "root"}, 422, "scopes.0 must be 'read', 'preview'"),
        ("/users", {"name": "boss", "scope": "read"}, 422, "a user named 'boss' already exists: choose another name"),
        ("/users/boss/disable", {}, 422, "boss is the last user with the scope admin: give it to another user"),
        ("/users/boss/scopes", {"scope": "read"}, 422, "boss is the last user with the scope admin: give it to"),
        ("/users/boss/scopes", {}, 422, "scopes must not be empty"),
        ("/users/nobody/disable", {}, 404, "There is no user 'nobody'."),
        ("/users/nobody/password", {}, 404, "There is no user 'nobody'."),
        ("/tokens", {"name": "", "scope": "read"}, 422, "name must not be empty"),
        ("/tokens", {"name": "cms"}, 422, "scopes must not be empty"),
        ("/tokens", {"name": "cms", "scope": "read", "days": "soon"}, 422, "days is 'soon': it should be 1 to 36500."),
        ("/tokens", {"name": "cms", "scope": "read", "days": "0"}, 422, "days is '0': it should be 1 to 36500."),
        ("/tokens", {"name": "cms", "scope": "read", "days": "9" * 5000}, 422, "days is '9999"),
        ("/tokens", {"name": "cms", "scope": "read", "days": "³"}, 422, "days is '³': it should be 1 to 36500."),
        ("/tokens/revoke", {"id": "nothing"}, 404, "There is no active token 'nothing'."),
    ],
)
def test_what_is_wrong_is_refused_in_words_and_changes_nothing(dashboard, admin, path, fields, status, words):
    token, before = admin.token(), dashboard.api.everything_stored()
    page = admin.post(path, token, **fields)
    assert page.status == status and page.note.startswith(words)
    assert dashboard.api.everything_stored() == before


def test_a_token_is_shown_once_and_opens_the_api_until_it_is_revoked(dashboard, admin):
    page = admin.post("/tokens", name="cms", scope=["read", "write"])
    key = secret(page)
    assert dashboard.api.get("/sections", secret=key).status == 200
    assert key not in admin.get("/tokens").text + admin.get("/audit-log").text
    page = admin.follow(admin.submit(admin.get("/tokens"), "/tokens/revoke"))
    assert "The token cms is revoked" in page.words and "No program is let in." in page.words
    assert dashboard.api.get("/sections", secret=key).status == 401


def test_a_token_is_told_to_have_expired_in_the_second_in_which_it_does(dashboard, admin):
    key = secret(admin.post("/tokens", name="cms", scope="read", days="1"))
    for seconds, is_open in ((86400 - 0.000001, True), (0.000001, False), (0.5, False)):
        dashboard.clock.advance(seconds)
        again = dashboard.person(name="boss")
        assert ("No program is let in." not in again.get("/tokens").words) == is_open
        assert (dashboard.api.get("/sections", secret=key).status == 200) == is_open


def test_the_log_is_told_page_by_page_and_by_who_what_and_to_what(dashboard, admin):
    with dashboard.database.write() as conn:
        acts = [Act("put", f"a{number}", "created") for number in range(70)]
        record(conn, Actor("token cms", "192.0.2.1"), acts, dashboard.now)
    first = admin.get("/audit-log?act=put")
    second = admin.get(first.tree.xpath("string(//a[@rel='next']/@href)"))
    targets = [row[3].text_content().strip() for page in (first, second) for row in page.tree.xpath("//tbody/tr")]
    assert targets == [f"a{number}" for number in range(69, -1, -1)]
    assert admin.get("/audit-log?target=a7").words.count("created") == 1
    assert "Nothing was done that fits these words" in admin.get("/audit-log?actor=nobody").words
