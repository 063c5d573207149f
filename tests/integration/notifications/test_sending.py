"""E-mails and webhooks to real servers: encryption, logging in, refusals, and servers that never answer."""

import asyncio
import base64
import hmac
import json
import ssl
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from syndication.notifications.hooks import send_slack, send_webhook
from syndication.notifications.smtp import compose, send_email
from syndication.notifications.texts import Newsroom
from syndication.outbound.client import Limits, OutboundClient
from syndication.outbound.errors import SendError
from syndication.store.notifications.outbox import Notification
from tests.deploy.nginx import certificate
from tests.deploy.programs import needs
from tests.support.caches import babbles, cache, closes, drips, hangs, redirects, resets
from tests.support.mail_server import closed_port, mail_server
from tests.support.notified import SECRET, channel

NOW = datetime(2026, 3, 14, 4, tzinfo=UTC)

NEWSROOM = Newsroom("The Daily", "https://feeds.daily.example/editors", "daily.example", ZoneInfo("Asia/Taipei"), {})

ITEM = {"title": "夜車 is failing", "message": ".\n.hidden dots", "when": "", "advice": "", "url": "https://x.example/"}

MESSAGE = Notification(
    7, "desk", "incidents", "The Daily: 夜車 is failing", {"items": [ITEM], "more": 0, "note": None, "url": ""},
    NOW, 0, 0, None, None, None, None, None,
)  # fmt: skip

PASSWORD = "s3cret-of-the-mail-server"


def send(server, seconds=5.0, **values):
    desk = channel("email", port=server.port, **values)
    return send_email(desk, compose(desk, NEWSROOM, MESSAGE, NOW), seconds)


def refused(server, seconds=5.0, **values):
    with pytest.raises(SendError) as error:
        send(server, seconds, **values)
    assert PASSWORD not in str(error.value) and "@" not in str(error.value)
    return str(error.value)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """The context of a server named localhost; its certificate is trusted only where a test says so."""
    folder = tmp_path_factory.mktemp("tls")
    file = certificate(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, folder / "privkey.pem")
    return context, file


@pytest.fixture
def trusted(tls, monkeypatch):
    context, file = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return context


def test_a_message_arrives_as_it_was_written():
    with mail_server() as server:
        assert send(server, recipients=["desk@daily.example", "night@daily.example"]) is None
    (mail,) = server.received
    assert (mail.sender, mail.recipients) == ("feeds@daily.example", ["desk@daily.example", "night@daily.example"])
    assert mail.message["Subject"] == "The Daily: 夜車 is failing"
    assert mail.message["From"] == "The Daily <feeds@daily.example>"
    assert mail.message["Message-ID"] == "<notification-7.desk@daily.example>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message.get_content().splitlines() == ["夜車 is failing", ".", ".hidden dots", "https://x.example/"]


@needs("openssl")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_password_is_sent_over_tls_alone(security, trusted):
    options = {"tls": trusted, "is_implicit": security == "tls", "user": ("feeds", PASSWORD)}
    with mail_server(**options) as server:
        send(server, host="localhost", security=security, username="feeds", password=PASSWORD)
        wrong = refused(server, host="localhost", security=security, username="feeds", password=PASSWORD + "!")
    (mail,) = server.received
    assert mail.encrypted and mail.user == "feeds"
    assert wrong == "localhost: the user name or password is wrong (535)"


@needs("openssl")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_gets_no_password(security, tls):
    options = {"tls": tls[0], "is_implicit": security == "tls", "user": ("feeds", PASSWORD)}
    with mail_server(**options) as server:
        wrong = refused(server, host="localhost", security=security, username="feeds", password=PASSWORD)
    assert wrong.startswith("localhost has an untrusted certificate") and not server.received
    assert not any(line.startswith("AUTH") for line in server.commands)


@needs("openssl")
def test_a_certificate_of_another_name_gets_no_password(trusted):
    with mail_server(tls=trusted, user=("feeds", PASSWORD)) as server:
        wrong = refused(server, security="starttls", username="feeds", password=PASSWORD)
    assert "untrusted certificate" in wrong and not any(line.startswith("AUTH") for line in server.commands)


def test_a_server_without_starttls_gets_no_password():
    with mail_server(user=("feeds", PASSWORD)) as server:
        wrong = refused(server, security="starttls", username="feeds", password=PASSWORD)
    assert wrong.startswith("127.0.0.1 offers no STARTTLS") and [line[:4] for line in server.commands] == ["ehlo"]


@pytest.mark.parametrize(
    ("refuse", "words"),
    [
        ({"220": "554 Go away"}, "the server refused (554)"),
        ({"MAIL": "550 <feeds@daily.example> is unknown"}, "the sender was refused (550)"),
        ({"desk@daily.example": "550 <desk@daily.example> is unknown"}, "all recipients were refused (550)"),
        ({"DATA": "451 Later"}, "the message was refused (451)"),
        ({"220": "not a reply"}, "the server refused (-1)"),
    ],
)
def test_a_refusal_is_said_without_what_the_server_said(refuse, words):
    with mail_server(refuse=refuse) as server:
        assert refused(server) == f"127.0.0.1: {words}" and not server.received


def test_some_refused_recipients_are_counted():
    with mail_server(refuse={"gone@daily.example": "550 Gone"}) as server:
        note = send(server, recipients=["desk@daily.example", "gone@daily.example"])
    assert note == "1 of 2 recipients were refused" and len(server.received) == 1


@pytest.mark.parametrize("behaviour", ["silent", "drip"])
def test_a_server_that_never_answers_ends_in_time(behaviour):
    with mail_server(behaviour=behaviour) as server:
        began = time.monotonic()
        assert refused(server, 0.5) == "127.0.0.1 did not answer within 0.5 s"
        assert time.monotonic() - began < 20, "it drips for ever"


def test_a_server_that_is_not_there_or_private_is_said():
    with closed_port() as port:
        desk = channel("email", port=port)
        mail = compose(desk, NEWSROOM, MESSAGE, NOW)
        with pytest.raises(SendError, match="Connection refused"):
            send_email(desk, mail, 5)
    with mail_server() as server:
        assert "private or reserved" in refused(server, allow_private=False)
    assert server.connections == 0


def hook(server, **values):
    desk = channel(url=f"{server.url}/hook?token=s3cret-token", **values)
    within(desk, lambda client: send_webhook(client, desk, NEWSROOM, MESSAGE, NOW))


def within(desk, sending, seconds=0.5):
    async def sent():
        async with OutboundClient(Limits(seconds, allow_private=desk.allow_private)) as client:
            await sending(client)

    asyncio.run(sent())


def test_a_webhook_is_signed_as_a_receiver_verifies_it():
    with cache() as server:
        hook(server)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/hook?token=s3cret-token")
    headers = asked.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{asked.body}".encode()
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-id"] == "daily.example-desk-7" and headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert json.loads(asked.body)["data"]["subject"] == "The Daily: 夜車 is failing"


def test_a_chat_gets_one_text():
    with cache() as server:
        desk = channel("slack", url=server.url)
        within(desk, lambda client: send_slack(client, desk, MESSAGE), 5)
    assert json.loads(server.asked[0].body)["text"].startswith("The Daily: 夜車 is failing\n\n夜車 is failing\n")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (404, "the webhook answered 404"),
        (redirects, "the webhook answered 307"),
        (hangs, "127.0.0.1 did not answer within 0.5 s"),
        (drips, "127.0.0.1 did not answer within 0.5 s"),
        (babbles, "127.0.0.1 answered with something that is not HTTP"),
        (closes, "127.0.0.1 ended its answer before it was complete"),
        (resets, "127.0.0.1 cannot be reached (Connection reset by peer)"),
    ],
)
def test_a_webhook_that_fails_is_said_without_its_address(answer, words):
    with cache(answer) as server, pytest.raises(SendError) as error:
        hook(server)
    assert str(error.value).startswith(words) and "s3cret" not in str(error.value)
    assert [asked.path.partition("?")[0] for asked in server.asked] == ["/hook"], "a redirect is not followed"


def test_a_webhook_to_a_private_address_must_be_allowed():
    with cache() as server, pytest.raises(SendError, match="allow_private"):
        hook(server, allow_private=False)
    assert server.asked == []
