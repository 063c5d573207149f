"""The second factor in the dashboard: set-up, login, turning off, reset, and requirement."""

import re

import pyotp
from sqlalchemy import text

from syndication.auth.known_devices import COOKIE as DEVICE
from syndication.auth.login import NOT_CURRENT, WRONG, WRONG_CODE
from syndication.store.access import user_changes, users
from tests.support.dashboard import Dashboard
from tests.support.people import OTHER, PASSWORD, change, person

PAGE = "/account/second-factor"


class Phone:
    """An authenticator app with the key from the page."""

    def __init__(self, dashboard, page):
        self.dashboard = dashboard
        self.totp = pyotp.TOTP(page.tree.xpath("string(//code[@aria-label='Key'])"))

    def code(self, *, later=30):
        """Returns the code after ``later`` seconds; each code is accepted once."""
        self.dashboard.clock.advance(later)
        return self.totp.at(self.dashboard.now)


def set_up(dashboard, browser):
    """Turns it on; returns the phone and the recovery codes."""
    page = browser.follow(browser.submit(browser.get(PAGE), f"{PAGE}/set-up", password=PASSWORD))
    phone = Phone(dashboard, page)
    done = browser.submit(page, f"{PAGE}/turn-on", code=phone.code())
    assert done.status == 200, done.text
    return phone, done.tree.xpath("//ul[@aria-label='Recovery codes']//code/text()")


def first_step(dashboard, address="192.0.2.9", name="mei"):
    """Returns a browser after the password step."""
    browser = dashboard.stranger(address)
    page = browser.log_in(name)
    assert page.location == "/editors/login/code"
    return browser


def is_in(browser):
    return browser.get("/account").status == 200


def account_of(dashboard, name="mei"):
    with dashboard.database.read() as conn:
        return users.find_by_name(conn, name)


def test_set_up_needs_password_and_code_and_ends_other_sessions(dashboard):
    browser, elsewhere = dashboard.person("read", name="mei"), dashboard.person("read", name="mei")
    assert "Off." in browser.get("/account").words
    page = browser.follow(browser.submit(browser.get(PAGE), f"{PAGE}/set-up", password=PASSWORD))
    picture = browser.get("/account/second-factor.svg")
    assert (picture.status, picture.kind, picture.headers["Cache-Control"]) == (200, "image/svg+xml", "no-store")
    phone = Phone(dashboard, page)
    assert "string" not in phone.totp.secret and len(phone.totp.secret) == 32
    assert account_of(dashboard).second_factor_at is None and phone.totp.secret not in dashboard.api.everything_stored()
    done = browser.submit(page, f"{PAGE}/turn-on", code=phone.code())
    codes = done.tree.xpath("//ul[@aria-label='Recovery codes']//code/text()")
    assert len(codes) == 10 and "not shown again" in done.words
    assert is_in(browser) and not is_in(elsewhere)
    assert account_of(dashboard).second_factor_at == dashboard.now
    again = browser.get(PAGE)
    assert "10 of 10 recovery codes" in again.words
    for shown in (again.text, browser.get("/account").text, dashboard.api.everything_stored()):
        assert not any(code in shown for code in codes)
    assert phone.totp.secret not in again.text and browser.get("/account/second-factor.svg").status == 404
    act = dashboard.api.audit(actor="user mei")[0]
    assert (act.act, act.outcome) == ("turn on second factor of user", "changed")


def test_a_wrong_password_or_code_or_a_late_code_turns_nothing_on(dashboard):
    browser = dashboard.person("read", name="mei")
    page = browser.post(f"{PAGE}/set-up", password=OTHER)
    assert (page.status, page.note) == (422, NOT_CURRENT) and browser.get("/account/second-factor.svg").status == 404
    assert dashboard.api.audit(act="set up second factor of user")[0].detail == "wrong password"
    page = browser.follow(browser.post(f"{PAGE}/set-up", password=PASSWORD))
    phone = Phone(dashboard, page)
    wrong = browser.post(f"{PAGE}/turn-on", code="000000")
    assert (wrong.status, wrong.note) == (422, WRONG_CODE)
    assert Phone(dashboard, wrong).totp.secret == phone.totp.secret
    late = browser.post(f"{PAGE}/turn-on", code=phone.code(later=900))
    assert late.status == 422 and late.note.startswith("The set-up expired. Nothing was changed.")
    assert account_of(dashboard).second_factor_at is None


def test_the_login_requires_the_code_before_a_session_exists(dashboard):
    browser = dashboard.person("read", name="mei")
    phone, _ = set_up(dashboard, browser)
    other = dashboard.stranger("192.0.2.9")
    page = other.log_in("mei", next="/editors/articles?q=x")
    assert page.location == "/editors/login/code?next=%2Feditors%2Farticles%3Fq%3Dx"
    assert not is_in(other) and not any(DEVICE in cookie for cookie in page.cookies)
    form = other.follow(page)
    assert other.get("/articles").location == "/editors/login?next=%2Feditors%2Farticles"
    done = other.submit(form, "/login/code", code=phone.code())
    assert done.location == "/editors/articles?q=x" and is_in(other)
    assert any(DEVICE in cookie for cookie in done.cookies)
    assert [act.outcome for act in dashboard.api.audit(act="log in")] == ["logged in", "logged in"]


def test_a_code_is_accepted_once_within_one_step(dashboard):
    phone, _ = set_up(dashboard, dashboard.person("read", name="mei"))
    code = phone.code()
    assert first_step(dashboard).post("/login/code", code=code).status == 303
    replayed = first_step(dashboard).post("/login/code", code=code)
    assert (replayed.status, replayed.note) == (422, WRONG_CODE)
    code = phone.code()
    dashboard.clock.advance(30)
    assert first_step(dashboard).post("/login/code", code=code).status == 303
    code = phone.code()
    dashboard.clock.advance(60)
    assert first_step(dashboard).post("/login/code", code=code).status == 422


def test_all_wrong_codes_get_the_same_response(dashboard):
    phone, recovery = set_up(dashboard, dashboard.person("read", name="mei"))
    used = phone.code()
    assert first_step(dashboard).post("/login/code", code=used).status == 303
    assert first_step(dashboard).post("/login/code", code=recovery[0]).status == 303
    seen = set()
    for number, code in enumerate(["", "000000", used, recovery[0], "x" * 40, "é\x00", "abcd-efgh-jkmn-pqrs"]):
        browser = first_step(dashboard, f"198.51.100.{number}")
        page = browser.post("/login/code", code=code)
        bare = re.sub(r'name="csrf_token" value="[^"]+"', "", page.text)
        seen.add((page.status, bare, *sorted((k, v) for k, v in page.headers.items() if k != "Content-Length")))
        assert not is_in(browser)
    assert len(seen) == 1


def test_a_recovery_code_logs_in_once_and_is_recorded(dashboard):
    browser = dashboard.person("read", name="mei")
    _, codes = set_up(dashboard, browser)
    assert first_step(dashboard).post("/login/code", code=f" {codes[3].upper()} ").status == 303
    assert first_step(dashboard).post("/login/code", code=codes[3]).status == 422
    assert "9 of 10 recovery codes" in browser.get(PAGE).words
    (act,) = dashboard.api.audit(act="use recovery code")
    assert (act.actor, act.source, act.target) == ("user mei", "192.0.2.9", "mei")


def test_wrong_codes_are_throttled_by_address_and_name(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, failed_attempts=2, user_failed_attempts=5)
    phone, _ = set_up(dashboard, dashboard.person("read", name="mei"))
    browser = first_step(dashboard)
    assert [browser.post("/login/code", code="000000").status for _ in range(3)] == [422, 422, 429]
    page = browser.post("/login/code", code=phone.code())
    assert page.status == 429 and page.note.startswith("Too many failed attempts from 192.0.2.9")
    browsers = [first_step(dashboard, f"198.51.100.{number}") for number in range(4)]
    assert [one.post("/login/code", code="000000").status for one in browsers] == [422, 422, 422, 429]
    page = browsers[3].post("/login/code", code=phone.code())
    assert page.status == 429 and page.note.startswith("Too many failed attempts with this name: ")
    assert dashboard.stranger("203.0.113.1").log_in("mei").status == 429
    refused = [act for act in dashboard.api.audit(act="log in", target="mei") if act.outcome == "refused"]
    assert [act.detail for act in refused for _ in range(act.times)] == ["wrong code"] * 5


def test_a_pending_login_expires_and_ends_with_account_changes(dashboard):
    phone, _ = set_up(dashboard, dashboard.person("read", name="mei"))
    for end in (
        lambda: dashboard.clock.advance(600),
        lambda: change(dashboard.database, user_changes.set_scopes, account_of(dashboard), ("read", "preview")),
        lambda: change(dashboard.database, user_changes.disable, account_of(dashboard)),
    ):
        browser = first_step(dashboard)
        end()
        page = browser.post("/login/code", code=phone.code())
        assert page.location == "/editors/login" and not is_in(browser)
        assert "log in again" in browser.follow(page).words
        change(dashboard.database, user_changes.enable, account_of(dashboard))
    assert dashboard.stranger().get("/login/code").location == "/editors/login"
    assert dashboard.stranger().post("/login/code", code=phone.code()).location == "/editors/login"


def test_a_cookie_copied_between_the_steps_is_no_session(dashboard):
    phone, _ = set_up(dashboard, dashboard.person("read", name="mei"))
    browser, copy = first_step(dashboard), dashboard.stranger("198.51.100.1")
    copy.cookie = browser.cookie
    assert browser.post("/login/code", code=phone.code()).status == 303
    assert not is_in(copy) and copy.post("/login/code", code=phone.code()).location == "/editors/login"


def test_a_cookie_forged_from_the_database_is_no_pending_login(dashboard):
    set_up(dashboard, dashboard.person("read", name="mei"))
    first_step(dashboard)
    with dashboard.database.read() as conn:
        hashes = list(conn.scalars(text("SELECT hash FROM pending_login")))
    assert len(hashes) == 1
    for forged in (hashes[0], account_of(dashboard).id, "mei", ["mei"], None, 7):
        browser = dashboard.stranger()
        with browser.client.session_transaction("/editors/") as session:
            session["pending"] = forged
        assert browser.get("/login/code").location == "/editors/login"


def test_turning_off_needs_password_and_code_and_ends_other_sessions(dashboard):
    browser = dashboard.person("read", name="mei")
    phone, codes = set_up(dashboard, browser)
    elsewhere = dashboard.person("read", name="mei")
    for fields in (
        {"password": PASSWORD, "code": "000000"},
        {"password": OTHER, "code": phone.code()},
        {"code": codes[0]},
    ):
        assert browser.post(f"{PAGE}/turn-off", **fields).status == 422
    assert account_of(dashboard).second_factor_at is not None
    page = browser.submit(browser.get(PAGE), f"{PAGE}/turn-off", password=PASSWORD, code=phone.code())
    assert page.location == "/editors/account" and is_in(browser) and not is_in(elsewhere)
    assert dashboard.stranger().log_in("mei").location == "/editors/"
    assert phone.totp.secret not in dashboard.api.everything_stored()
    with dashboard.database.read() as conn:
        assert conn.scalar(text("SELECT count(*) FROM recovery_code")) == 0


def test_an_admin_sees_and_resets_it_and_it_is_recorded(dashboard):
    browser, boss = dashboard.person("read", name="mei"), dashboard.person(name="boss")
    set_up(dashboard, browser)
    waiting = first_step(dashboard)
    assert "On" in boss.get("/users").tree.xpath("string(//tr[th/a='mei']/td[@data-label='second factor'])")
    page = boss.submit(boss.get("/users/mei"), "/users/mei/second-factor")
    assert "Second factor of mei removed." in boss.follow(page).words
    assert not is_in(browser) and waiting.get("/login/code").location == "/editors/login"
    assert dashboard.stranger().log_in("mei").location == "/editors/"
    (act,) = dashboard.api.audit(act="remove second factor of user")
    assert (act.actor, act.target, act.outcome) == ("user boss", "mei", "removed")
    assert not [form for form in boss.get("/users/mei").forms() if "second-factor" in form.get("action", "")]


def test_an_admins_own_needs_password_and_code(dashboard):
    boss = dashboard.person(name="boss")
    set_up(dashboard, boss)
    page = boss.post("/users/boss/second-factor")
    assert page.status == 422 and "turn off your own second factor on your account page" in page.note
    assert account_of(dashboard, "boss").second_factor_at is not None


def test_an_admin_resets_it_by_the_api(api, clock):
    dashboard = Dashboard(api.database, clock)
    set_up(dashboard, dashboard.person("read", name="mei"))
    (mei,) = api.get("/users", ("admin",)).json["users"]
    assert mei["second_factor_at"] is not None and "totp" not in str(mei)
    for _ in range(2):
        said = api.ask("DELETE", "/users/mei/second-factor", scopes=("admin",))
        assert (said.status, said.json["second_factor_at"]) == (200, None)
    assert len(api.audit(act="remove second factor of user")) == 1
    assert api.ask("DELETE", "/users/nobody/second-factor", scopes=("admin",)).status == 404


def test_a_required_second_factor_must_be_set_up_first(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock, require_second_factor=True)
    person(dashboard.database, "mei", "read", "admin")
    browser = dashboard.stranger()
    assert browser.log_in("mei").status == 303
    for path in ("/", "/articles", "/users", "/account"):
        assert browser.get(path).location == f"/editors{PAGE}"
    assert browser.part("/live/overview").headers["HX-Redirect"] == f"/editors{PAGE}"
    page = browser.post("/users/mei/disable")
    assert page.status == 403 and "Set yours up first" in page.note
    assert account_of(dashboard).enabled
    phone, _ = set_up(dashboard, browser)
    assert browser.get("/").status == 200
    page = browser.post(f"{PAGE}/turn-off", password=PASSWORD, code=phone.code())
    assert page.status == 422 and "A second factor is required here" in page.note
    assert dashboard.stranger().log_in("mei").location == "/editors/login/code"
    assert browser.post("/logout").status == 303


def test_a_wrong_password_gets_the_same_response_with_and_without_it(dashboard):
    set_up(dashboard, dashboard.person("read", name="mei"))
    dashboard.person("read", name="wu")
    pages = [dashboard.stranger().log_in(name, OTHER) for name in ("mei", "wu", "nobody")]
    assert {(page.status, page.note) for page in pages} == {(422, WRONG)}


def test_a_new_password_keeps_the_second_factor(dashboard):
    set_up(dashboard, dashboard.person("read", name="mei"))
    dashboard.person(name="boss").post("/users/mei/password")
    assert account_of(dashboard).second_factor_at is not None
