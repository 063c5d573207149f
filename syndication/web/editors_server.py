"""The editors process's side of the Unix socket: a WSGI app in threads answers the requests of the front."""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from io import BufferedReader, RawIOBase
from typing import IO, TYPE_CHECKING, Any, NoReturn

from syndication.logs import get_logger
from syndication.web.frames import SIZES, decode_head, decode_sizes, encode_head
from syndication.web.request_log import ACTOR, WAITED_SECONDS

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = get_logger(__name__)

NICE = 5
"""The nice value of the process: polls go first when the CPU is busy."""

STOP_SECONDS = 1.0
"""How long running requests may delay the exit: the fronts that sent them have ended before."""

SILENT_SECONDS = 30.0
"""The socket timeout. The front sends from memory and reads at once, so one that is silent for this long has ended."""

SERVED_VERSIONS = "syndication.served_versions"
"""The environ key of the versions that the front serves: by section the version, and since when."""


class EditorsServer:
    """Answers the requests on a listening socket, up to ``threads`` at once."""

    def __init__(self, app: "WSGIApplication", listener: socket.socket, threads: int) -> None:
        self._app = app
        self._listener = listener
        self._threads = threads

    def serve(self) -> NoReturn:
        """Answers until SIGTERM, then ends the process in bounded time. For the main thread only."""
        with contextlib.suppress(OSError):  # A systemd unit may forbid it.
            os.nice(NICE)
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
        pool = ThreadPoolExecutor(self._threads, "editors")
        running: set[Future[None]] = set()
        try:
            while True:
                connection, _ = self._listener.accept()
                running = {future for future in running if not future.done()}
                running.add(pool.submit(self._answer, connection))
        except SystemExit:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            wait(running, timeout=STOP_SECONDS)
        # The database rolls back what still runs.
        os._exit(0)

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(SILENT_SECONDS)
            try:
                with connection.makefile("rb") as stream:
                    answer_request(self._app, connection, stream)
            except (OSError, EOFError):  # The front has ended, or its client has disconnected.
                return
            except Exception:
                log.exception("editors_request_failed")


def answer_request(app: "WSGIApplication", connection: socket.socket, stream: IO[bytes]) -> None:
    """Reads one request and sends the app's response."""
    head_length, body_length = decode_sizes(_exactly(stream, SIZES.size))
    head = decode_head(_exactly(stream, head_length))
    body = _BodyStream(stream, body_length)
    environ = _environ(head, body, body_length)
    status, headers, answer = _run(app, environ)
    body.drain()  # The front reads only after it has sent the whole body.
    response = {"status": status, "headers": headers, "actor": environ.get(ACTOR)}
    connection.sendall(encode_head(response, len(answer)))
    connection.sendall(answer)


def _run(app: "WSGIApplication", environ: "WSGIEnvironment") -> tuple[int, list[tuple[str, str]], bytes]:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001
        started.append((status, headers))

    parts: Iterable[bytes] = app(environ, start)
    try:
        answer = b"".join(parts)
    finally:
        with contextlib.suppress(AttributeError):
            parts.close()  # type: ignore[attr-defined]  # PEP 3333: optional
    status, headers = started[-1]
    return int(status[:3]), headers, answer


def _environ(head: dict[str, Any], body: RawIOBase, length: int) -> "WSGIEnvironment":
    environ: dict[str, Any] = dict(head["environ"])
    environ |= {
        "wsgi.version": (1, 0),
        "wsgi.input": BufferedReader(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        WAITED_SECONDS: head["waited"],
        SERVED_VERSIONS: head["served"],
    }
    if length:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


class _BodyStream(RawIOBase):
    """The body of one request, which ends after its length."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        self._stream = stream
        self._left = length

    def readable(self) -> bool:
        """Returns True: the stream can only be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Reads into a buffer; returns 0 at the end of the body."""
        view = memoryview(buffer).cast("B")
        part = self._stream.read(min(len(view), self._left))
        if not part and self._left and len(view):
            raise EOFError("the front ended in the middle of a body")
        view[: len(part)] = part
        self._left -= len(part)
        return len(part)

    def drain(self) -> None:
        """Reads and discards the rest of the body."""
        while self._left and self.read(1024 * 1024):
            pass


def _exactly(stream: IO[bytes], length: int) -> bytes:
    found = stream.read(length)
    if len(found) < length:
        raise EOFError("the front ended in the middle of a head")
    return found


def _stop(_number: int, _frame: object) -> NoReturn:
    raise SystemExit
