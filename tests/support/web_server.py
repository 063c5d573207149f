"""A web server on loopback that says exactly what a test tells it to, for what is read from others."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Piece = bytes | float
"""Bytes to send, or seconds to wait first (which ends when the server does)."""


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str] = field(hash=False)


Answers = Callable[[Asked], bytes | Iterator[Piece]]


def answer(status: int = 200, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """Returns a whole answer, with its length."""
    told = {"Content-Length": str(len(body)), "Connection": "close"} | dict(headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
    return f"HTTP/1.1 {status} Words\r\n{lines}\r\n".encode("latin-1") + body


class WebServer:
    """Answers each request with ``answers``; remembers what it was asked."""

    def __init__(self, answers: Answers, context: ssl.SSLContext | None = None) -> None:
        self.answers, self.asked, self._context = answers, [], context
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = self._listening.accept()
                thread = threading.Thread(target=self._serve, args=(connected,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connected: socket.socket) -> None:
        with contextlib.suppress(OSError), connected:
            connected.settimeout(10)
            secured = self._context.wrap_socket(connected, server_side=True) if self._context else connected
            with secured:
                said = self.answers(self._request(secured))
                for piece in [said] if isinstance(said, bytes) else said:
                    if isinstance(piece, bytes):
                        secured.sendall(piece)
                    elif self._over.wait(piece):
                        return

    def _request(self, connected: socket.socket) -> Asked:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connected.recv(4096) or b"\r\n\r\n"
        first, *lines = received.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, target, *_ = [*first.split(" "), "", ""]
        pairs = (line.split(":", 1) for line in lines)
        asked = Asked(method, target, {name.lower(): value.strip() for name, value in pairs})
        self.asked.append(asked)
        return asked


@contextlib.contextmanager
def serving(answers: Answers, context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    """Runs a server while a test does."""
    server = WebServer(answers, context)
    try:
        yield server
    finally:
        server.close()
