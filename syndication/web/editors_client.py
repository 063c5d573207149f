"""The front's side of the Unix socket: sends one request to the editors process and reads its whole response."""

import asyncio
from dataclasses import dataclass
from typing import Any

from syndication.web.body_buffer import Body
from syndication.web.frames import SIZES, decode_head, decode_sizes, encode_head
from syndication.web.heartbeat_link import EditorsState, read_restarts, read_state
from syndication.web.socket_address import socket_address

CONNECT_SECONDS = 10.0
"""How long a request waits while the editors process restarts."""

ANSWER_SECONDS = 300.0
"""The longest wait for a response: the largest batch on a slow machine. Database timeouts are shorter."""

PART = 256 * 1024
"""The size of a chunk of a body that is sent at once, in bytes."""


class EditorsDown(Exception):  # noqa: N818  # a response, not a fault
    """The editors process did not accept the request, or ended before it answered."""


class EditorsNotAsked(EditorsDown):
    """The editors process does not answer pings, so the request was not forwarded."""


@dataclass(frozen=True, slots=True)
class EditorsAnswer:
    """A response; ``actor`` is the authenticated user or token, such as ``token cms``."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    actor: str | None


class EditorsClient:
    """Forwards requests to the editors process whose socket is in ``folder``."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = socket_address(folder)

    @property
    def state(self) -> EditorsState:
        """The state of the process, as the keeper last recorded it."""
        return read_state(self._folder)

    @property
    def restarts(self) -> int:
        """How often the keeper has restarted the process."""
        return read_restarts(self._folder)

    async def ask(self, environ: dict[str, str], body: Body, more: dict[str, Any]) -> EditorsAnswer:
        """Returns the response to a request; raises EditorsDown."""
        if self.state == "not answering":
            raise EditorsNotAsked("not answering")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask({"environ": environ, **more}, body)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            raise EditorsDown(type(error).__name__) from error

    async def _ask(self, head: dict[str, Any], body: Body) -> EditorsAnswer:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            writer.write(encode_head(head, body.length))
            while part := body.file.read(PART):
                writer.write(part)
                await writer.drain()
            await writer.drain()
            return await _read(reader)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> EditorsAnswer:
    head_length, body_length = decode_sizes(await reader.readexactly(SIZES.size))
    head = decode_head(await reader.readexactly(head_length))
    body = await reader.readexactly(body_length)
    return EditorsAnswer(head["status"], [(name, text) for name, text in head["headers"]], body, head["actor"])
