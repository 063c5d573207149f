"""Sends one e-mail to a mail server (RFC 5321), in bounded time, whatever the server does."""

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from ada_url import URL

from syndication.config.notification_schema import EmailChannel
from syndication.notifications.texts import MAX_NAME, Newsroom, one_line, text
from syndication.outbound.checked_connection import connected_to, cut_off
from syndication.outbound.errors import SendError
from syndication.store.notifications.outbox import Notification


def compose(channel: EmailChannel, newsroom: Newsroom, notification: Notification, now: datetime) -> EmailMessage:
    """Returns the e-mail. The same notification has the same Message-ID, so that a duplicate can be recognized."""
    local, _, domain = channel.sender.rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(notification.subject)
    message["From"] = Address(one_line(newsroom.name, MAX_NAME), local, domain)
    message["To"] = ", ".join(channel.recipients)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<notification-{notification.id}.{channel.name}@{newsroom.authority.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation message answers.
    message.set_content(text(notification.content))
    return message


def send_email(channel: EmailChannel, message: EmailMessage, seconds: float) -> str | None:
    """Sends within ``seconds``; returns a note if some recipients were refused. Raises SendError."""
    ends = time.monotonic() + seconds
    cut = threading.Event()
    late = SendError(f"{channel.host} did not answer within {seconds:g} s")
    host = f"[{channel.host}]" if ":" in channel.host else channel.host
    try:
        at = URL(f"http://{host}:{channel.port}/")
    except ValueError as error:
        raise SendError(f"{channel.host} is not the name of a mail server") from error
    try:
        with connected_to(at, channel.allow_private, ends) as connected, cut_off(connected, ends, cut):
            refused = _deliver(channel, message, connected)
    except SendError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise SendError(f"{channel.host} has an untrusted certificate ({error.verify_message})") from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if cut.is_set() or isinstance(error, TimeoutError) or time.monotonic() >= ends:
            raise late from error
        raise SendError(f"{channel.host}: {_words(error)}") from error
    return f"{len(refused)} of {len(channel.recipients)} recipients were refused" if refused else None


class _Connected(smtplib.SMTP):
    """A client on a connection that is there already: its address was checked."""

    def __init__(self, host: str, local: str, connected: socket.socket) -> None:
        super().__init__(local_hostname=local)
        self._host = host  # The name that the certificate must have.
        self.sock = connected


def _deliver(channel: EmailChannel, message: EmailMessage, connected: socket.socket) -> dict[str, Any]:
    tls = ssl.create_default_context() if channel.security != "none" else None
    if tls is not None and channel.security == "tls":
        connected = tls.wrap_socket(connected, server_hostname=channel.host)
    with contextlib.closing(_Connected(channel.host, channel.sender.rpartition("@")[2], connected)) as client:
        return _converse(client, channel, message, tls)


def _converse(
    client: smtplib.SMTP, channel: EmailChannel, message: EmailMessage, tls: ssl.SSLContext | None
) -> dict[str, Any]:
    code, _ = client.getreply()
    if code != 220:
        raise smtplib.SMTPConnectError(code, b"")
    if tls is not None and channel.security == "starttls":
        client.ehlo_or_helo_if_needed()
        if not client.has_extn("starttls"):
            raise SendError(
                f'{channel.host} offers no STARTTLS: set security to "tls", or to "none" without a password'
            )
        client.starttls(context=tls)
    if channel.username:
        client.login(channel.username, channel.password)
    try:
        refused = client.send_message(message, channel.sender, channel.recipients)
    except smtplib.SMTPNotSupportedError:
        raise SendError(f"{channel.host} does not accept addresses that are not ASCII") from None
    with contextlib.suppress(OSError, smtplib.SMTPException):  # It was accepted: what comes after does not matter.
        client.quit()
    return refused


RESPONSES: tuple[tuple[type[smtplib.SMTPResponseException], str], ...] = (
    (smtplib.SMTPAuthenticationError, "the user name or password is wrong"),
    (smtplib.SMTPSenderRefused, "the sender was refused"),
    (smtplib.SMTPDataError, "the message was refused"),
    (smtplib.SMTPResponseException, "the server refused"),
)

FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPServerDisconnected, "the server closed the connection"),
    (smtplib.SMTPNotSupportedError, "the server does not support logging in"),
    (smtplib.SMTPException, "the server's answer was not understood"),
    (ValueError, "the message cannot be written as an e-mail"),
)


def _words(error: Exception) -> str:
    """Returns a short reason. What the server said is not quoted: it may repeat addresses, and is not trusted."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        return f"all recipients were refused ({', '.join(codes)})"
    if isinstance(error, smtplib.SMTPResponseException):
        return next(f"{words} ({error.smtp_code})" for kind, words in RESPONSES if isinstance(error, kind))
    found = next((words for kind, words in FAILURES if isinstance(error, kind)), None)
    strerror = error.strerror if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException) else None
    return found or strerror or type(error).__name__
