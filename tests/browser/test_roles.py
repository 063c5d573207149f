"""Users without a scope get no button, an error on its pages, and no way around with a forged form."""

import json
import re

import pytest
from flask import Flask
from playwright.sync_api import expect

from syndication.dashboard.app import SUBJECTS
from syndication.dashboard.pages import Pages
from syndication.model.scopes import SCOPES, who_may
from tests.browser.places import FORMS, PAGES
from tests.browser.visits import log_in

LACKING = "You need the {} permission for this, which {} have. Ask an admin to grant it."

BUTTONS = {
    "/editors/": [("regenerate", "button", "Regenerate all"), ("regenerate", "button", "Regenerate selected")],
    "/editors/sections/taiwan": [("regenerate", "button", "Regenerate")],
    "/editors/article?id=public-2": [("preview", "button", "Preview"), ("write", "link", "Withdraw …")],
    "/editors/feeds": [("feeds", "link", "New feed")],
    "/editors/feed?slug=ferries": [("feeds", "button", "Save"), ("feeds", "link", "Retire …")],
    "/editors/sources": [
        ("regenerate", "button", "Look at cms now"), ("preview", "button", "Dry run of cms"),
        ("admin", "button", "Pause cms"),
    ],
}  # fmt: skip
"""Actions that need their own scope, on pages that need only read."""

LINKS = {"Overview": "read", "Articles": "read", "Upcoming": "preview", "Audit log": "admin", "Tokens": "admin"}

NO_PAGES = (
    "live", "view", "chart_svg", "charts_csv", "download", "log_in", "check_log_in", "log_out", "change_own_password",
    "code", "set_up", "turn_o", "open_link", "set_password", "end_own_session",
)  # fmt: skip
"""Live parts, contents of frames, files, and pages about the user's own login."""


@pytest.mark.parametrize("lacked", [None, "preview", "write", "regenerate", "feeds", "admin"])
def test_actions_are_shown_only_with_their_scope(visit, lacked):
    page = visit(f"no-{lacked}" if lacked else "chief")
    for name, needed in LINKS.items():
        link = page.get_by_role("navigation").get_by_role("link", name=name)
        expect(link).to_have_count(int(needed != lacked))
    for path, found in BUTTONS.items():
        page.goto(path)
        for needed, role, name in found:
            expect(page.get_by_role(role, name=name)).to_have_count(int(needed != lacked))


@pytest.mark.parametrize("scope", SCOPES)
def test_pages_without_the_scope_explain_what_is_needed(visit, house, scope):
    page = visit.stranger()
    log_in(page, f"no-{scope}", house.password_of(f"no-{scope}"))
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    for path in (path for path, needed in PAGES.items() if needed == scope):
        answer = page.goto(path)
        assert answer.status == 403, path
        expect(page.get_by_role("alert").first).to_have_text(LACKING.format(scope, who_may(scope)))


@pytest.mark.parametrize("scope", sorted(set(FORMS.values())))
def test_forged_forms_are_refused_and_recorded(visit, house, scope):
    page = visit(f"no-{scope}", "/editors/account")
    for path in (path for path, needed in FORMS.items() if needed == scope):
        with page.expect_navigation() as navigation:
            page.evaluate(
                "(path) => { const form = document.querySelector('form[action=\"/editors/account\"]').cloneNode(true);"
                " form.action = path; form.noValidate = true; document.body.append(form); form.submit(); }",
                path,
            )
        assert navigation.value.status == 403, path
        expect(page.get_by_role("alert").first).to_have_text(LACKING.format(scope, who_may(scope)))
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
