"""Every form of the dashboard, found in the routes: a refused one keeps what was typed and says the error at its field.

A route that only a button leads to has nothing to keep: it is refused with a page that says so.
"""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles
from tests.support.dashboard import Dashboard
from tests.support.newsroom import article, at
from tests.support.people import PASSWORD

SECRETS = {"password", "old", "new", "again", "code"}
"""Fields that no page repeats."""


@dataclass(frozen=True)
class Refused:
    """Fields that a form is sent with, the fields that are wrong, and the query of its address."""

    given: dict[str, str | list[str]]
    wrong: tuple[str, ...]
    query: str = ""
    status: int = 422
    values: dict[str, str] = field(default_factory=lambda: {"name": "somebody", "slug": "taiwan"})
    """The parts of the address."""


STORY = {
    "title": "A typed title", "url": "/typed", "summary": "<p>Typed</p>", "html": "<p>Typed body</p>", "authors": "Mei",
    "tags": "typed", "sections": ["taiwan"], "image_url": "/typed.jpg", "image_alt": "typed", "correction": "Typed.",
    "published_at": "2026-03-15T08:00", "expires_at": "never",
}  # fmt: skip

NEW_STORY = {name: value for name, value in STORY.items() if name != "correction"} | {"id": "typed"}

FEED = {
    "title": "Typed",
    "description": "typed",
    "any_tag": "typed",
    "entries": "many",
    "language": "en",
    "listed": "1",
}

FORMS = {
    "login.check_log_in": Refused({"name": "typed", "password": "not this one"}, ("name", "password")),
    "regenerate.regenerate": Refused({"section": "taiwan", "back": "taiwan", "reason": "r" * 501}, ("reason",)),
    "feeds.create_feed": Refused(FEED | {"slug": "typed"}, ("entries",)),
    "feeds.change_feed": Refused(FEED, ("entries",), "?slug=trips"),
    "feeds.preview_feed": Refused(FEED | {"slug": "typed"}, ("entries",)),
    "feeds.rename_feed": Refused({"slug": "No Address"}, ("slug",), "?slug=trips"),
    "article_edit.save_article": Refused(STORY | {"act": "review"}, ("expires_at",), "?id=a1"),
    "article_edit.create_article": Refused(NEW_STORY | {"act": "publish"}, ("expires_at",)),
    "scheduling.schedule": Refused({"published_at": "tomorrow"}, ("published_at",), "?id=soon"),
    "articles.withdraw": Refused({"reason": "r" * 501}, ("reason",), "?id=a1"),
    "withdrawals.withdraw_many": Refused({"id": "a1", "reason": "r" * 501, "confirmed": "1"}, ("reason",)),
    "holds.hold": Refused({"reason": "typed", "until": "tomorrow"}, ("until",)),
    "tokens.create_token": Refused({"name": "typed", "days": "many", "scope": ["read", "write"]}, ("days",)),
    "users.create_user": Refused({"name": "Typed Name", "role": "editor"}, ("name",)),
    "users.change_scopes": Refused({"role": "custom"}, ("scope",)),
    "account.change_own_password": Refused({"old": "not this one", "new": "n" * 20, "again": "n" * 20}, ("old",)),
    "second_factor.set_up": Refused({"password": "not this one"}, ("password",)),
    "password_link.set_password": Refused({"new": "a new long one", "again": "another long one"}, ("again",)),
}
"""Routes of forms with fields that people fill in."""

BUTTONS = {
    "articles.restore": "?id=missing",
    "article_edit.release_locks": "?id=missing",
    "revisions.forget_revisions": "?id=missing",
    "previews.preview": "?id=" + "x" * 501,
    "feeds.retire_feed": "?slug=missing",
    "feeds.reinstate_feed": "?slug=missing",
    "sections.release": "",
    "sources.look_at_source": "",
    "sources.check_source": "",
    "sources.pause_source": "",
    "sources.resume_source": "",
    "sources.accept_source": "",
    "tokens.revoke_token": "",
    "sessions.end_session": "",
    "sessions.end_own_session": "",
    "users.create_password_link": "",
    "withdrawals.undo": "",
    "holds.release": "",
    "notifications.test_channel": "",
    "deliveries.ask_again": "",
    "subscribers.pause_subscriber": "",
    "subscribers.resume_subscriber": "",
    "subscribers.push_again": "",
    "subscribers.remove_subscriber": "",
    "subscribers.remove_host": "",
    "users.disable": "",
    "users.enable": "",
    "users.reset_second_factor": "",
}
"""Routes of buttons, with the query of an address that names nothing."""

ELSEWHERE = {
    "revisions.revert": "its address names a state: test_revisions",
    "login.log_out": "takes nothing that could be wrong",
    "login.check_code": "its only field is a code: test_login",
    "second_factor.turn_on": "its only field is a code: test_second_factor",
    "second_factor.turn_off": "its fields are a password and a code: test_second_factor",
    "article_edit.preview_form": "nothing that is typed is wrong for a preview: test_article_edit",
}
"""Routes that are tested elsewhere, and why."""

UNASKED = {
    "feeds.reinstate_feed": "gives", "users.enable": "gives", "sources.resume_source": "gives",
    "withdrawals.undo": "undoes", "holds.release": "the feed goes on", "notifications.test_channel": "takes nothing",
    "deliveries.ask_again": "takes nothing", "articles.restore": "a page of its own asks",
    "feeds.retire_feed": "a page of its own asks", "sources.accept_source": "a page of its own asks",
    "sources.look_at_source": "takes nothing", "sources.check_source": "takes nothing",
    "sources.pause_source": "Resume beside it undoes it", "users.create_password_link": "the old password works on",
    "previews.preview": "takes nothing", "subscribers.pause_subscriber": "Resume beside it undoes it",
    "subscribers.resume_subscriber": "gives", "subscribers.push_again": "takes nothing",
}  # fmt: skip
"""Buttons that ask nothing, and why."""


def fill(database, clock):
    dashboard = Dashboard(database, clock)
    dashboard.desk.put("a1", title="As it was", published_at=at(hours=-1))
    dashboard.desk.put("soon", title="Soon", published_at=at(hours=3))
    dashboard.publish()
    dashboard.person("read", name="somebody")


@pytest.fixture
def sqlite_url(filled_once, new_url):
    return new_url("sqlite", of=filled_once("sqlite", fill))


@pytest.fixture
def newsroom(sqlite_dashboard):
    sqlite_dashboard.publish()  # Nothing is left to do but to load.
    return sqlite_dashboard


def routes(dashboard):
    """Returns the rules of all routes that take a form, by endpoint."""
    return {rule.endpoint: rule for rule in dashboard.app.url_map.iter_rules() if "POST" in (rule.methods or ())}


def address(dashboard, endpoint, values):
    """Returns the path of a route with these parts."""
    rule = routes(dashboard)[endpoint]
    _, path = rule.build({name: values.get(name, "missing") for name in rule.arguments}, append_unknown=False)
    return path


def send(browser, path, given):
    """Sends a form that is not confirmed."""
    return browser.post(path, **{"confirmed": ""} | given)


def shown(page, name):
    """Returns what the fields of this name have: texts, and the values that are chosen."""
    found = []
    for one in page.tree.xpath("//*[@name=$name][not(self::button)]", name=name):
        if one.tag == "textarea":
            found.append(one.text_content().removeprefix("\n"))
        elif one.tag == "select":
            found += [
                option.get("value", option.text) for option in one.iter("option") if option.get("selected") is not None
            ]
        elif one.get("type") not in ("checkbox", "radio") or one.get("checked") is not None:
            found.append(one.get("value", ""))
    return found


def described(page, one):
    """Returns the words to which a field or its group points."""
    groups = [one, *one.iterancestors("fieldset")]
    ids = [id for group in groups for id in group.get("aria-describedby", "").split()]
    return " ".join(
        page.tree.get_element_by_id(id).text_content() for id in ids if id.endswith(("error", "wrong"))
    ).strip()


def ready(newsroom, endpoint):
    """Returns a browser that may send the form, and prepares what it is about."""
    browser = newsroom.person()
    if endpoint.startswith("feeds."):
        done = browser.post("/feed/new", title="Trips", slug="trips", any_tag="trips", listed="1")
        assert done.status == 303, done.note
    if endpoint == "password_link.set_password":
        link = browser.post("/users/somebody/password").tree.xpath("string(//code[@aria-label='Link'])")
        browser = newsroom.stranger()
        assert browser.get("/password/" + link.rsplit("/", 1)[1]).status == 303
    return browser


def opened(browser, path):
    """Returns what the form knows of the version that it was opened with."""
    page = browser.get(path)
    found = page.tree.xpath("//main//input[@name='etag' or @name='base']") if page.status == 200 else []
    return {one.get("name"): one.get("value") for one in found}


def test_each_route_of_a_form_is_tested(sqlite_dashboard):
    found = set(routes(sqlite_dashboard))
    assert found == FORMS.keys() | BUTTONS.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("endpoint", FORMS)
def test_a_refused_form_keeps_what_was_typed_and_says_the_error_at_its_field(newsroom, endpoint):
    case = FORMS[endpoint]
    browser = ready(newsroom, endpoint)
    path = address(newsroom, endpoint, case.values) + case.query
    page = send(browser, path, case.given | opened(browser, path))
    assert page.status == case.status, page.words
    for name, typed in case.given.items():
        if name in SECRETS:
            assert str(typed) not in page.text, name
        elif name not in ("etag", "act", "back", "section"):
            assert (typed if isinstance(typed, list) else [typed]) == shown(page, name), name
    fields = [page.tree.xpath("//*[@name=$name][not(@type='hidden')]", name=name)[0] for name in case.wrong]
    assert all(described(page, one) for one in fields), page.words
    assert all(one.get("aria-invalid") == "true" or one.get("type") == "checkbox" for one in fields)
    focused = page.tree.xpath("//*[@autofocus]")
    assert len(focused) == 1 and focused[0].get("name") in case.wrong


@pytest.mark.parametrize("endpoint", BUTTONS)
def test_a_button_that_means_nothing_is_refused_in_words(newsroom, endpoint):
    page = newsroom.person().post(address(newsroom, endpoint, {}) + BUTTONS[endpoint])
    assert 400 <= page.status < 500 and page.note and page.title


@pytest.mark.parametrize("endpoint", sorted(BUTTONS.keys() - UNASKED.keys()))
def test_a_button_that_takes_something_away_asks_once(newsroom, endpoint):
    page = send(newsroom.person(), address(newsroom, endpoint, {"name": "somebody", "slug": "taiwan"}) + "?id=a1", {})
    assert page.status == 200 and page.title.endswith("?")
    (form,) = [form for form in page.forms() if "confirmed" in form.fields]
    assert form.fields["confirmed"] == "1"
    assert page.tree.xpath("string(//a[text()='Cancel']/@href)").startswith("/editors/")


def test_everything_is_regenerated_and_an_embargo_lifted_after_a_question(newsroom):
    browser = newsroom.person()
    for path, given in (("/regenerations", {"what": "all"}), ("/article/schedule?id=soon", {"act": "now"})):
        page = send(browser, path, given)
        assert page.status == 200 and page.title.endswith("?")
    with newsroom.database.read() as conn:
        assert articles.get_article(conn, "soon").published_at == at(hours=3)


def test_a_lock_is_released_after_a_question(newsroom):
    list(articles.put_articles(newsroom.database, [article("cms", title="One")], by=Actor("token cms", "192.0.2.8")))
    page = send(newsroom.person(), "/article/locks?id=cms", {})
    assert page.title == "Release the locked fields?"
    assert page.tree.xpath("string(//a[text()='Cancel']/@href)") == "/editors/article?id=cms"


def test_selecting_nothing_is_said_on_the_overview(newsroom):
    page = newsroom.person().post("/regenerations", what="chosen")
    assert page.status == 422 and "Select at least one section." in page.note
    form = page.tree.get_element_by_id("feeds")
    assert page.tree.get_element_by_id(form.get("aria-describedby")).text_content() == page.note


def test_the_last_admin_keeps_the_form_of_the_role(newsroom):
    browser = newsroom.person(name="only")
    page = send(browser, "/users/only/scopes", {"role": "reader"})
    assert page.status == 422 and shown(page, "role") == ["reader"]
    assert "last user with the scope admin" in described(page, page.tree.xpath("//input[@name='role']")[0])


def test_a_password_is_never_shown_again(newsroom):
    browser = newsroom.person()
    for path, given in (
        ("/account", {"old": PASSWORD, "new": "only-in-this-form", "again": "only-in-this-form-2"}),
        ("/account/second-factor/set-up", {"password": "only-in-this-form"}),
    ):
        assert "only-in-this-form" not in send(browser, path, given).text


@pytest.mark.parametrize(
    ("asked", "wrong"), [("to=9999-12-31", "to"), ("from=soon", "from"), ("q=" + "w" * 201, "q"), ("after=x", "q")]
)
def test_a_search_that_cannot_be_made_keeps_its_form(newsroom, asked, wrong):
    typed = "" if asked.startswith("q=") else "q=harbour&status=draft&"
    page = newsroom.person().get(f"/articles?{typed}{asked}")
    assert page.status == 422 and page.title == "Articles"
    assert described(page, page.tree.xpath("//*[@name=$name]", name=wrong)[0])
    if typed:
        assert (shown(page, "q"), shown(page, "status")) == (["harbour"], ["draft"])


@pytest.mark.parametrize(
    ("status", "path", "token"), [(401, "/article/new", None), (400, "/article/new", "forged"), (404, "?id=gone", None)]
)
def test_what_was_written_is_shown_to_be_copied_if_no_form_can_be(newsroom, status, path, token):
    browser = newsroom.person()
    path = f"/article/edit{path}" if path.startswith("?") else path
    token = token or browser.token()
    if status == 401:
        with newsroom.database.write() as conn:
            conn.execute(text("DELETE FROM session"))
    page = browser.post(path, token, **NEW_STORY, password="never shown")
    assert page.status == status and "never shown" not in page.text
    written = {area.get("id"): area.text_content().removeprefix("\n") for area in page.tree.iter("textarea")}
    assert written["typed-html"] == NEW_STORY["html"] and written["typed-title"] == NEW_STORY["title"]
    assert "typed-html" not in newsroom.stranger().post("/article/new", token, **NEW_STORY).text
