"""The front's side of the Unix socket: one request to the editors process, and its whole answer."""

import asyncio
from dataclasses import dataclass
from typing import Any

from syndication.web.body_buffer import Body
from syndication.web.frames import SIZES, decode_head, decode_sizes, encode_head
from syndication.web.heartbeat_link import EditorsState, read_restarts, read_state
from syndication.web.socket_address import socket_address

CONNECT_SECONDS = 10.0
"""How long a request waits for an editors process that is being started again."""

ANSWER_SECONDS = 300.0
"""The longest wait for an answer: the largest batch on a slow machine. The process gives up its database before."""

PART = 256 * 1024
"""Bytes of a body that are sent at once."""


class EditorsDown(Exception):  # noqa: N818  # an answer, not a fault
    """The editors process took the request not at all, or ended before it had answered."""


class EditorsNotAsked(EditorsDown):
    """The editors process answers no pings, so that the request was not passed on."""


@dataclass(frozen=True, slots=True)
class EditorsAnswer:
    """An answer; ``actor`` is who was recognized, like ``token cms``."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    actor: str | None


class EditorsClient:
    """Asks the editors process whose socket is in ``folder``."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = socket_address(folder)

    @property
    def state(self) -> EditorsState:
        """How the process is, as the keeper last found."""
        return read_state(self._folder)

    @property
    def restarts(self) -> int:
        """How often the keeper has restarted it."""
        return read_restarts(self._folder)

    async def ask(self, environ: dict[str, str], body: Body, more: dict[str, Any]) -> EditorsAnswer:
        """The answer to a request; raises EditorsDown."""
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
