"""Sends one request to a cache with the standard library, without following redirects or using a proxy."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from syndication.worker.purge.requests import Request

NOT_CACHED = (404, 412)
"""How caches (Squid, nginx) answer a PURGE of an address that they do not hold: this counts as success."""


def send(request: Request, timeout: float) -> str | None:
    """Returns None if the cache accepted the request, otherwise an error that starts with the cache's host name.

    ``timeout`` covers the whole answer, not each piece of it, and starts when the connection is open.
    """
    parts = urlsplit(request.url)
    name = parts.hostname or ""
    connection = _connection(parts.scheme, name, parts.port, timeout)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    late = threading.Event()
    try:
        connection.connect()
        with _cut_off(connection.sock, timeout, late):
            connection.request(request.method, target, request.body, dict(request.headers))
            status = connection.getresponse().status
    except ssl.SSLCertVerificationError as error:
        return f"{name} has an untrusted certificate ({error.verify_message})"
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if not late.is_set() and not isinstance(error, TimeoutError):
            return f"{name} could not be purged ({_words(error)})"
        status = 0
    finally:
        connection.close()
    if status == 0 or late.is_set():  # An answer that was cut off looks complete.
        return f"{name} did not answer within {timeout:g} s"
    accepted = 200 <= status < 300 or (request.method == "PURGE" and status in NOT_CACHED)
    return None if accepted else f"{name} answered {status}"


def _connection(scheme: str, host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout)


@contextlib.contextmanager
def _cut_off(connected: socket.socket, seconds: float, late: threading.Event) -> Iterator[None]:
    """Closes the connection after ``seconds``: a server that sends a byte now and then would hold it forever."""

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _words(error: Exception) -> str:
    """Returns a short reason. An unreadable answer is not quoted: its text is not trusted."""
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or type(error).__name__
