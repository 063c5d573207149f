"""Access to the dashboard: login, scopes and CSRF tokens."""

from urllib.parse import quote

import pytest

from syndication.dashboard.pages import Pages
from syndication.store.access.tokens import SCOPES

SCOPE_OF = {
    ("GET", "/login"): "public",
    ("POST", "/login"): "public",
    ("GET", "/login/code"): "public",
    ("POST", "/login/code"): "public",
    ("GET", "/password/x"): "public",
    ("GET", "/password"): "public",
    ("POST", "/password"): "public",
    ("POST", "/logout"): "logged-in",
    ("GET", "/account"): "logged-in",
    ("POST", "/account"): "logged-in",
    ("POST", "/account/sessions/end"): "logged-in",
    ("GET", "/account/second-factor"): "logged-in",
    ("POST", "/account/second-factor/set-up"): "logged-in",
    ("GET", "/account/second-factor.svg"): "logged-in",
    ("POST", "/account/second-factor/turn-on"): "logged-in",
    ("POST", "/account/second-factor/turn-off"): "logged-in",
    ("GET", "/"): "read",
    ("GET", "/live/overview"): "read",
    ("GET", "/live/verdict"): "read",
    ("GET", "/live/delivery"): "read",
    ("POST", "/regenerations"): "regenerate",
    ("GET", "/live/regenerations/x"): "read",
    ("GET", "/sections/taiwan"): "read",
    ("POST", "/sections/taiwan/release"): "regenerate",
    ("GET", "/sections/taiwan/hold"): "feeds",
    ("POST", "/sections/taiwan/hold"): "feeds",
    ("POST", "/sections/taiwan/hold/release"): "feeds",
    ("GET", "/sections/taiwan/reader"): "read",
    ("GET", "/sections/taiwan/reader/view"): "read",
    ("GET", "/sections/taiwan/documents/atom"): "read",
    ("GET", "/sections/taiwan/versions"): "read",
    ("GET", "/subscribers"): "read",
    ("GET", "/subscribers/list"): "read",
    ("GET", "/subscribers/pushes"): "read",
    ("GET", "/subscribers/1"): "read",
    ("POST", "/subscribers/1/pause"): "admin",
    ("POST", "/subscribers/1/resume"): "admin",
    ("POST", "/subscribers/1/push"): "regenerate",
    ("POST", "/subscribers/1/remove"): "admin",
    ("POST", "/subscribers/remove-host"): "admin",
    ("GET", "/articles"): "read",
    ("GET", "/articles.csv"): "read",
    ("GET", "/article"): "read",
    ("GET", "/article/withdraw"): "write",
    ("POST", "/article/withdraw"): "write",
    ("GET", "/article/restore"): "write",
    ("POST", "/withdrawals"): "write",
    ("GET", "/withdrawals/x"): "write",
    ("POST", "/withdrawals/x/undo"): "write",
    ("GET", "/live/withdrawals/x"): "write",
    ("POST", "/article/restore"): "write",
    ("POST", "/article/preview"): "preview",
    ("GET", "/article/edit"): "write",
    ("POST", "/article/edit"): "write",
    ("POST", "/article/edit/preview"): "preview",
    ("GET", "/article/new"): "write",
    ("POST", "/article/new"): "write",
    ("POST", "/article/locks"): "write",
    ("GET", "/article/schedule"): "write",
    ("POST", "/article/schedule"): "write",
    ("GET", "/article/revisions"): "preview",
    ("GET", "/article/revision"): "preview",
    ("GET", "/article/revert"): "write",
    ("POST", "/article/revert"): "write",
    ("POST", "/article/revisions/forget"): "admin",
    ("GET", "/live/previews/x"): "preview",
    ("GET", "/previews/x/view"): "preview",
    ("GET", "/upcoming"): "preview",
    ("GET", "/deliveries"): "preview",
    ("GET", "/deliveries.csv"): "preview",
    ("POST", "/deliveries/ask-again"): "regenerate",
    ("GET", "/feeds"): "read",
    ("GET", "/feed"): "read",
    ("POST", "/feed"): "feeds",
    ("GET", "/feed/new"): "feeds",
    ("POST", "/feed/new"): "feeds",
    ("POST", "/feed/preview"): "feeds",
    ("GET", "/feed/rename"): "feeds",
    ("POST", "/feed/rename"): "feeds",
    ("GET", "/feed/retire"): "feeds",
    ("POST", "/feed/retire"): "feeds",
    ("POST", "/feed/reinstate"): "feeds",
    ("GET", "/sources"): "read",
    ("POST", "/sources/x/look"): "regenerate",
    ("POST", "/sources/x/check"): "preview",
    ("POST", "/sources/x/pause"): "admin",
    ("POST", "/sources/x/resume"): "admin",
    ("GET", "/sources/x/accept"): "admin",
    ("POST", "/sources/x/accept"): "admin",
    ("GET", "/notifications"): "read",
    ("POST", "/notifications/x/test"): "admin",
    ("GET", "/charts"): "read",
    ("GET", "/charts/polls.svg"): "read",
    ("GET", "/charts.csv"): "read",
    ("GET", "/audit-log"): "admin",
    ("GET", "/tokens"): "admin",
    ("POST", "/tokens"): "admin",
    ("POST", "/tokens/revoke"): "admin",
    ("GET", "/users"): "admin",
    ("POST", "/users"): "admin",
    ("GET", "/sessions"): "admin",
    ("POST", "/sessions/end"): "admin",
    ("GET", "/users/x"): "admin",
    ("POST", "/users/x/scopes"): "admin",
    ("POST", "/users/x/password"): "admin",
    ("POST", "/users/x/disable"): "admin",
    ("POST", "/users/x/enable"): "admin",
    ("POST", "/users/x/second-factor"): "admin",
}
"""The intended scope of each page and form; `test_matrix.py` tests the declared ones."""

FORMS = [path for (method, path), scope in SCOPE_OF.items() if method == "POST" and scope != "public"]


def test_the_table_covers_every_page_and_form(sqlite_dashboard):
    adapter = sqlite_dashboard.app.url_map.bind("x")
    rows = {(method, adapter.match(f"/editors{path}", method)[0]): scope for (method, path), scope in SCOPE_OF.items()}
    declared = [
        (method, rule.endpoint)
        for rule in sqlite_dashboard.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    ]
    assert rows == {(method, endpoint): Pages.scopes.get(endpoint) for method, endpoint in declared}


def test_every_address_redirects_unauthenticated_clients_to_the_login(dashboard):
    stranger = dashboard.stranger()
    closed = [place for place, scope in SCOPE_OF.items() if scope != "public"]
    for method, path in [*closed, ("GET", "/nothing"), ("GET", "/users/nobody"), ("GET", "/sections/no/where")]:
        if method == "GET" and path != "/":
            for asked in ("GET", "HEAD"):
                page = stranger.ask(asked, path)
                assert (page.status, page.location) == (303, f"/editors/login?next={quote('/editors' + path, safe='')}")
    assert stranger.get("/").location == stranger.ask("GET", "/editors").location == "/editors/login"
    assert stranger.get("/login").status == 200


def test_a_live_part_redirects_unauthenticated_clients_back_to_its_page(dashboard):
    part = dashboard.stranger().part("/live/overview", on="/article?id=a%2Fb%26c&preview=x")
    assert (part.status, part.body) == (204, b"")
    assert part.headers["HX-Redirect"] == "/editors/login?next=%2Feditors%2Farticle%3Fid%3Da%252Fb%2526c%26preview%3Dx"
    odd = dashboard.stranger().get("/live/overview", HX_Request="true", HX_Current_URL="https://[evil/editors/users")
    assert (odd.status, odd.headers["HX-Redirect"]) == (204, "/editors/login")


def test_an_unknown_address_is_a_404_for_logged_in_users(dashboard):
    browser = dashboard.person("read")
    for path in ("/nothing", "/sections", "/article/a1", "/editors/static/nothing.css", "/sections/nowhere", "/live"):
        page = browser.get(path)
        assert (page.status, page.title) == (404, "Page not found"), path
    assert dashboard.stranger().get("/static/nothing.css").status == 404


def test_a_post_to_a_page_without_a_form_is_a_405(dashboard):
    page = dashboard.person("read").post("/articles")
    assert (page.status, page.note) == (405, "This page does not accept that method.")
    assert set(page.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_form_from_a_logged_out_user_changes_nothing(dashboard):
    stranger = dashboard.stranger()
    token, before = stranger.token(), dashboard.api.everything_stored()
    for path in [*FORMS, "/nothing"]:
        page = stranger.post(path, token, id="a1", old="x", new="y")
        assert page.status == 401 and "Nothing was changed." in page.note, path
    assert dashboard.api.everything_stored() == before


def test_a_form_with_a_wrong_csrf_token_changes_nothing(dashboard):
    dashboard.desk.put("a1")
    dashboard.publish()
    browser, other = dashboard.person(), dashboard.person(name="other")
    fields = {
        "id": "a1", "what": "all", "name": "new", "scope": ["read"], "new": "x" * 12, "again": "x" * 12,
    }  # fmt: skip
    before = dashboard.api.everything_stored()
    for path in FORMS:
        for token in ("", "wrong", other.token(), dashboard.stranger().token()):
            page = browser.post(path, token, **fields)
            assert page.status == 400 and page.note.startswith("The form was opened before you logged in"), path
        assert browser.ask("POST", path).status == 400
    assert dashboard.api.everything_stored() == before
    assert browser.get("/").status == 200


def test_a_form_refused_for_a_missing_scope_is_in_the_audit_log(dashboard):
    reader = dashboard.person("read", name="reader")
    forms = [path for path in FORMS if SCOPE_OF["POST", path] in SCOPES]
    for path in forms:
        assert reader.post(path, id="a1").status == 403
        dashboard.api.clock.advance(60)  # Repeated refusals within a minute are merged into one entry.
    assert [(act.target, act.outcome, act.detail) for act in dashboard.api.audit(actor="user reader")[::-1][1:]] == [
        (f"/editors{path}", "refused", f"needs {SCOPE_OF['POST', path]}") for path in forms
    ]
    reader.get("/users")
    assert len(dashboard.api.audit(actor="user reader")) == len(forms) + 1


def test_a_refused_address_with_a_null_character_is_recorded(dashboard):
    page = dashboard.person("read").post("/users/a%00b/disable")
    assert page.status == 403
    assert dashboard.api.audit(act="POST users.disable")[0].target == "/editors/users/a␀b/disable"
    said = dashboard.api.ask("PUT", "/articles/a%00b", {}, scopes=("read",))
    assert (said.status, said.kind) == (403, "scope")


def test_a_null_character_in_an_address_is_refused(dashboard):
    browser = dashboard.person()
    for path in (
        "/sections/%00", "/sections/%00/versions", "/sections/%00/reader", "/sections/%00/reader/view",
        "/sections/%00/documents/atom", "/?regeneration=%00", "/sections/taiwan?regeneration=%00", "/article?id=%00",
        "/live/regenerations/%00", "/live/previews/%00", "/previews/%00/view", "/users/%00", "/articles?q=%00",
        "/articles?after=%00", "/upcoming?after=%00", "/deliveries?after=%00", "/deliveries?article=%00",
        "/audit-log?actor=%00", "/audit-log?before=%00",
        "/charts?section=%00", "/charts/%00.svg", "/article?id=a1&preview=%00",
    ):  # fmt: skip
        assert browser.get(path).status in (404, 422), path


@pytest.mark.parametrize("environ", [{"QUERY_STRING": "after=\xff"}, {"PATH_INFO": "/editors/users/\xff"}])
def test_an_address_that_is_not_utf8_is_refused(sqlite_dashboard, environ):
    for browser in (sqlite_dashboard.stranger(), sqlite_dashboard.person()):
        page = browser.ask("GET", "/upcoming", environ_overrides=environ)
        assert page.status == 400 and page.note.startswith("The URL is not UTF-8")
    said = sqlite_dashboard.api.ask("GET", "/articles", environ_overrides={"QUERY_STRING": "q=\xff"})
    assert (said.status, said.kind) == (400, "bad-request")
