"""A cache as the purger sees it: a real server on loopback that answers, fails, hangs or resets."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import serving


@dataclass(frozen=True)
class Asked:
    """A received request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Cache(ThreadingHTTPServer):
    """Answers with each of ``answers`` in turn, then always with the last: a status, or a way to misbehave."""

    daemon_threads = True

    def __init__(self, *answers: Any) -> None:
        self.asked: list[Asked] = []
        self.answers: list[Any] = list(answers) or [200]
        self.released = threading.Event()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_answer(self, asked: Asked) -> Any:
        with self._lock:
            self.asked.append(asked)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def sections(self) -> list[str]:
        """The purged keys."""
        return [asked.headers.get("surrogate-key", "") for asked in self.asked]


class Handler(BaseHTTPRequestHandler):
    server: Cache

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.next_answer(Asked(self.command, self.path, headers, body))
        if callable(answer):
            answer(self)
        else:
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_GET = do_POST = do_PURGE = do_BAN = handle_any

    def log_message(self, *_: Any) -> None:
        """Prints nothing."""


def hangs(handler: Handler) -> None:
    """Never answers."""
    handler.server.released.wait(60)


def drips(handler: Handler) -> None:
    """Answers forever, one byte at a time, none of them late."""
    with contextlib.suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.server.released.wait(0.05):
            handler.wfile.write(b"x")


def floods(handler: Handler) -> None:
    """Answers 200 with a body that never ends, as fast as it is read."""
    with contextlib.suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not handler.server.released.is_set():
            handler.wfile.write(b"x" * 65_536)


def trickles(handler: Handler) -> None:
    """Answers 200 with a body that never ends, ten kilobytes a second."""
    with contextlib.suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not handler.server.released.wait(0.1):
            handler.wfile.write(b"x" * 1_000)


def resets(handler: Handler) -> None:
    """Resets the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def closes(handler: Handler) -> None:
    """Closes the connection without a response."""
    handler.close_connection = True


def babbles(handler: Handler) -> None:
    """Sends a response that is not HTTP and contains a secret."""
    handler.wfile.write(b"the-secret-of-another\r\n\r\n")


def redirects(handler: Handler) -> None:
    """Redirects to a URL that reports success."""
    handler.send_response(307)
    handler.send_header("Location", f"{handler.server.url}/elsewhere")
    handler.end_headers()


@contextlib.contextmanager
def cache(*answers: int | Callable[[Handler], None]) -> Iterator[Cache]:
    server = Cache(*answers)
    with serving(server, server.released):
        yield server
