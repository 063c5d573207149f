"""Who is logged in, and where: each user sees and ends their own sessions, admins everybody's."""

import pytest

from syndication.store.access import sessions
from tests.support.people import PASSWORD, person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def mei(dashboard):
    return person(dashboard.database)


def logged_in(dashboard, address, agent=""):
    """Returns a browser in which mei logged in with the password."""
    browser = dashboard.stranger(address)
    fields = {"name": "mei", "password": PASSWORD, "csrf_token": browser.token()}
    assert browser.ask("POST", "/login", data=fields, headers={"User-Agent": agent}).status == 303
    return browser


def rows(page):
    found = page.tree.xpath("//table[@class='cards']/tbody/tr")
    return [" ".join(" ".join(cell.text_content() for cell in row).split()) for row in found]


def test_a_user_sees_each_browser_and_ends_another_one(dashboard, mei):
    here, lost = logged_in(dashboard, "192.0.2.7", FIREFOX), logged_in(dashboard, "192.0.2.8", "<b>odd</b>")
    page = here.get("/account")
    mine, other = sorted(rows(page), key=lambda row: "192.0.2.8" in row)
    assert mine.startswith("Firefox on Linux 192.0.2.7") and mine.endswith("This browser")
    assert other.startswith("Unknown browser 192.0.2.8") and "odd" not in page.text
    done = here.follow(here.submit(page, "/account/sessions/end"))
    assert "you are logged out there" in done.words and len(rows(done)) == 1
    assert lost.get("/account").status == 303 and here.get("/account").status == 200


def test_a_user_cannot_end_the_session_of_another(dashboard, mei):
    boss = dashboard.person(name="boss")
    with dashboard.database.read() as conn:
        (theirs,) = sessions.list_sessions(conn, dashboard.now)
    here = logged_in(dashboard, "192.0.2.7")
    for id in (theirs.id, theirs.id[:-1], "", "%", "_" * 16, theirs.id.upper()):
        assert here.post("/account/sessions/end", id=id).status == 404
    assert boss.get("/").status == 200


def test_an_admin_sees_and_ends_everybodys_sessions(dashboard, mei):
    boss, theirs = dashboard.person(name="boss"), logged_in(dashboard, "192.0.2.8", FIREFOX)
    page = boss.get("/sessions")
    assert sum("mei Firefox on Linux 192.0.2.8" in row for row in rows(page)) == 1
    assert sum("This browser" in row for row in rows(page)) == 1
    assert "mei is logged out there" in boss.follow(boss.submit(boss.get("/users/mei"), "/sessions/end")).words
    assert theirs.get("/").status == 303
    (entry,) = dashboard.api.audit(act="end session of user")
    assert (entry.actor, entry.target, entry.outcome) == ("user boss", "mei", "ended")


def test_expired_sessions_are_not_listed(dashboard, mei):
    boss = dashboard.person(name="boss")
    logged_in(dashboard, "192.0.2.8")
    assert len(rows(boss.get("/sessions"))) == 2
    dashboard.clock.advance(dashboard.api.settings.editors.session_hours * 3600)
    with dashboard.database.read() as conn:
        assert sessions.list_sessions(conn, dashboard.now) == []
