"""The page of notifications and the operations behind it: what they show to whom, and what a test does."""

import json

import pytest

from syndication.store.access.audit_log import list_entries
from syndication.store.notifications import outbox
from tests.support.caches import cache
from tests.support.dashboard import Dashboard
from tests.support.mail_server import mail_server
from tests.support.notified import SECRET, Watched, channel, fail

PASSWORD = "s3cret-of-the-mail-server"

PATH = "s3cret-path"


@pytest.fixture
def hook():
    with cache() as server:
        yield server


@pytest.fixture
def newsroom(sqlite_database, clock, hook):
    dashboard = Dashboard(sqlite_database, clock)
    mail = channel(
        "email", name="mail", host="smtp.daily.example", security="tls", username="feeds", password=PASSWORD,
        recipients=["night@daily.example"], quiet="22:00-07:00", repeat_hours=4,
    )  # fmt: skip
    channels = [channel(url=f"{hook.url}/{PATH}", settle_seconds=0), mail]
    dashboard.restart(main=dashboard.api.settings.main.model_copy(update={"notification": channels}))
    return dashboard


@pytest.fixture
def watched(newsroom):
    found = Watched(newsroom.database)
    found.settings = newsroom.api.settings
    found.use(*newsroom.api.settings.channels)
    return found


def test_the_page_shows_each_channel_and_the_newest_messages(newsroom, watched):
    words = newsroom.person("read").get("/notifications").words
    assert "desk Nothing sent yet" in words and "mail Nothing sent yet" in words and "No message yet." in words
    assert "Quiet time22:00–07:00" in words and "Repeated every 4 h." in words
    assert "Sent when a section is failing." in words
    fail(newsroom.database)
    watched.use(*watched.settings.channels[:1])
    watched.step()
    watched.step()
    words = newsroom.person("read", "preview").get("/notifications").words
    assert "desk Working" in words and "Taiwan is failingdesk" in words and "Sent" in words
    assert "Taiwan is failing" not in newsroom.person("read").get("/notifications").words
    assert '<a href="/editors/notifications"' in newsroom.person("read").get("/").text


def test_a_newsroom_without_channels_has_no_link_to_them(sqlite_dashboard):
    assert "/editors/notifications" not in sqlite_dashboard.person("read").get("/").text
    assert "Nobody is told when something is wrong." in sqlite_dashboard.person("read").get("/notifications").words


def test_a_test_is_sent_once_and_its_result_is_shown(newsroom, watched, hook):
    chief = newsroom.person()
    newsroom.api.worker_seen()
    done = chief.post("/notifications/desk/test")
    assert done.location == "/editors/notifications"
    assert "A test was requested." in chief.get("/notifications").text
    watched.send()
    assert json.loads(hook.asked[0].body)["type"] == "notification.test"
    words = chief.get("/notifications").words
    assert "Test of deskdesk" in words and "desk Working" in words
    hook.answers = [403]
    chief.post("/notifications/desk/test")
    for _ in range(3):
        watched.send()
    assert len(hook.asked) == 2
    page = chief.get("/notifications")
    assert page.note == "Not sent, and not tried again: the webhook answered 403."
    assert "Notifications to desk: not sent" in chief.get("/").text
    with newsroom.database.read() as conn:
        assert [entry.act for entry in list_entries(conn, 2)] == ["test notification"] * 2


def test_without_a_worker_the_test_says_that_it_waits(newsroom):
    chief = newsroom.person()
    chief.post("/notifications/desk/test")
    assert "No worker is running" in chief.get("/notifications").text


def test_a_channel_that_there_is_not_is_404(newsroom):
    assert newsroom.api.ask("POST", "/notifications/nobody/test").status == 404
    assert newsroom.person().post("/notifications/nobody/test").status == 404


def test_the_api_lists_channels_and_hides_subjects(newsroom):
    with newsroom.database.write() as conn:
        outbox.enqueue(conn, "desk", "incidents", "The Daily: secret-story is left out", {"items": []}, newsroom.now)
    found = newsroom.api.get("/notifications", ("read",)).json
    assert [(one["name"], one["kind"], one["status"]) for one in found["channels"]] == [
        ("desk", "webhook", "waiting"), ("mail", "email", "unused"),
    ]  # fmt: skip
    assert found["messages"][0]["subject"] is None
    shown = newsroom.api.get("/notifications", ("read", "preview")).json
    assert shown["messages"][0]["subject"] == "The Daily: secret-story is left out"


def test_secrets_and_recipients_are_on_no_page_and_in_no_answer(newsroom, watched, hook):
    hook.answers = [500]
    fail(newsroom.database)
    with mail_server():
        watched.use(*watched.settings.channels[:1])
        watched.step()
        watched.step()
    chief = newsroom.person()
    shown = [chief.get(path).text for path in ("/notifications", "/", "/audit-log")]
    shown += [newsroom.api.get(path).body.decode() for path in ("/notifications", "/status", "/openapi.json")]
    for text in shown:
        for secret in (PASSWORD, PATH, SECRET, "night@daily.example", "smtp.daily.example"):
            assert secret not in text
