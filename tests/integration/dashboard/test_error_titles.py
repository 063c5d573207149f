"""No error page has a phrase of HTTP as its title: each says what happened, as people say it."""

from http import HTTPStatus

import pytest
from werkzeug.exceptions import default_exceptions

from syndication.dashboard.pages import Pages
from syndication.store.db.database import DatabaseDown
from syndication.web.problems import Problem
from tests.support.dashboard import PREFIX, Dashboard
from tests.support.people import person

PHRASES = {status.phrase.casefold() for status in HTTPStatus if status >= 400}

ERRORS = [status for status in HTTPStatus if status >= 400]


def fill(database, clock):
    dashboard = Dashboard(database, clock)
    dashboard.desk.put("a1")
    person(dashboard.database, "somebody")
    dashboard.publish()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, filled_once, new_url):
    return new_url(request.param, of=filled_once(request.param, fill))


@pytest.fixture
def dashboard(database, clock):
    dashboard = Dashboard(database, clock, failed_attempts=10_000)
    dashboard.publish()  # Nothing is left to do but to load.
    return dashboard


def phrases_on(page):
    """Returns what the title, the heading and the message of a page have of HTTP."""
    head = page.tree.findtext(".//title").rpartition(" · ")[0]
    shown = (head, page.title, page.note.rstrip("."))
    return [text for text in shown if text and text.strip().casefold() in PHRASES]


def routes(app):
    for rule in app.url_map.iter_rules():
        if rule.endpoint in Pages.scopes:
            yield rule, rule.rule.removeprefix(PREFIX)


def filled(path):
    return "/".join("nothing" if part.startswith("<") else part for part in path.split("/"))


def test_no_page_that_refuses_anything_is_titled_by_http(dashboard):
    browsers = {"admin": dashboard.person(), "reader": dashboard.person("read"), "stranger": dashboard.stranger()}
    wrong, seen = [], set()
    for rule, path in routes(dashboard.app):
        if rule.endpoint == "login.log_out":
            continue
        for who, browser in browsers.items():
            tries = [browser.ask(method, filled(path)) for method in ("GET", "PUT", "DELETE")]
            tries += [browser.post(filled(path), "wrong"), browser.post(filled(path), id="x" * 300, name="?", code="x")]
            for page in tries:
                if page.status >= 400 and page.kind == "text/html":
                    seen.add(page.status)
                    wrong += [(who, path, page.status, text) for text in phrases_on(page)]
    assert wrong == [] and {400, 401, 403, 404, 405, 422} <= seen


def test_no_status_is_titled_by_http(dashboard):
    browser, wrong = dashboard.person(), []
    token = browser.token()
    for status in ERRORS:

        def fail(status=status, **_):
            raise Problem(status, "unexpected", "What happened.")

        def abort(status=status, **_):
            raise default_exceptions.get(status, default_exceptions[400])

        for view in (fail, abort):
            dashboard.app.view_functions["account.show_account"] = view
            dashboard.app.view_functions["account.change_own_password"] = view
            for page in (browser.get("/account"), browser.post("/account", token)):
                if page.status < 400 or phrases_on(page):
                    wrong.append((status, page.status, page.title, page.note))
    assert wrong == []


@pytest.mark.parametrize("error", [DatabaseDown("down"), RuntimeError("a secret")])
def test_what_fails_unexpectedly_says_so_and_no_more(dashboard, error):
    browser = dashboard.person()

    def fail(**_):
        raise error

    dashboard.app.view_functions["account.show_account"] = fail
    page = browser.get("/account")
    assert page.status >= 500 and phrases_on(page) == [] and "a secret" not in page.text
