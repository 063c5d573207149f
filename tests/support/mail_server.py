"""A real mail server on loopback: ESMTP with STARTTLS, TLS and AUTH, which can refuse, hang and drip."""

import base64
import contextlib
import email.policy
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from tests.support.serving import serving


@dataclass
class Received:
    """A message with its envelope; ``encrypted`` says whether it came over TLS, ``user`` who had logged in."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes
    encrypted: bool
    user: str | None


class MailServer(socketserver.ThreadingTCPServer):
    """Accepts mail; ``behaviour`` is well, silent (accepts and never answers) or drip (one byte now and then)."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, **options: Any) -> None:
        self.options = Options(**options)
        self.received: list[Received] = []
        self.connections = 0
        self.commands: list[str] = []
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), Session)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@dataclass
class Options:
    """How the server behaves; ``refuse`` maps a verb, or an address, to the reply in its place."""

    behaviour: str = "well"
    tls: ssl.SSLContext | None = None
    is_implicit: bool = False
    user: tuple[str, str] | None = None
    refuse: dict[str, str] = field(default_factory=dict)


class Session(socketserver.StreamRequestHandler):
    server: MailServer
    user: str | None = None
    encrypted = False

    def handle(self) -> None:
        self.server.connections += 1
        options = self.server.options
        if options.behaviour == "silent":
            self.server.released.wait(60)
            return
        with contextlib.suppress(OSError, ConnectionError):
            if options.behaviour == "drip":
                self._drip()
                return
            if options.is_implicit and options.tls is not None:
                self._encrypt(options.tls)
            self._converse(options)
        if self.encrypted:
            self.rfile.close()
            self.connection.close()

    def _drip(self) -> None:
        self.wfile.write(b"220-")
        while not self.server.released.wait(0.05):
            self.wfile.write(b"x")

    def _encrypt(self, tls: ssl.SSLContext) -> None:
        self.connection = self.request = tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.encrypted = True

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def _converse(self, options: Options) -> None:  # noqa: C901  # one branch for each verb
        sender, recipients = "", []
        self._say(options.refuse.get("220", "220 mail.daily.example ESMTP"))
        while line := self.rfile.readline():
            words = line.decode().strip()
            self.server.commands.append(words)
            verb, _, rest = words.partition(" ")
            verb = verb.upper()
            if verb in options.refuse and not (verb == "DATA" and not recipients):
                self._say(options.refuse[verb])
            elif verb == "EHLO":
                self._offer(options)
            elif verb == "STARTTLS" and options.tls is not None:
                self._say("220 Go ahead")
                self._encrypt(options.tls)
            elif verb == "AUTH":
                self._log_in(options, rest)
            elif verb == "MAIL":
                sender, recipients = _address(rest), []
                self._say("250 OK")
            elif verb == "RCPT":
                refused = options.refuse.get(_address(rest))
                if refused is None:
                    recipients.append(_address(rest))
                self._say(refused or "250 OK")
            elif verb == "DATA":
                self._say("354 Send it")
                raw = self._body()
                message = email.message_from_bytes(raw, policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                self.server.received.append(Received(sender, recipients, message, raw, self.encrypted, self.user))
                self._say("250 Accepted")
            elif verb == "QUIT":
                self._say("221 Bye")
                return
            else:
                self._say("250 OK")

    def _offer(self, options: Options) -> None:
        offers = ["mail.daily.example", "8BITMIME", "SMTPUTF8"]
        offers += ["STARTTLS"] if options.tls is not None and not self.encrypted else []
        offers += ["AUTH PLAIN"] if options.user is not None else []
        self._say("\r\n".join(f"250{'-' if offer is not offers[-1] else ' '}{offer}" for offer in offers))

    def _log_in(self, options: Options, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        if (user, password) != options.user:
            self._say(f"535 Wrong password {password}")  # As careless as some servers are.
            return
        self.user = user
        self._say("235 Welcome")

    def _body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


@contextlib.contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    server = MailServer(**options)
    with serving(server, server.released):
        yield server


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])
