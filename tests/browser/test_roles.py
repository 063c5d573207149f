"""Who lacks a scope: no button for it, a refusal in words on its pages, and no way around with a form made by hand."""

import json
import re

import pytest
from flask import Flask
from playwright.sync_api import expect

from syndication.dashboard.app import SUBJECTS
from syndication.dashboard.pages import Pages
from syndication.store.access.tokens import SCOPES
from tests.browser.places import FORMS, PAGES
from tests.browser.visits import log_in

LACKING = "This needs the scope {}, which you do not have. Somebody with the scope admin can give it to you."

BUTTONS = {
    "/editors/": [("regenerate", "button", "Regenerate all"), ("regenerate", "button", "Regenerate the chosen")],
    "/editors/sections/taiwan": [("regenerate", "button", "Regenerate now")],
    "/editors/article?id=public-2": [("preview", "button", "Preview"), ("write", "link", "Withdraw …")],
}
"""What needs a scope of its own on a page that everybody may read."""

LINKS = {"Overview": "read", "Articles": "read", "Coming up": "preview", "Activity": "admin", "Tokens": "admin"}

NO_PAGES = (
    "live", "view", "picture", "log_in", "check_log_in", "log_out", "change_own_password", "code", "set_up", "turn_o"
)  # fmt: skip
"""Parts of pages and what stands in their frames, and what everybody may do with their own login."""


@pytest.mark.parametrize("lacked", [None, "preview", "write", "regenerate", "admin"])
def test_what_needs_a_scope_is_shown_to_those_alone_who_have_it(visit, lacked):
    page = visit(f"no-{lacked}" if lacked else "chief")
    for name, needed in LINKS.items():
        link = page.get_by_role("navigation").get_by_role("link", name=name)
        expect(link).to_have_count(int(needed != lacked))
    for path, found in BUTTONS.items():
        page.goto(path)
        for needed, role, name in found:
            expect(page.get_by_role(role, name=name)).to_have_count(int(needed != lacked))


@pytest.mark.parametrize("scope", SCOPES)
def test_its_pages_refuse_in_words(visit, house, scope):
    page = visit.stranger()
    log_in(page, f"no-{scope}", house.password_of(f"no-{scope}"))
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    for path in (path for path, needed in PAGES.items() if needed == scope):
        answer = page.goto(path)
        assert answer.status == 403, path
        expect(page.get_by_role("alert").first).to_have_text(LACKING.format(scope))


@pytest.mark.parametrize("scope", sorted(set(FORMS.values())))
def test_its_forms_refuse_whoever_makes_them_by_hand(visit, house, scope):
    page = visit(f"no-{scope}", "/editors/account")
    for path in (path for path, needed in FORMS.items() if needed == scope):
        with page.expect_navigation() as navigation:
            page.evaluate(
                "(path) => { const form = document.querySelector('form[action=\"/editors/account\"]').cloneNode(true);"
                " form.action = path; form.noValidate = true; document.body.append(form); form.submit(); }",
                path,
            )
        assert navigation.value.status == 403, path
        expect(page.get_by_role("alert").first).to_have_text(LACKING.format(scope))
        page.goto("/editors/account")
    acts = json.loads(house.service.run("audit-log", "--json").stdout)
    assert any(act["act"].startswith("POST ") and act["outcome"] == "refused" for act in acts)


def test_every_page_and_every_form_is_tried_here():
    app = Flask(__name__)
    for subject in SUBJECTS:
        app.register_blueprint(subject.pages.blueprint)
    addresses = app.url_map.bind("")
    tried = set()
    for method, places in (("GET", PAGES), ("POST", FORMS)):
        for path, scope in places.items():
            if path != "/editors/nowhere":
                endpoint, _ = addresses.match(path.partition("?")[0], method)
                assert Pages.scopes[endpoint] == scope, path
                tried.add(endpoint)
    left = {endpoint for endpoint in set(Pages.scopes) - tried if not re.search("|".join(NO_PAGES), endpoint)}
    assert not left
