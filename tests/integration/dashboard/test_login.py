"""The login form: no information leaks, safe redirects, throttled failures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.auth.known_devices import COOKIE as DEVICE
from syndication.auth.login import BUSY, NOT_CURRENT, WRONG
from syndication.auth.secrets import passwords
from syndication.store.access import user_changes, users
from tests.support.dashboard import PREFIX, Dashboard
from tests.support.people import OTHER, PASSWORD, change, hash_of, person

NEWER = "nine lighthouses of Penghu"


def test_logging_in_leads_to_the_requested_page(dashboard):
    person(dashboard.database)
    browser = dashboard.stranger()
    form = browser.get(browser.get("/articles?q=夜車&status=published").location)
    page = browser.submit(form, "/login", name=" Mei ", password=PASSWORD)
    assert page.status == 303
    assert browser.follow(page).tree.xpath("string(//input[@id='q']/@value)") == "夜車"
    assert dashboard.api.audit(act="log in")[0].actor == "user mei"
    assert browser.client.get("/editors/login").status_code == 200


ELSEWHERE = [
    "//evil.example", "//evil.example/editors/", "https://evil.example/editors/", "https:/editors/", "https:editors",
    "HTTPS://evil.example/editors", "///evil.example/editors/", "/\\evil.example", "\\\\evil.example/editors",
    "/editors/\\..\\..", "/editors\\@evil.example", "javascript:alert(1)//editors/", "data:text/html,/editors/",
    "//[evil", "https://[::1/editors/", "//evil.example\\@/editors/", "/editors/\r\nX-Evil: 1", "/editors/\tx",
    " //evil", "\t//evil.example", "/editors/\x00", "/feeds/all.atom", "/", "editors/articles", "?x", "#x", "/editorsx",
    "/api/v1/docs", "/%65ditors/", "/editors/login", "/editors/logout", "/editors/login?next=//evil.example",
    "//editors/", "/editors:80@evil", "http://feeds.daily.example/editors/", "/\u2028/editors", "／editors/",
    "/editors/\u202e",
]  # fmt: skip


def kept(browser, wanted):
    """Returns the redirect target in the form after ``wanted`` was requested."""
    page = browser.ask("GET", "/login", query_string={"next": wanted})
    return page.tree.xpath("string(//input[@name='next']/@value)")


def test_the_login_redirects_to_no_foreign_address(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()
    assert {wanted: kept(browser, wanted) for wanted in ELSEWHERE} == dict.fromkeys(ELSEWHERE, "/editors/")
    person(sqlite_dashboard.database)
    for wanted in ("//evil.example", "///editors/", "/editors/\r\nX-Evil: 1"):
        assert sqlite_dashboard.stranger().log_in("mei", next=wanted).location == "/editors/"


@pytest.mark.parametrize(
    "wanted",
    ["/editors/articles?q=a%2Fb&status=draft", "/editors/article?id=a%0Ab", "/editors/sections/taiwan#left-out"],
)
def test_the_login_redirects_to_our_address_unchanged(sqlite_dashboard, wanted):
    browser = sqlite_dashboard.stranger()
    person(sqlite_dashboard.database)
    assert browser.log_in("mei", next=kept(browser, wanted)).location == wanted


def test_no_text_makes_the_form_hold_a_foreign_address(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()

    @settings(max_examples=60, deadline=None)
    @given(st.text(alphabet=st.sampled_from("/\\:?#@%.[]\t\n\r editorslgn2fc5"), max_size=24))
    def check(wanted):
        for asked in (wanted, f"/editors{wanted}", f"//{wanted}/editors/"):
            found = kept(browser, asked)
            assert found == "/editors" or found.startswith(("/editors/", "/editors?"))
            assert "\\" not in found and found.isprintable()

    check()


def test_all_refusals_look_alike_and_the_audit_log_has_the_reason(dashboard):
    person(dashboard.database)
    change(dashboard.database, user_changes.disable, person(dashboard.database, "gone"))
    seen = set()
    for number, (name, password) in enumerate([("mei", OTHER), ("nobody", OTHER), ("gone", PASSWORD), ("", "")]):
        browser = dashboard.stranger(f"192.0.2.{number}")
        page = browser.log_in(name, password)
        assert (page.status, page.note) == (422, WRONG) and not page.cookies
        bare = page.text.replace(f'value="{name}"', 'value=""').replace(page.token, "").replace(" autofocus", "")
        seen.add((bare, *sorted((key, value) for key, value in page.headers.items() if key != "Content-Length")))
    assert len(seen) == 1
    acts = dashboard.api.audit(act="log in")[::-1]
    assert [(act.target, act.outcome, act.detail, act.source) for act in acts] == [
        ("mei", "refused", "wrong password", "192.0.2.0"),
        ("unknown user", "refused", None, "192.0.2.1"),
        ("gone", "refused", "disabled", "192.0.2.2"),
        ("unknown user", "refused", None, "192.0.2.3"),
    ]


def test_the_form_keeps_name_and_page_but_never_the_password(dashboard, capfd):
    person(dashboard.database)
    browser = dashboard.stranger()
    page = browser.log_in("mei", "hunter2-hunter2", next="/editors/charts")
    (form,) = page.forms()
    assert {name: value for name, value in form.form_values() if name != "csrf_token"} == {
        "next": "/editors/charts", "name": "mei",
    }  # fmt: skip
    assert "hunter2" not in page.text + dashboard.api.everything_stored() + "".join(capfd.readouterr())


def test_repeated_failures_throttle_only_their_address(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, failed_attempts=2)
    person(dashboard.database)
    browser = dashboard.stranger()
    assert [browser.log_in("mei", OTHER).status for _ in range(2)] == [422, 422]
    page = browser.log_in("mei")
    assert page.status == 429 and 1 <= int(page.headers["Retry-After"]) <= 60
    assert page.note.startswith("Too many failed attempts from 192.0.2.7: try again in ")
    assert [act.times for act in dashboard.api.audit(act="log in")] == [2]
    assert dashboard.stranger("192.0.2.8").log_in("mei").status == 303


def test_guesses_in_the_password_form_are_throttled(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, failed_attempts=2)
    browser = dashboard.person("read")
    for status, words in (
        (422, "Wrong current password."),
        (422, ""),
        (429, "Too many failed attempts"),
    ):
        page = browser.post("/account", old="a guess", new=OTHER, again=OTHER)
        assert page.status == status and page.note.startswith(words)
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert [(act.actor, act.target, act.detail) for act in dashboard.api.audit(act="change password of user")] == [
        ("user read", "read", "wrong password")
    ] * 2
    assert dashboard.stranger("192.0.2.8").log_in("read").status == 303


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda database, mei: change(database, user_changes.set_password, mei, hash_of(NEWER)),
        lambda database, mei: change(database, user_changes.disable, mei),
    ],
)
def test_a_password_changed_during_verification_is_not_overwritten(dashboard, monkeypatch, meanwhile):
    browser, verify = dashboard.person("read", name="mei"), passwords.verify_password
    with dashboard.database.read() as conn:
        mei = users.find_by_name(conn, "mei")

    def verified(password, hash):
        meanwhile(dashboard.database, mei)
        return verify(password, hash)

    token = browser.token()
    monkeypatch.setattr(passwords, "verify_password", verified)
    page = browser.post("/account", token, old=PASSWORD, new=OTHER, again=OTHER)
    assert (page.status, page.note) == (422, NOT_CURRENT)
    monkeypatch.undo()
    assert dashboard.stranger().log_in("mei", OTHER).status == 422


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        (OTHER, f"{OTHER}.", "The new passwords do not match."),
        ("short", "short", "The password"),
        ("mei-mei-mei-mei", "mei-mei-mei-mei", "The password"),
        ("x" * 2000, "x" * 2000, "The password"),
    ],
)
def test_an_unsuitable_new_password_is_refused(sqlite_dashboard, new, again, words):
    browser = sqlite_dashboard.person("read", name="mei")
    page = browser.post("/account", old=PASSWORD, new=new, again=again)
    assert page.status == 422 and page.note.startswith(words) and page.note.endswith(".")
    assert new not in page.text


def test_without_users_the_form_shows_how_to_create_one(dashboard):
    browser = dashboard.stranger()
    assert "syndication user create NAME --all" in browser.get("/login").words
    person(dashboard.database)
    assert "syndication user create" not in browser.get("/login").words


def test_an_api_token_in_an_address_is_refused_and_not_shown(sqlite_dashboard):
    secret = sqlite_dashboard.api.token("read")
    for browser in (sqlite_dashboard.stranger(), sqlite_dashboard.person()):
        page = browser.get(f"/articles?q={secret}")
        assert page.status == 400 and page.note.startswith("The URL contains a token") and secret not in page.text


def test_guesses_by_others_do_not_lock_known_browsers(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, user_failed_attempts=3)
    person(dashboard.database)
    person(dashboard.database, "wu")
    known = dashboard.stranger("192.0.2.1")
    assert known.log_in("mei").status == 303 and known.post("/logout").status == 303
    for number in range(3):
        assert dashboard.stranger(f"198.51.100.{number}").log_in("mei", OTHER).status == 422
    page = dashboard.stranger("192.0.2.2").log_in("mei")
    assert (page.status, page.headers["Retry-After"]) == (429, "900")
    assert page.note == "Too many failed attempts with this name: try again in 900 s."
    # From another address, like a moving phone; and after another user in the same browser.
    known.address = "203.0.113.5"
    assert known.log_in("wu").status == 303 and known.log_in("mei").status == 303


def test_a_forged_device_cookie_has_no_effect(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, user_failed_attempts=1)
    person(dashboard.database)
    known = dashboard.stranger("192.0.2.1")
    known.log_in("mei")
    cookie = known.client.get_cookie(DEVICE, "localhost", PREFIX).value
    dashboard.stranger("198.51.100.1").log_in("mei", OTHER)
    for value in (f"{cookie[:-3]}AAA", cookie.partition(".")[0], "x", "", "é", "x" * 4000):
        browser = dashboard.stranger("192.0.2.2")
        browser.client.set_cookie(DEVICE, value, path=PREFIX)
        assert browser.log_in("mei").status == 429
    browser.client.set_cookie(DEVICE, cookie, path=PREFIX)
    assert browser.log_in("mei").status == 303


def test_a_browser_remembers_a_limited_number_of_users(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()
    for number in range(8):
        person(sqlite_dashboard.database, f"user-{number}")
        assert browser.log_in(f"user-{number}").status == 303
        assert len(browser.client.get_cookie(DEVICE, "localhost", PREFIX).value) < 600


def test_a_full_login_queue_is_a_503_with_retry_after(sqlite_dashboard):
    person(sqlite_dashboard.database)
    browser = sqlite_dashboard.stranger()
    token = browser.token()
    login_service = sqlite_dashboard.app.extensions["login_service"]
    login_service.queue.waiting = 0
    with login_service.queue.turn("somebody"):
        page = browser.post("/login", token, name="mei", password=PASSWORD)
    assert (page.status, page.note, page.headers["Retry-After"]) == (503, BUSY, "5")
    assert browser.log_in("mei").status == 303
