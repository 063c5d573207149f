"""Sends one bounded request to an address of a stranger, over http or https, asynchronously.

The address that was checked is the one that is connected to: a name that resolves differently a moment later changes
nothing. No redirect is followed, no proxy used, no cookie kept. The time of the whole exchange is limited, and how much
of the answer is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ada_url import URL

from syndication import __version__
from syndication.outbound.addresses import PORTS, credentials, port_of, refusal
from syndication.outbound.errors import SendError
from syndication.outbound.public_addresses import may_connect

if TYPE_CHECKING:
    from syndication.outbound.exchange import Exchange

__all__ = ["Answer", "Limits", "OutboundClient", "SendError", "parse"]


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
    port = port_of(at)
    if limits.ports and port not in limits.ports:
        raise SendError(f"{at.hostname} is not connected to: its port {port} is not among those allowed")
    if _is_literal(at.hostname) and not limits.allow(at.hostname.strip("[]")):
        raise SendError(refusal(at.hostname, allow_private=limits.allow_private))
    return at


class OutboundClient:
    """Asks with limits. It belongs to the loop of its first request; ``close`` ends its connections."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._exchange: Exchange | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections that are kept."""
        if self._exchange is not None:
            await self._exchange.close()
            self._exchange = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """Returns the answer. Raises SendError."""
        at = parse(url, self.limits)
        sent = {"user-agent": f"newsroom-syndication/{__version__}", "accept-encoding": "identity"}
        sent |= credentials(at) | {name.lower(): value for name, value in (headers or {}).items()}
        if self._exchange is None:
            # Only where something is sent: aiohttp takes 25 MB.
            from syndication.outbound.exchange import Exchange

            self._exchange = Exchange(self.limits)
        return await self._exchange.ask(at, method, sent, body)


def _is_literal(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdigit()
