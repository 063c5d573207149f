"""A role is shown what it may do, nothing else, and who may do the rest."""

from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import HTTPException

from syndication.dashboard.pages import LOGGED_IN, PREFIX, PUBLIC, Pages
from syndication.model.scopes import ROLES, SCOPES, who_may
from tests.support.people import person

OF_ONE = {"article": "id=a1", "feed": "slug=islands"}
"""What the pages of one story and one feed are asked with, by the word after /editors/."""

ACTS = {
    "/": "regenerate feeds",
    "/articles": "write stories",
    "/article?id=a1": "edit, withdraw and restore stories",
    "/sections/taiwan": "regenerate feeds",
    "/feeds": "make and change feeds",
}
"""What pages say that others can do, to somebody who can only read."""


@pytest.fixture
def newsroom(dashboard):
    dashboard.desk.put("a1")
    dashboard.desk.put("draft", status="draft")
    person(dashboard.database, "somebody")
    dashboard.publish()
    return dashboard


def pages_of(newsroom, scopes):
    """Yields the path of each page that these scopes open."""
    values = {"<slug>": "taiwan", "<name>": "somebody", "<format>": "atom", "<kind>": "polls"}
    for rule in newsroom.app.url_map.iter_rules():
        scope = Pages.scopes.get(rule.endpoint)
        if "GET" not in rule.methods or scope is None or not (scope in scopes or scope == LOGGED_IN):
            continue
        parts = [values.get(part, part) for part in rule.rule.split("/")]
        path = "/".join(parts).removeprefix(PREFIX)
        query = OF_ONE.get(parts[2] if len(parts) > 2 else "", "")
        if "<" not in path:
            yield f"{path}?{query}" if query else path


def targets(page):
    """Yields method and path of every link, form and button of a page of the dashboard."""
    for link in page.tree.xpath("//a[@href]"):
        yield "GET", link.get("href")
    for form in page.tree.forms:
        method = (form.get("method") or "get").upper()
        yield method, form.get("action") or ""
        for button in form.xpath(".//*[@formaction]"):
            yield method, button.get("formaction")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_shown_no_way_to_what_it_may_not_do(newsroom, role):
    browser, wrong, seen = newsroom.person(*ROLES[role], name=role), [], set()
    urls = newsroom.app.url_map.bind("")
    allowed = {*ROLES[role], LOGGED_IN, PUBLIC}
    for path in pages_of(newsroom, ROLES[role]):
        page = browser.get(path)
        assert page.status < 500 and page.status not in (401, 403, 405), path
        if page.kind != "text/html" or not page.text.strip():
            continue
        for method, target in targets(page):
            if not target.startswith(f"{PREFIX}/"):
                continue
            try:
                endpoint, _ = urls.match(urlsplit(target).path, method)
            except HTTPException:
                wrong.append((path, method, target))
                continue
            seen.add(endpoint)
            if Pages.scopes[endpoint] not in allowed:
                wrong.append((path, method, target, Pages.scopes[endpoint]))
    assert wrong == [] and {"overview.show", "account.show_account", "login.log_out"} <= seen


def test_somebody_who_can_only_read_is_told_who_can_do_the_rest(newsroom):
    reader, admin = newsroom.person("read", name="reader"), newsroom.person(name="admin")
    for path, act in ACTS.items():
        assert f" can {act}." in reader.get(path).words, path
        assert f" can {act}." not in admin.get(path).words, path
    account = reader.get("/account").words
    for scope in SCOPES[1:]:
        assert f": {who_may(scope)}" in account
    assert "You do not have these" not in admin.get("/account").words


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("read", "readers, editors, producers and admins"),
        ("write", "editors, producers and admins"),
        ("feeds", "producers and admins"),
        ("admin", "admins"),
    ],
)
def test_a_refusal_names_who_may(newsroom, scope, words):
    assert who_may(scope) == words
    lacking = tuple(one for one in SCOPES if one != scope)
    path = {"read": "/", "write": "/article/new", "feeds": "/feed/new", "admin": "/users"}[scope]
    page = newsroom.person(*lacking, name="lacking").get(path)
    assert page.status == 403
    assert page.note == f"You need the {scope} permission for this, which {words} have. Ask an admin to grant it."
