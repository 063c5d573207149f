"""Sends one bounded request to an address of a stranger, over http or https, asynchronously.

The address that was checked is the one that is connected to: a name that resolves differently a moment later changes
nothing. No redirect is followed, no proxy used, no cookie kept. The time of the whole exchange is limited, and how much
of the answer is read.
"""

import asyncio
import base64
import io
import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import unquote

import aiohttp
from ada_url import URL
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL as Target  # noqa: N811  # What aiohttp takes an address as.

from syndication import __version__
from syndication.outbound.public_addresses import may_connect
from syndication.outbound.threads import in_thread

PORTS = {"http:": 80, "https:": 443}

KEPT_SECONDS = 1.0
"""How long a connection is kept for the next request to the same host: less than any server keeps it."""

PIECE = 2**14


class SendError(Exception):
    """Nothing was answered; the text is for people, and quotes nothing but the host of the address."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost and reach. ``seconds`` count from the start to the end of what is read of the answer.

    ``bytes`` of the answer are read at most; ``ports`` are those that may be connected to, any if empty.
    ``allow_private`` opens addresses next door; with ``any_address``, which only an operator's own addresses may have,
    nothing is checked.
    """

    seconds: float = 10.0
    bytes: int = 2**16
    ports: tuple[int, ...] = ()
    allow_private: bool = False
    any_address: bool = False

    def allow(self, address: str) -> bool:
        """Returns whether this IP address may be connected to."""
        return self.any_address or may_connect(address, allow_private=self.allow_private)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whatever its status, a redirect too. ``headers`` are found in any case of letters.

    ``body`` is what was read of it, as it was sent; ``address`` the IP address that answered, for ``host``.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str
    host: str = ""


def parse(url: str, limits: Limits) -> URL:
    """Returns an address that may be asked, as far as it shows without its name being resolved; raises SendError.

    The host of a parsed address is normal: decimal, octal, hexadecimal and short forms of an IPv4 address are dotted.
    """
    try:
        at = URL(url)
    except ValueError as error:
        raise SendError("the address is not a valid http or https address") from error
    if at.protocol not in PORTS or not at.hostname:
        raise SendError("only http and https addresses are asked")
    port = int(at.port) if at.port else PORTS[at.protocol]
    if limits.ports and port not in limits.ports:
        raise SendError(f"{at.hostname} is not connected to: its port {port} is not among those allowed")
    if _is_literal(at.hostname) and not limits.allow(at.hostname.strip("[]")):
        raise SendError(_refusal(at.hostname, limits))
    return at


class OutboundClient:
    """Asks with limits. It belongs to the loop of its first request; ``close`` ends its connections."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections that are kept."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Returns the answer. Raises SendError."""
        at = parse(url, self.limits)
        sent = {"user-agent": f"newsroom-syndication/{__version__}", "accept-encoding": "identity"}
        sent |= _credentials(at) | {name.lower(): value for name, value in (headers or {}).items()}
        target = Target(f"{at.protocol}//{at.host}{at.pathname}{at.search}", encoded=True)
        session = self._opened()
        try:
            async with asyncio.timeout(self.limits.seconds):
                # In pieces, as the other side reads them: a document that many get is in memory once.
                data = None if body is None else io.BytesIO(body)
                asked = session.request(method, target, headers=sent, data=data, allow_redirects=False)
                answer = cast(_Response, await asked)
                async with answer:
                    read = await self._read(answer)
                    return Answer(answer.status, answer.headers, read, answer.address, at.hostname)
        except TimeoutError as error:
            raise SendError(f"{at.hostname} did not answer within {self.limits.seconds:g} s") from error
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            raise SendError(_words(at.hostname, error)) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Resolver(self.limits),
                socket_factory=self._socket,
                use_dns_cache=False,
                limit=0,
                keepalive_timeout=KEPT_SECONDS,
                ssl=ssl.create_default_context(),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                response_class=_Response,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(),
                trust_env=False,
                auto_decompress=False,
                requote_redirect_url=False,
                read_bufsize=PIECE,
            )
        return self._session

    def _socket(self, info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        """Returns the socket for one address. All were checked before; this is where none can be forgotten."""
        family, kind, proto, _, address = info
        if not self.limits.allow(str(address[0])):
            raise OSError("its address is private or reserved")
        made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        read = bytearray()
        while len(read) < self.limits.bytes:
            piece = await answer.content.read(min(PIECE, self.limits.bytes - len(read)))
            if not piece:
                return bytes(read)
            read += piece
        return bytes(read)  # Whatever follows is not read, and the connection not used again.


class _Response(aiohttp.ClientResponse):
    """An answer that knows which address it came from, and whose connection ends at once if it is not used again.

    Otherwise a connection would wait until the other side has read what was sent to it, or has ended TLS: forever.
    """

    address = ""
    _wire: asyncio.WriteTransport | None = None

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Notes the address before the connection may be given back, which is when a body is empty."""
        self._wire = connection.transport
        peer = self._wire.get_extra_info("peername") if self._wire is not None else None
        self.address = str(peer[0]) if peer else ""
        try:
            return await super().start(connection)
        except BaseException:
            self._abort()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the connection back, or ends it."""
        try:
            await super().__aexit__(kind, error, trace)
        except BaseException:
            self._abort()
            raise
        if error is not None or (self._wire is not None and self._wire.is_closing()):
            self._abort()

    def _abort(self) -> None:
        if self._wire is not None:
            self._wire.abort()


class _Resolver(AbstractResolver):
    """Resolves names to the addresses that may be connected to; its caller limits the time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Returns the addresses; raises SendError if there are some, but none that may be connected to."""
        found = await in_thread(lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM), "resolve")
        allowed = [info for info in found if self._limits.allow(str(info[4][0]))]
        if found and not allowed:
            raise SendError(_refusal(host, self._limits))
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=of,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for of, _, proto, _, address in allowed
        ]

    async def close(self) -> None:
        """Has nothing to release."""


def _is_literal(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdigit()


def _refusal(host: str, limits: Limits) -> str:
    kind = "is reserved" if limits.allow_private else "is private or reserved; allow_private allows private ones"
    return f"{host} is not connected to: its address {kind}"


def _credentials(at: URL) -> dict[str, str]:
    if not at.username and not at.password:
        return {}
    pair = f"{unquote(at.username)}:{unquote(at.password)}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _words(host: str, error: Exception) -> str:
    """Returns what went wrong. What the other side sent is not quoted: its text is not trusted."""
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as found):
            words = f"has an untrusted certificate ({found.verify_message})"
        case aiohttp.ClientSSLError():
            words = "offers no valid TLS"
        case aiohttp.ClientResponseError():
            words = "answered with something that is not HTTP"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            words = "ended its answer before it was complete"
        case aiohttp.ClientConnectorDNSError():
            words = "cannot be reached (its name is not known)"
        case OSError(errno=int() as number) if number > 0:  # Its own words may have the IP address.
            words = f"cannot be reached ({os.strerror(number)})"
        case aiohttp.ClientConnectorError():
            words = "cannot be reached (none of its addresses answers)"
        case _:
            words = f"cannot be reached ({type(error).__name__})"
    return f"{host} {words}"
