"""Sends one bounded request to an address of a stranger or of the CMS, over http or https, without a proxy.

The address that was checked is the one that is connected to: a name that resolves differently a moment later changes
nothing. Everything has a limit: the time of the whole exchange, redirects, headers, and bytes after decompression.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from ada_url import URL

from syndication import __version__
from syndication.outbound.addresses import PORTS, credentials, port_of
from syndication.outbound.checked_connection import connected_to, cut_off
from syndication.outbound.errors import SendError
from syndication.sources.decompression import decompressed
from syndication.sources.reader import SourceError

REDIRECTS = (301, 302, 303, 307, 308)
PERMANENT = (301, 308)
SECRET_HEADERS = ("authorization", "cookie")
PIECE = 2**16
MAX_HEADER_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one request may cost. ``seconds`` count from the start to the last byte, redirects included."""

    seconds: float = 20.0
    bytes: int = 32 * 2**20
    redirects: int = 5


LIMITS = HttpLimits()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whatever its status. ``headers`` are found in any case of letters; ``body`` is decompressed.

    ``url`` is the address that answered; ``moved`` the one to ask from now on, if permanent redirects led there.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved: str | None


def request(
    url: str,
    *,
    method: Literal["GET", "HEAD", "POST"] = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    allow_private: bool = False,
    limits: HttpLimits = LIMITS,
) -> Response:
    """Returns the answer of ``url``. Raises SourceError, which quotes of an address no more than its host.

    Without redirects allowed, a redirect is the answer.

    ``headers`` named in SECRET_HEADERS, and a name and password in the address, are not sent on to another host.
    """
    ends = time.monotonic() + limits.seconds
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    moved: str | None = None
    permanent = True
    at = _parse(url)
    for _ in range(limits.redirects + 1):
        sent |= credentials(at)
        response = _exchange(at, method, sent, allow_private, limits, ends, body)
        target = response.headers.get("location")
        if response.status not in REDIRECTS or not target or not limits.redirects:
            return Response(at.href, response.status, response.headers, response.body, moved)
        before, at = at, _follow(at, target)
        permanent = permanent and response.status in PERMANENT
        if permanent:
            moved = at.href
        if not _same_party(before, at):
            sent = {name: value for name, value in sent.items() if name not in SECRET_HEADERS}
    raise SourceError(f"{_host(url)} redirects more than {limits.redirects} times")


def _parse(url: str) -> URL:
    try:
        at = URL(url)
    except ValueError as error:
        raise SourceError("the address is not a valid http or https address") from error
    if at.protocol not in PORTS or not at.hostname:
        raise SourceError("only http and https addresses are read")
    return at


def _follow(before: URL, location: str) -> URL:
    """Returns the target of a redirect (RFC 9110, section 10.2.2). Bytes that are not ASCII are read as UTF-8."""
    try:
        at = URL(location.encode("latin-1").decode("utf-8", "replace"), before.href)
    except (ValueError, UnicodeError) as error:
        raise SourceError(f"{before.hostname} redirects to something that is no address") from error
    if at.protocol not in PORTS or not at.hostname:
        raise SourceError(f"{before.hostname} redirects to an address that is neither http nor https")
    if before.protocol == "https:" and at.protocol == "http:":
        raise SourceError(f"{before.hostname} redirects from https to http, which is not followed")
    if at.username or at.password:
        raise SourceError(f"{before.hostname} redirects to an address with a user name")
    at.hash = ""
    return at


def _same_party(before: URL, after: URL) -> bool:
    """Returns whether secrets may go along: to the same origin, or from http to https of the same host."""
    if before.origin == after.origin:
        return True
    upgrade = before.protocol == "http:" and after.protocol == "https:"
    return upgrade and before.hostname == after.hostname and not before.port and not after.port


def _host(url: str) -> str:
    return URL(url).hostname


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def _exchange(
    at: URL,
    method: str,
    headers: Mapping[str, str],
    allow_private: bool,
    limits: HttpLimits,
    ends: float,
    body: bytes | None = None,
) -> _Answer:
    late = f"{at.hostname} did not answer within {limits.seconds:g} s"
    cut = threading.Event()
    fields = {"user-agent": f"newsroom-syndication/{__version__}", "accept-encoding": "gzip, br", **headers}
    try:
        with connected_to(at, allow_private, ends) as connected, cut_off(connected, ends, cut):
            answer = _ask(at, method, fields, connected, limits, body)
    except SendError as error:
        raise SourceError(str(error)) from error
    except SourceError as error:
        if cut.is_set():  # An answer that was cut off looks incomplete; or complete, as below.
            raise SourceError(late) from error
        raise
    except ssl.SSLCertVerificationError as error:
        raise SourceError(f"{at.hostname} has an untrusted certificate ({error.verify_message})") from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if cut.is_set() or time.monotonic() >= ends or isinstance(error, TimeoutError):
            raise SourceError(late) from error
        raise SourceError(f"{at.hostname} cannot be read ({_words(error)})") from error
    if cut.is_set():
        raise SourceError(late)
    return answer


def _ask(
    at: URL,
    method: str,
    headers: Mapping[str, str],
    connected: socket.socket,
    limits: HttpLimits,
    body: bytes | None = None,
) -> _Answer:
    make = http.client.HTTPSConnection if at.protocol == "https:" else http.client.HTTPConnection
    with contextlib.closing(make(at.hostname, port_of(at))) as connection:
        connection.sock = _secured(connected, at)
        connection.request(method, at.pathname + at.search, body, dict(headers))
        with connection.getresponse() as response:
            if sum(len(name) + len(value) for name, value in response.getheaders()) > MAX_HEADER_BYTES:
                raise SourceError(f"{at.hostname} answered with headers of more than {MAX_HEADER_BYTES:,} bytes")
            packed = _read(response, limits.bytes, at.hostname)
            read = decompressed(packed, response.getheader("content-encoding", ""), limits.bytes, at.hostname)
            return _Answer(response.status, cast(Mapping[str, str], response.headers), read)


def _secured(connected: socket.socket, at: URL) -> socket.socket:
    """Returns the connection with TLS if it needs it, for the name of the address, not for the IP address."""
    if at.protocol == "http:":
        return connected
    return _tls().wrap_socket(connected, server_hostname=at.hostname.strip("[]"))


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(response: http.client.HTTPResponse, limit: int, host: str) -> bytes:
    pieces, size = [], 0
    while piece := response.read(PIECE):
        size += len(piece)
        if size > limit:
            raise SourceError(f"{host} answered with more than {limit:,} bytes")
        pieces.append(piece)
    if response.length:
        raise SourceError(f"{host} ended its answer before it was complete")
    return b"".join(pieces)


def _words(error: Exception) -> str:
    """Returns a short reason. An unreadable answer is not quoted: its text is not trusted."""
    if isinstance(error, http.client.IncompleteRead):
        return "its answer ended before it was complete"
    if isinstance(error, http.client.HTTPException):
        return "its answer is not valid HTTP"
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or type(error).__name__
