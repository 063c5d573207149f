"""The dashboard's pages of subscribers by push: what they show to whom, and what their buttons do."""

import pytest

from syndication.config.hub_schema import HubSettings
from tests.support.dashboard import Dashboard
from tests.support.subscribers import SECRET_TOKEN, change_subscription, log_attempts, outside_hub, stored, subscribe

HUB = "https://hub.example/"


@pytest.fixture
def newsroom(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock)
    dashboard.restart(hub=HubSettings(outside=(HUB,)))
    dashboard.desk.put("a1")
    dashboard.publish()
    dashboard.api.worker_seen()
    return dashboard


@pytest.fixture
def subscriber(newsroom):
    (id,) = subscribe(newsroom.database, {"host": "one.example:443", "lag_ms": 400})
    log_attempts(newsroom.database, {"subscription_id": id, "callback": f"https://one.example/?token={SECRET_TOKEN}"})
    return id


def row(newsroom, id):
    with newsroom.database.read() as conn:
        return stored(conn, id)


def test_page_shows_sections_hosts_and_other_hubs(newsroom, subscriber):
    subscribe(newsroom.database, {"host": "two.example:8443", "format": "json", "version": 0, "lag_ms": None})
    outside_hub(newsroom.database, HUB, pinged_version=1, pinged_at=newsroom.clock(), returned_version=1)
    shown = newsroom.person("read").get("/subscribers")
    assert "Taiwan 1 Atom, 1 JSON Feed" in shown.words and "1 waiting" in shown.words and "Passes on" in shown.words
    assert "one.example" in shown.words and "one.example:443" not in shown.words and "two.example:8443" in shown.words
    assert "remove-host" not in shown.text and "Admins can pause" in shown.words
    assert 'href="/editors/subscribers"' in newsroom.person("read").get("/").text


def test_newsroom_without_subscribers_says_how_they_come(newsroom):
    shown = newsroom.person("read").get("/subscribers").words
    assert "No subscribers yet" in shown and "https://feeds.daily.example/hub" in shown
    assert "No subscribers yet" in newsroom.person("read").get("/subscribers/list").words


def test_newsroom_without_push_has_no_link_to_it(sqlite_database, clock):
    dashboard = Dashboard(sqlite_database, clock)
    dashboard.restart(hub=HubSettings(enabled=False))
    browser = dashboard.person("read")
    assert "/editors/subscribers" not in browser.get("/").text
    assert "Push is turned off" in browser.get("/subscribers").words


def test_callback_is_whole_for_admins_alone(newsroom, subscriber):
    paths = (f"/subscribers/{subscriber}", "/subscribers", "/subscribers/list", "/subscribers/pushes")
    for path in paths:
        shown = newsroom.person("read", "preview", "regenerate").get(path)
        assert shown.status == 200 and SECRET_TOKEN not in shown.text and "192.0.2.10" not in shown.text, path
    assert SECRET_TOKEN in newsroom.person("read", "admin").get(paths[0]).text
    for path in paths:
        assert "s3cret" not in newsroom.person().get(path).text, path


def test_list_is_filtered_and_paged(newsroom, subscriber):
    subscribe(newsroom.database, {"host": "two.example:443", "paused_at": newsroom.clock(), "section": "china"})
    browser = newsroom.person("read")
    assert "two.example" not in browser.get("/subscribers/list?section=taiwan").words
    paused = browser.get("/subscribers/list?state=paused")
    assert "two.example" in paused.words and "one.example" not in paused.words
    assert "Only subscribers on one.example." in browser.get("/subscribers/list?host=one.example:443").words
    many = ({"host": f"h{number}.example:443", "callback": f"https://h/{number}"} for number in range(60))
    subscribe(newsroom.database, *many)
    first = browser.get("/subscribers/list?section=taiwan")
    older = first.tree.xpath("string(//a[@rel='next']/@href)")
    assert first.title == "Subscribers of Taiwan" and "section=taiwan" in older
    assert "one.example" in browser.get(older).words and "one.example" not in first.words


def test_log_is_filtered(newsroom, subscriber):
    log_attempts(
        newsroom.database, {"subscription_id": 77, "outcome": "failed", "error": "answered 500", "lag_ms": None}
    )
    browser = newsroom.person("read")
    shown = browser.get("/subscribers/pushes").words
    assert "Delivered" in shown and "answered 500" in shown
    assert "answered 500" not in browser.get(f"/subscribers/pushes?subscription={subscriber}").words
    assert "No such pushes" in browser.get("/subscribers/pushes?section=china").words
    assert browser.get("/subscribers/pushes?outcome=odd").status == 422


def test_buttons_pause_resume_push_and_remove(newsroom, subscriber):
    chief, here = newsroom.person(), f"/subscribers/{subscriber}"
    page = chief.get(here)
    assert chief.submit(page, f"{here}/pause").location == f"/editors{here}" and row(newsroom, subscriber).paused_at
    page = chief.get(here)
    assert "Nothing is delivered until it is resumed" in page.words and f"{here}/push" not in page.text
    chief.submit(page, f"{here}/resume")
    assert row(newsroom, subscriber).paused_at is None
    chief.submit(chief.get(here), f"{here}/push")
    assert row(newsroom, subscriber).version == 0 and "Version 1 is on its way" in chief.get(here).words
    asked = chief.ask("POST", f"{here}/remove", data={"csrf_token": chief.token(), "host": "one.example"})
    assert "Remove this subscriber?" in asked.words and row(newsroom, subscriber) is not None
    assert chief.submit(chief.get(here), f"{here}/remove").location == "/editors/subscribers/list"
    assert row(newsroom, subscriber) is None and chief.get(here).status == 404


def test_all_of_a_host_are_removed_after_a_question(newsroom, subscriber):
    chief = newsroom.person()
    done = chief.submit(chief.get("/subscribers"), "/subscribers/remove-host")
    assert done.location == "/editors/subscribers" and row(newsroom, subscriber) is None
    assert "1 subscription removed" in chief.get("/subscribers").words


def test_buttons_are_shown_to_those_who_may_press_them(newsroom, subscriber):
    here = f"/subscribers/{subscriber}"
    reader, editor = (newsroom.person(*scopes).get(here).text for scopes in (("read",), ("read", "regenerate")))
    assert f'action="/editors{here}' not in reader and f'action="/editors{here}/push"' in editor
    assert f'action="/editors{here}/pause"' not in editor and f'action="/editors{here}/remove"' not in editor


def test_section_says_how_many_have_its_newest_version(newsroom, subscriber):
    browser = newsroom.person("read")
    assert "1 push subscriber; newest version delivered in 0.4 s." in browser.get("/sections/taiwan").words
    assert "push subscriber" not in browser.get("/sections/china").words
    newsroom.clock.advance(2)
    subscribe(newsroom.database, {"format": "rss"}, {"format": "json", "given_up_at": newsroom.clock()})
    browser.post("/logout", token="wrong")  # Whatever is sent ends what is remembered.
    words = browser.get("/subscribers/list?section=taiwan").words
    assert "3 push subscribers; newest version delivered to 2 in 0.4 s: 1 parked." in words


def test_parked_subscriber_is_a_notice_and_no_problem(newsroom, subscriber):
    change_subscription(newsroom.database, subscriber, given_up_at=newsroom.clock(), error="timed out")
    shown = newsroom.person("read").get("/")
    (notice,) = shown.tree.xpath("//a[@href='/editors/subscribers/list?state=parked']")
    assert "1 push subscriber is parked" in notice.text_content()
    assert "problem" not in shown.tree.xpath("string(//a[@id='verdict-link']/@class)")
    assert "timed out" in newsroom.person("read").get(f"/subscribers/{subscriber}").words


def test_live_parts_are_sent_only_when_they_changed(newsroom, subscriber):
    browser = newsroom.person("read")
    for path in ("/subscribers", "/subscribers/list", "/subscribers/pushes", f"/subscribers/{subscriber}"):
        address = browser.get(path).tree.xpath("string(//main//@hx-get)")
        part = browser.part(address)
        assert part.status == 200
        seen = part.tree.xpath("string(//@hx-get)")
        assert browser.part(seen).status == 204, path
    change_subscription(newsroom.database, subscriber, version=0)
    assert "Waiting" in browser.part(seen).text
