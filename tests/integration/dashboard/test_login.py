"""Logging in by the form: what a stranger learns, where it leads to, and who has to wait."""

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


def test_who_gives_name_and_password_is_in_and_led_to_the_page_that_was_asked_for(dashboard):
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
    """The page to which the form leads, of which this one was asked for."""
    page = browser.ask("GET", "/login", query_string={"next": wanted})
    return page.tree.xpath("string(//input[@name='next']/@value)")


def test_the_log_in_leads_to_no_other_address(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()
    assert {wanted: kept(browser, wanted) for wanted in ELSEWHERE} == dict.fromkeys(ELSEWHERE, "/editors/")
    person(sqlite_dashboard.database)
    for wanted in ("//evil.example", "///editors/", "/editors/\r\nX-Evil: 1"):
        assert sqlite_dashboard.stranger().log_in("mei", next=wanted).location == "/editors/"


@pytest.mark.parametrize(
    "wanted",
    ["/editors/articles?q=a%2Fb&status=draft", "/editors/article?id=a%0Ab", "/editors/sections/taiwan#left-out"],
)
def test_the_log_in_leads_to_an_address_of_ours_as_it_was(sqlite_dashboard, wanted):
    browser = sqlite_dashboard.stranger()
    person(sqlite_dashboard.database)
    assert browser.log_in("mei", next=kept(browser, wanted)).location == wanted


def test_the_form_holds_no_address_of_elsewhere_whatever_is_asked(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()

    @settings(max_examples=60, deadline=None)
    @given(st.text(alphabet=st.sampled_from("/\\:?#@%.[]\t\n\r editorslgn2fc5"), max_size=24))
    def check(wanted):
        for asked in (wanted, f"/editors{wanted}", f"//{wanted}/editors/"):
            found = kept(browser, asked)
            assert found == "/editors" or found.startswith(("/editors/", "/editors?"))
            assert "\\" not in found and found.isprintable()

    check()


def test_a_refusal_is_the_same_whatever_is_wrong_and_the_log_knows_what_it_was(dashboard):
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


def test_the_form_keeps_the_name_and_the_page_and_never_the_password(dashboard, capfd):
    person(dashboard.database)
    browser = dashboard.stranger()
    page = browser.log_in("mei", "hunter2-hunter2", next="/editors/charts")
    (form,) = page.forms()
    assert {name: value for name, value in form.form_values() if name != "csrf_token"} == {
        "next": "/editors/charts", "name": "mei",
    }  # fmt: skip
    assert "hunter2" not in page.text + dashboard.api.everything_stored() + "".join(capfd.readouterr())


def test_who_was_wrong_too_often_waits_and_nobody_elsewhere_does(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, failed_attempts=2)
    person(dashboard.database)
    browser = dashboard.stranger()
    assert [browser.log_in("mei", OTHER).status for _ in range(2)] == [422, 422]
    page = browser.log_in("mei")
    assert page.status == 429 and 1 <= int(page.headers["Retry-After"]) <= 60
    assert page.note.startswith("Too many failed attempts from 192.0.2.7: try again in ")
    assert [act.times for act in dashboard.api.audit(act="log in")] == [2]
    assert dashboard.stranger("192.0.2.8").log_in("mei").status == 303


def test_an_open_browser_is_no_place_to_guess_the_password_either(sqlite_database, clock):
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
def test_who_is_kept_out_while_the_password_is_verified_does_not_change_it_any_more(dashboard, monkeypatch, meanwhile):
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
        (OTHER, f"{OTHER}.", "The new password was not typed the same twice."),
        ("short", "short", "The password"),
        ("mei-mei-mei-mei", "mei-mei-mei-mei", "The password"),
        ("x" * 2000, "x" * 2000, "The password"),
    ],
)
def test_a_new_password_that_will_not_do_is_refused_in_words(sqlite_dashboard, new, again, words):
    browser = sqlite_dashboard.person("read", name="mei")
    page = browser.post("/account", old=PASSWORD, new=new, again=again)
    assert page.status == 422 and page.note.startswith(words) and page.note.endswith(".")
    assert new not in page.text


def test_where_nobody_may_log_in_yet_the_form_says_what_to_do(dashboard):
    browser = dashboard.stranger()
    assert "syndication user create NAME --all" in browser.get("/login").words
    person(dashboard.database)
    assert "syndication user create" not in browser.get("/login").words


def test_a_token_of_the_api_in_an_address_is_refused_and_not_repeated(sqlite_dashboard):
    secret = sqlite_dashboard.api.token("read")
    for browser in (sqlite_dashboard.stranger(), sqlite_dashboard.person()):
        page = browser.get(f"/articles?q={secret}")
        assert page.status == 400 and page.note.startswith("The URL contains a token") and secret not in page.text


def test_strangers_who_guess_lock_nobody_out_of_a_browser_of_their_own(sqlite_database, clock):
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
    # From another address, as a phone has it on its way; and with somebody else in the same browser in between.
    known.address = "203.0.113.5"
    assert known.log_in("wu").status == 303 and known.log_in("mei").status == 303


def test_a_device_s_cookie_that_is_not_ours_is_nobody_s(sqlite_database, clock):
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


def test_a_browser_knows_the_last_users_and_no_more(sqlite_dashboard):
    browser = sqlite_dashboard.stranger()
    for number in range(8):
        person(sqlite_dashboard.database, f"user-{number}")
        assert browser.log_in(f"user-{number}").status == 303
        assert len(browser.client.get_cookie(DEVICE, "localhost", PREFIX).value) < 600


def test_a_full_queue_of_log_ins_is_a_503_that_says_when_to_come_back(sqlite_dashboard):
    person(sqlite_dashboard.database)
    browser = sqlite_dashboard.stranger()
    token = browser.token()
    login_service = sqlite_dashboard.app.extensions["login_service"]
    login_service.queue.waiting = 0
    with login_service.queue.turn("somebody"):
        page = browser.post("/login", token, name="mei", password=PASSWORD)
    assert (page.status, page.note, page.headers["Retry-After"]) == (503, BUSY, "5")
    assert browser.log_in("mei").status == 303
