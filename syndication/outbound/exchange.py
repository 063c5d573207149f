"""What ``client`` does with aiohttp: resolver and sockets are ours, so that the checked address is connected to."""

import asyncio
import io
import os
import socket
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Any, cast

import aiohttp
from ada_url import URL
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL as Target  # noqa: N811  # What aiohttp takes an address as.

from syndication.outbound.addresses import refusal
from syndication.outbound.client import Answer, Limits
from syndication.outbound.errors import SendError
from syndication.outbound.threads import in_thread

KEPT_SECONDS = 1.0
"""How long a connection is kept for the next request to the same host: less than any server keeps it."""

PIECE = 2**14


class Exchange:
    """A pool of connections, whose requests have limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(limits),
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

    async def close(self) -> None:
        """Ends the connections."""
        await self._session.close()

    async def ask(self, at: URL, method: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Returns the answer of a parsed address; raises SendError."""
        target = Target(f"{at.protocol}//{at.host}{at.pathname}{at.search}", encoded=True)
        try:
            async with asyncio.timeout(self.limits.seconds):
                # In pieces, as the other side reads them: a document that many get is in memory once.
                data = None if body is None else io.BytesIO(body)
                asked = self._session.request(method, target, headers=headers, data=data, allow_redirects=False)
                answer = cast(_Response, await asked)
                async with answer:
                    read = await self._read(answer)
                    return Answer(answer.status, answer.headers, read, answer.address, at.hostname)
        except TimeoutError as error:
            raise SendError(f"{at.hostname} did not answer within {self.limits.seconds:g} s") from error
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            raise SendError(_words(at.hostname, error)) from error

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
            raise SendError(refusal(host, allow_private=self._limits.allow_private))
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
