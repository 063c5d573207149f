"""The access matrix: every operation of the API and every page and form, with every kind of credential.

The rows come from the OpenAPI document and the dashboard's URL map, so that new ones are tested too; the expected
result follows from the declared scope alone. (`api/test_access.py` and `dashboard/test_access.py` compare the declared
scopes to tables written by hand.) Each test collects all failures before it fails.
"""

import re
from datetime import timedelta
from itertools import chain, combinations
from urllib.parse import quote

import pytest
from sqlalchemy import text

from syndication.dashboard.login import OPEN_WITHOUT_SECOND_FACTOR
from syndication.dashboard.pages import Pages
from syndication.model.scopes import ROLES, SCOPES
from syndication.store.access import pending_logins, sessions, tokens, user_changes, users
from tests.support.api import TESTER, Api, story
from tests.support.dashboard import Dashboard
from tests.support.people import change, person
from tests.support.subscribers import subscribe
from tests.support.thorough import THOROUGH

EVERY = [frozenset(some) for some in chain.from_iterable(combinations(SCOPES, n) for n in range(len(SCOPES) + 1))]
"""All 64 sets of scopes; no token or user has the empty one."""

PRESETS = [frozenset(scopes) for scopes in ROLES.values()]

TELLING = [some for some in EVERY if len(some) in (1, len(SCOPES) - 1, len(SCOPES)) or some in PRESETS]
"""Sets that show that only the declared scope is needed: each alone, all but one, all, and those of the roles."""

SETS = EVERY if THOROUGH else TELLING
"""Sets that are tried where they lack the declared scope."""

NOWHERE = "no-such-thing"

pytestmark = pytest.mark.timeout(300)
"""Seconds: thousands of requests, ten seconds or so on a quiet machine."""

EXISTING = {
    ("articles", "id"): "a1", "slug": "taiwan", "kind": "polls", "format": "atom", "name": "somebody",
    ("tokens", "id"): "cms", ("users", "name"): "somebody", "number": "1", "host": "a.example:443",
}  # fmt: skip
"""Existing values for the variable parts of a path, by name (and by a word in the path, where needed)."""

UNKNOWN_TOKEN = "syn_" + "x" * 43

ATTEMPTS = 1_000_000
"""Invalid tokens allowed per address here."""


def filled(rule, existing):
    """Returns the path of a rule, with existing or with unknown values."""
    words = rule.split("/")

    def part(found):
        name = found[1]
        for key, value in EXISTING.items():
            if key == name or (isinstance(key, tuple) and key[1] == name and key[0] in words):
                return value if existing else NOWHERE
        return NOWHERE

    return re.sub(r"[<{](?:\w+:)?(\w+)[>}]", part, rule)


# The API


def operations(api):
    """Yields method, path and scope of every operation in the OpenAPI document; None for those without a token."""
    document = api.get("/openapi.json", ()).json
    for address, methods in document["paths"].items():
        for method, operation in methods.items():
            scopes = [scope for need in operation.get("security") or [] for scope in need["token"]]
            assert len(scopes) <= 1
            yield method.upper(), address, scopes[0] if scopes else None


@pytest.fixture
def api(sqlite_database, clock):
    api = Api(sqlite_database, clock, failed_attempts=ATTEMPTS)
    api.put("a1")
    person(api.database, "somebody")
    api.token("read", name="cms")
    subscribe(api.database, {"host": "a.example:443"})
    api.desk.work()
    api.loader.load()
    return api


def asked(api, method, address, **more):
    """Returns a response as one comparable value."""
    if method in ("POST", "PUT", "PATCH") and "data" not in more:
        more |= {"json": {}}
    said = api.ask(method, address, **more)
    return said.status, said.headers.get("WWW-Authenticate"), said.body


def test_every_address_of_the_api_is_an_operation_of_its_description(api):
    rules = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in api.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith("description.")
    }
    rows = list(operations(api))
    assert rules == {(method, address) for method, address, _ in rows} and len(rows) >= 29


def test_no_operation_answers_without_a_token_that_is_good(api, clock):
    """The response does not depend on existing data or on the body: the token is checked first."""
    expired = api.token(*SCOPES, name="expired", expires_at=clock() + timedelta(seconds=1))
    revoked = api.token(*SCOPES, name="revoked")
    with api.database.write() as conn:
        tokens.revoke(conn, "revoked", TESTER, clock())
    clock.advance(1)
    good = api.token(*SCOPES, name="good")
    strangers = {
        "no header": {},
        "an empty token": {"Authorization": "Bearer "},
        "another scheme": {"Authorization": f"Basic {good}"},
        "a token without its scheme": {"Authorization": good},
        "a cookie": {"Cookie": f"syndication_editors={good}"},
        "a wrong token": {"Authorization": f"Bearer {UNKNOWN_TOKEN}"},
        "half a token": {"Authorization": f"Bearer {good[:-1]}"},
        "a longer token": {"Authorization": f"Bearer {good}x"},
        "an expired token": {"Authorization": f"Bearer {expired}"},
        "a revoked token": {"Authorization": f"Bearer {revoked}"},
    }
    before, answers = api.everything_stored(), {}
    for method, address, scope in operations(api):
        if scope is None:
            continue
        bodies = ({}, {"data": b"{not json", "content_type": "text/plain"})
        for existing in (True, False):
            for who, headers in strangers.items():
                for body in bodies:
                    said = asked(api, method, filled(address, existing), scopes=(), headers=headers, **body)
                    answers.setdefault(("wrong" if "token" in (said[1] or "") else "none", *said), set()).add(who)
    assert len(answers) == 2 and {status for _, status, _, _ in answers} == {401}, answers
    by_challenge = {challenge: who for (_, _, challenge, _), who in answers.items()}
    assert by_challenge['Bearer realm="syndication"'] == set(list(strangers)[:5])
    assert by_challenge['Bearer realm="syndication", error="invalid_token"'] == set(list(strangers)[5:])
    assert api.everything_stored() == before


def test_an_operation_answers_exactly_those_tokens_that_have_its_scope(api):
    """With every set of scopes; a refusal does not depend on existing data, and changes nothing."""
    secrets = {scopes: api.token(*scopes, name="+".join(sorted(scopes))) for scopes in SETS if scopes}
    rows, wrong = [row for row in operations(api) if row[2]], []
    before = api.everything_stored("audit_log", "token", "sqlite_sequence")
    for method, address, scope in rows:
        for scopes in secrets:
            if scope in scopes:
                continue
            known, unknown = (
                asked(api, method, filled(address, existing), secret=secrets[scopes]) for existing in (True, False)
            )
            challenge = f'Bearer realm="syndication", error="insufficient_scope", scope="{scope}"'
            if known != unknown or known[:2] != (403, challenge):
                wrong.append((method, address, sorted(scopes), known, unknown))
    assert wrong == []
    assert api.everything_stored("audit_log", "token", "sqlite_sequence") == before
    for method, address, scope in rows:
        for scopes in (some for some in TELLING if scope in some):
            for existing in (True, False) if method == "GET" else (False,):
                status, _, body = asked(api, method, filled(address, existing), secret=secrets[scopes])
                if status in (401, 403, 405, 429) or status >= 500:
                    wrong.append((method, address, sorted(scopes), status, body))
    assert wrong == []


def test_other_methods_are_answered_alike_with_and_without_a_token(api):
    """HEAD is like GET; unsupported methods are refused in the same way with every credential."""
    wrong, declared, urls = [], {}, api.app.url_map.bind("x")
    for method, address, scope in operations(api):
        declared.setdefault(address, {})[method] = scope
    for address, methods in declared.items():
        path = filled(address, True)
        if None in methods.values() and "GET" in methods:
            continue  # ``test_what_needs_no_token_needs_its_signature_whoever_asks``
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(methods):
            if urls.test(path, method):  # ``a1/history`` may be an article's id: that operation has its own row.
                continue
            with_token, without = (asked(api, method, path, scopes=scopes) for scopes in (SCOPES, ()))
            if with_token != without or with_token[0] not in (404, 405):
                wrong.append((method, address, with_token, without))
        if "GET" in methods:
            for scopes, status in (((), 401), (tuple(set(SCOPES) - {methods["GET"]}), 403)):
                secret = {"Authorization": f"Bearer {api.token(*scopes, name=address)}"} if scopes else {}
                if api.app.test_client().head(path, headers=secret).status_code != status:
                    wrong.append(("HEAD", address, scopes))
    assert wrong == []


def test_what_needs_no_token_needs_its_signature_whoever_asks(api):
    public = [row for row in operations(api) if row[2] is None]
    assert [(method, address) for method, address, _ in public] == [
        ("POST", "/api/v1/webhooks/articles"),
        ("POST", "/api/v1/webhooks/ninjs"),
        ("GET", "/api/v1/webhooks/ninjs/assets/{media_id}"),
    ]
    for method, address, _ in public[:2]:
        answers = {asked(api, method, address, scopes=tuple(sorted(scopes)), json=story(id="new")) for scopes in SETS}
        ((status, _, _),) = answers
        assert status == 401
    assert api.get("/articles/new").status == 404
    # Superdesk does not sign this question; the answer says nothing of what is stored.
    before, (method, address, _) = api.everything_stored("audit_log", "token", "sqlite_sequence"), public[2]
    answers = {asked(api, method, address.format(media_id="x"), scopes=tuple(sorted(scopes))) for scopes in SETS}
    ((status, _, _),) = answers
    assert status == 200 and api.everything_stored("audit_log", "token", "sqlite_sequence") == before


# The dashboard

TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')

FIELDS = {"id": NOWHERE, "what": "nothing", "name": "", "code": "x"}
"""Sent with every form; changes nothing."""


def routes(app):
    """Yields method, path and scope of every page and form, from the app's URL map."""
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if rule.endpoint != "static":
                yield method, rule.rule, Pages.scopes[rule.endpoint], rule.endpoint


@pytest.fixture
def newsroom(sqlite_database, clock):
    return at_work(sqlite_database, clock)


@pytest.fixture
def each_newsroom(database, clock):
    """A newsroom on each kind of database."""
    return at_work(database, clock)


def at_work(database, clock):
    """A dashboard with an article, a user and published feeds."""
    dashboard = Dashboard(database, clock, failed_attempts=ATTEMPTS)
    dashboard.desk.put("a1")
    person(dashboard.database, "somebody")
    subscribe(dashboard.database, {"host": "a.example:443"})
    dashboard.publish()
    return dashboard


def people(dashboard):
    """Returns a logged-in browser for each set of scopes."""
    return {scopes: dashboard.person(*scopes, name="-".join(sorted(scopes))) for scopes in SETS if scopes}


def seen(page):
    """Returns a page as one comparable value, without the tokens of its forms."""
    return page.status, page.location, TOKEN.sub("", page.text)


def strangers(dashboard):
    """Returns browsers without a valid session, for every possible reason."""
    database, now = dashboard.database, dashboard.now

    def browser(secret, key="login"):
        one = dashboard.stranger()
        with one.client.session_transaction("/editors/") as session:
            session[key] = secret
        return one

    def session_of(name):
        user = person(database, name, *SCOPES)
        with database.write() as conn:
            return user, sessions.create_session(conn, user, "192.0.2.7", 1, now)

    ended, of_disabled, of_deleted = session_of("ended"), session_of("disabled"), session_of("deleted")
    expired, half = session_of("expired"), session_of("half")
    with database.write() as conn:
        sessions.end_session(conn, ended[1], "192.0.2.7", now)
        conn.execute(
            text("UPDATE dashboard_user SET second_factor_at = created_at, totp_secret = 'A' WHERE name = 'half'")
        )
        conn.execute(text("DELETE FROM dashboard_user WHERE name = 'deleted'"))
        pending = pending_logins.start(conn, half[0], now + timedelta(hours=2))
    change(database, user_changes.disable, of_disabled[0])
    dashboard.clock.advance(3600)
    found = {
        "no session": dashboard.stranger(),
        "an unknown session": browser("x" * 43),
        "an ended session": browser(ended[1]),
        "an expired session": browser(expired[1]),
        "a disabled user": browser(of_disabled[1]),
        "a deleted user": browser(of_deleted[1]),
        "a password without its code": browser(pending, "pending"),
        "a code's secret as a session": browser(pending),
        "a session as a code's secret": browser(half[1], "pending"),
        "a token of the API": browser(dashboard.api.token(*SCOPES, name="api")),
    }
    forged = found["a forged cookie"] = dashboard.stranger()
    forged.cookie = dashboard.person(name="chief").cookie[:-4] + "AAAA"
    return found


def test_nothing_but_the_log_in_is_open_to_those_who_are_not_logged_in(newsroom):
    """Whatever the reason and the existing data: pages lead to the log-in, and forms change nothing."""
    browsers, wrong = strangers(newsroom), []
    for browser in browsers.values():
        browser.get("/login")  # With a token for its forms.
    before = newsroom.api.everything_stored()
    for method, rule, scope, _ in routes(newsroom.app):
        if scope == "public":
            continue
        for existing in (True, False):
            path = filled(rule, existing)
            plain = path in ("/editors", "/editors/")
            to_log_in = "/editors/login" + ("" if plain else f"?next={quote(path, safe='')}")
            for who, browser in browsers.items():
                if method == "GET":
                    found = [(page.status, page.location) == (303, to_log_in) for page in (browser.get(path),)]
                else:
                    tokens = (browser.token(), "", "wrong") if existing else (browser.token(),)
                    pages = [browser.post(path, token, **FIELDS) for token in tokens]
                    found = [page.status == 401 and "Nothing was changed." in page.note for page in pages]
                if not all(found):
                    wrong.append((who, method, path, found))
    assert wrong == [] and len(browsers) >= 10
    assert newsroom.api.everything_stored() == before


def test_a_page_is_open_to_exactly_those_who_have_its_scope(each_newsroom):
    newsroom = each_newsroom
    browsers, wrong = people(newsroom), []
    pages = [(rule, scope) for method, rule, scope, _ in routes(newsroom.app) if method == "GET" and scope != "public"]
    before = newsroom.api.everything_stored()
    for rule, scope in pages:
        for scopes, browser in browsers.items():
            lacks = scope != "logged-in" and scope not in scopes
            if lacks:
                known, unknown = (seen(browser.get(filled(rule, existing))) for existing in (True, False))
                if known != unknown or known[0] != 403 or f"You need the {scope} permission" not in known[2]:
                    wrong.append((rule, sorted(scopes), known[0], unknown[0]))
            elif scopes in TELLING:
                for existing in (True, False):
                    page = browser.get(filled(rule, existing))
                    to_log_in = (page.location or "").startswith("/editors/login")
                    if to_log_in or page.status in (400, 401, 403, 405, 429) or page.status >= 500:
                        wrong.append((rule, sorted(scopes), page.status))
    assert wrong == [] and len(pages) >= 20
    assert newsroom.api.everything_stored() == before


def test_a_form_does_nothing_without_its_scope_and_its_token(newsroom):
    browsers, wrong = people(newsroom), []
    forms = [row for row in routes(newsroom.app) if row[0] == "POST" and row[2] != "public"]
    before = newsroom.api.everything_stored("audit_log", "sqlite_sequence")
    stolen = newsroom.stranger().token()
    for _, rule, scope, _ in forms:
        for scopes, browser in browsers.items():
            own = browser.token()
            if scope == "logged-in" or scope in scopes:
                pages = [browser.post(filled(rule, True), token, **FIELDS) for token in ("", "wrong", stolen)]
                found = [page.status == 400 and page.note.startswith("The form was opened before") for page in pages]
            else:
                tries = [(True, own), (False, own), (True, ""), (False, stolen)]
                answers = {seen(browser.post(filled(rule, existing), token, **FIELDS)) for existing, token in tries}
                found = [len(answers) == 1, {answer[0] for answer in answers} == {403}]
            if not all(found):
                wrong.append((rule, sorted(scopes), found))
    assert wrong == [] and len(forms) >= 15
    assert newsroom.api.everything_stored("audit_log", "sqlite_sequence") == before


def test_a_form_needs_no_other_scope_than_its_own(newsroom):
    browsers, wrong = {scopes: browser for scopes, browser in people(newsroom).items() if scopes in TELLING}, []
    forms = [row for row in routes(newsroom.app) if row[0] == "POST" and row[2] != "public"]
    for _, rule, scope, endpoint in sorted(forms, key=lambda form: form[3] == "login.log_out"):
        for scopes, browser in browsers.items():
            if scope == "logged-in" or scope in scopes:
                page = browser.post(filled(rule, False), **FIELDS)
                refused = page.status in (400, 401, 403, 405, 429) or page.status >= 500
                if refused or (page.location == "/editors/login") != (endpoint == "login.log_out"):
                    wrong.append((rule, sorted(scopes), page.status, page.note))
    assert wrong == []


def test_where_a_second_factor_is_required_nothing_else_is_open_without_it(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, require_second_factor=True)
    browser, wrong = dashboard.person(name="chief"), []
    token = browser.token()
    before = dashboard.api.everything_stored()
    for method, rule, scope, endpoint in routes(dashboard.app):
        if scope == "public" or endpoint in OPEN_WITHOUT_SECOND_FACTOR:
            continue
        path = filled(rule, True)
        if method == "GET":
            found = browser.get(path).location == "/editors/account/second-factor"
        else:
            page = browser.post(path, token, **FIELDS)
            found = page.status == 403 and "a second factor is required here" in page.note
        if not found:
            wrong.append((method, path))
    assert wrong == [] and browser.get("/account/second-factor").status == 200
    assert dashboard.api.everything_stored() == before
    with dashboard.database.read() as conn:
        assert users.find_by_name(conn, "chief") is not None
