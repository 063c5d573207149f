"""Sends one request to a cache, by the standard library: no redirect is followed and no proxy is asked."""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from syndication.worker.purge.requests import Request

NOT_CACHED = (404, 412)
"""What caches answer to PURGE for an address of which they hold nothing (Squid, nginx): then all is done as well."""


def send(request: Request, timeout: float) -> str | None:
    """None if the cache was told, else why not, in words that begin with its name.

    ``timeout`` is for all of the answer, not for each piece of it, and begins when there is a connection.
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
        return f"{name} has a certificate that is not trusted ({error.verify_message})"
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if not late.is_set() and not isinstance(error, TimeoutError):
            return f"{name} cannot be asked ({_words(error)})"
        status = 0
    finally:
        connection.close()
    if status == 0 or late.is_set():  # An answer that was cut off looks as if it had ended.
        return f"{name} did not answer within {timeout:g} s"
    told = 200 <= status < 300 or (request.method == "PURGE" and status in NOT_CACHED)
    return None if told else f"{name} answered {status}"


def _connection(scheme: str, host: str, port: int | None, timeout: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=timeout)


@contextlib.contextmanager
def _cut_off(connected: socket.socket, seconds: float, late: threading.Event) -> Iterator[None]:
    """End the connection after so many seconds: who sends a byte now and then would be waited for without end."""

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
    """What went wrong. An answer that cannot be read is not quoted: it is a stranger's text."""
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or type(error).__name__
