"""Users without a scope get no button, an error on its pages, and no way around with a forged form."""

import json
import re

import lxml.html
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

FORGED = """async (path) => {
    const form = new FormData(document.querySelector('form[action="/editors/account"]'));
    const answer = await fetch(path, {method: 'POST', body: new URLSearchParams(form)});
    return [answer.status, await answer.text()];
}"""
"""Sends a form of the account's page, with its token, to another address."""

LINKS = {"Overview": "read", "Articles": "read", "Upcoming": "preview", "Audit log": "admin", "Tokens": "admin"}

NO_PAGES = (
    "live", "view", "chart_svg", "charts_csv", "download", "log_in", "check_log_in", "log_out", "change_own_password",
    "code", "set_up", "turn_o", "open_link", "set_password", "end_own_session",
)  # fmt: skip
"""Live parts, contents of frames, files, and pages about the user's own login."""


def alert(body):
    """Returns the text of a page's first alert."""
    return " ".join(lxml.html.document_fromstring(body).xpath("string(//*[@role='alert'])").split())


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
    paths = [path for path, needed in PAGES.items() if needed == scope]
    for path in paths[:1]:  # The first as the browser shows it, the others as it receives them.
        assert page.goto(path).status == 403, path
        expect(page.get_by_role("alert").first).to_have_text(LACKING.format(scope, who_may(scope)))
    for path in paths[1:]:
        answer = page.request.get(path)
        assert (answer.status, alert(answer.text())) == (403, LACKING.format(scope, who_may(scope))), path


@pytest.mark.parametrize("scope", sorted(set(FORMS.values())))
def test_forged_forms_are_refused_and_recorded(visit, house, scope):
    page = visit(f"no-{scope}", "/editors/account")
    for path in (path for path, needed in FORMS.items() if needed == scope):
        status, body = page.evaluate(FORGED, path)
        assert (status, alert(body)) == (403, LACKING.format(scope, who_may(scope))), path
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
