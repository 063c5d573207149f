"""The words of notifications; titles and IDs of others forge neither lines nor headers nor markup."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from zoneinfo import ZoneInfo

import pytest

from syndication.config.notification_schema import CAUSES
from syndication.diagnostics.health import BY_EDITOR
from syndication.model.webhook_signature import signature
from syndication.notifications.hooks import slack_body, webhook_body
from syndication.notifications.plan import Told
from syndication.notifications.smtp import compose
from syndication.notifications.texts import MAX_ITEMS, Newsroom, content, content_of_test, one_line, subject, text
from syndication.store.notifications.incidents import Incident
from syndication.store.notifications.outbox import Notification
from tests.support.notified import channel

NOON = datetime(2026, 3, 14, 4, tzinfo=UTC)

HOSTILE = (
    "World\r\nBcc: all@daily.example\n\n<!channel> <https://evil.example|us> \u202egnorw\u2028 & \x00\x1b[2J"
    + "x" * 999
)


def newsroom(title="World", name="The Daily"):
    url = "https://feeds.daily.example/editors"
    return Newsroom(name, url, "daily.example", ZoneInfo("Asia/Taipei"), {"world": title})


def told(
    event="began", cause="failing", *, words="World failed once: it broke.", subject="world", minutes=12, quiet=False
):
    began, ended = NOON - timedelta(minutes=minutes), NOON if event in ("over", "passed") else None
    source = "cms" if cause == "source" else None
    section = None if cause in ("no-worker", "no-web", "triggers", "left-out", "source") else "world"
    return Told(event, Incident(1, cause, subject, section, source, words, began, began, ended), quiet)


def notification(told_of, room, id=7):
    wanted = content(told_of, room, NOON)
    return Notification(
        id, "desk", "incidents", subject(told_of, room), wanted, NOON, 0, 0, None, None, None, None, None
    )


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("event", ["began", "still", "over", "passed"])
def test_each_message_says_what_since_when_and_where(cause, event):
    one = told(event, cause)
    words = text(content([one], newsroom(), NOON))
    assert subject([one], newsroom()).startswith("The Daily: ")
    assert "14 Mar 2026, 11:48" in words and "(Asia/Taipei)" in words and "12 min" in words
    assert "https://feeds.daily.example/editors/" in words
    goes_on = event in ("began", "still")
    assert len(words.splitlines()) == 5 if goes_on else "12 min in all" in words


def test_a_message_reads_like_this():
    assert text(content([told()], newsroom(), NOON)) == (
        "World is failing\n"
        "World failed once: it broke.\n"
        "Since 14 Mar 2026, 11:48 (Asia/Taipei), 12 min ago.\n"
        "Readers keep the feed as it was; the service retries automatically. Open the section to see the cause.\n"
        "https://feeds.daily.example/editors/sections/world"
    )
    assert subject([told("over")], newsroom()) == "The Daily: Resolved: World is updating again (12 min)"
    assert subject([told(), told("over"), told("passed"), told()], newsroom()) == (
        "The Daily: 2 problems, 1 resolved, 1 came and went"
    )


def test_a_hold_of_an_editor_has_its_own_advice():
    own = content([told(cause="held", subject=f"{BY_EDITOR}world")], newsroom(), NOON)["items"][0]
    assert own["title"] == "World is held" and own["advice"].startswith("New stories wait until it is released.")
    assert content([told(cause="held")], newsroom(), NOON)["items"][0]["advice"].startswith("If the entries really")


def test_a_summary_says_that_it_was_quiet_and_names_no_more_than_some():
    many = [told(quiet=True)] * (MAX_ITEMS + 5)
    wanted = content(many, newsroom(), NOON)
    assert wanted["more"] == 5 and len(wanted["items"]) == MAX_ITEMS
    assert text(wanted).startswith("Some of this happened in the quiet time.") and "And 5 more: https://" in text(
        wanted
    )


def test_hostile_titles_forge_no_header_and_no_line():
    room = newsroom(HOSTILE, name=HOSTILE)
    one = told(words=HOSTILE)
    mail = compose(channel("email"), room, notification([one], room), NOON)
    raw = mail.as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    assert message_from_bytes(raw)["Bcc"] is None and b"\nBcc:" not in head
    assert [name for name, _ in mail.items()] == [
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    ]  # fmt: skip
    assert all(len(line) < 998 for line in head.splitlines()) and b"\x00" not in raw
    words = text(content([one], room, NOON))
    assert len(words.splitlines()) == 5 and not {"\u202e", "\u2028", "\x1b"} & set(words)
    left_out = told(cause="left-out", subject=HOSTILE)
    assert (
        "\n" not in text(content([left_out], room, NOON)).splitlines()[-1]
        and " " not in (content([left_out], room, NOON)["items"][0]["url"])
    )


def test_a_chat_shows_markup_as_text():
    room = newsroom("<!channel> & <https://evil.example|us>")
    body = json.loads(slack_body(notification([told()], room)))["text"]
    assert "<" not in body and "&lt;!channel&gt; &amp; &lt;https://evil.example|us&gt; is failing" in body


def test_a_webhook_has_each_value_and_is_the_same_for_each_attempt():
    one = notification([told()], newsroom())
    body = json.loads(webhook_body(one, newsroom()))
    assert webhook_body(one, newsroom()) == webhook_body(one, newsroom())
    (item,) = body["data"].pop("items")
    assert body["type"] == "notification.incidents" and body["timestamp"] == "2026-03-14T04:00:00Z"
    assert (item["event"], item["cause"], item["section"], item["since"], item["until"]) == (
        "began", "failing", "world", "2026-03-14T03:48:00Z", None,
    )  # fmt: skip


def test_the_signature_is_that_of_the_published_example():
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == wanted


def test_a_test_says_which_channel_it_is_of():
    words = text(content_of_test(channel("email", name="night-desk"), newsroom()))
    assert words == (
        "This is a test of the channel night-desk. Notifications of The Daily reach you.\n\n"
        "https://feeds.daily.example/editors/notifications"
    )


def test_one_line_shortens_and_keeps_other_scripts():
    assert one_line("夜車 🚆\tA\u00a0B") == "夜車 🚆 A B"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
