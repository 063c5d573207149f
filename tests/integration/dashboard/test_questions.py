"""Forms that take something away ask once, and do nothing until they are confirmed."""

import pytest

from syndication.store.access import tokens
from tests.support.people import person


@pytest.fixture
def browser(dashboard):
    person(dashboard.database, "mei", "read")
    dashboard.api.token("read", name="cms")
    dashboard.publish()
    return dashboard.person()


def token_id(dashboard):
    with dashboard.database.read() as conn:
        return next(one.id for one in tokens.list_all(conn) if one.name == "cms")


FORMS = [
    ("/users/mei/disable", {}, "Disable mei?", "/editors/users/mei"),
    ("/tokens/revoke", {"name": "<b>cms"}, "Revoke this token?", "/editors/tokens"),
    ("/regenerations", {"what": "all", "reason": "{odd}"}, "Regenerate all feeds?", "/editors/"),
]


@pytest.mark.parametrize(("path", "fields", "title", "cancel"), FORMS)
def test_it_asks_first_and_sends_the_same_form_when_confirmed(dashboard, browser, path, fields, title, cancel):
    if path == "/tokens/revoke":
        fields = fields | {"id": token_id(dashboard)}
    before = dashboard.api.everything_stored()
    asked = browser.post(path, confirmed="", **fields)
    assert (asked.status, asked.title) == (200, title) and dashboard.api.everything_stored() == before
    assert cancel in [a.get("href") for a in asked.tree.iter("a") if a.text_content() == "Cancel"]
    form = next(form for form in asked.forms() if "confirmed" in form.fields)
    sent = {name: value for name, value in form.form_values() if name != "csrf_token"}
    assert sent == fields | {"confirmed": "1"}
    assert browser.post(path, **sent).status in (200, 303)
    assert dashboard.api.everything_stored() != before


def test_regenerating_selected_feeds_asks_nothing(browser):
    assert browser.post("/regenerations", confirmed="", section="taiwan").status == 303
