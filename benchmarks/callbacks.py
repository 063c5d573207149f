"""Callback servers of subscribers, in a process of their own: they read a delivery, answer 204 and note the time."""

import asyncio
import contextlib
import multiprocessing
import socket
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Callbacks:
    """So many servers on loopback; ``ports`` are theirs."""

    def __init__(self, number: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(number, theirs), daemon=True)
        self._process.start()
        self.ports: list[int] = self._pipe.recv()

    def take(self) -> tuple[int, float, set[str]]:
        """Returns what came since the last call: how many deliveries, when the last one did, and to which paths.

        The time is that of the monotonic clock, which all processes of a machine share.
        """
        self._pipe.send("take")
        found: tuple[int, float, set[str]] = self._pipe.recv()
        return found

    def close(self) -> None:
        """Ends them."""
        self._process.terminate()
        self._process.join()


@contextlib.contextmanager
def callbacks(number: int) -> Iterator[Callbacks]:
    """Starts so many servers."""
    found = Callbacks(number)
    try:
        yield found
    finally:
        found.close()


class _Server(asyncio.Protocol):
    number, last = 0, 0.0
    paths: set[str] = set()  # noqa: RUF012  # Of all connections.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.head = b""
        self.left = 0

    def data_received(self, data: bytes) -> None:
        while data:
            if self.left == 0:
                head, end, data = (self.head + data).partition(b"\r\n\r\n")
                if not end:
                    self.head = head
                    return
                self.head = b""
                lower = head.lower()
                self.left = int(lower.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
                self.path = head.split(b" ", 2)[1].decode()
            read = min(self.left, len(data))
            self.left -= read
            data = data[read:]
            if self.left == 0:
                self.transport.write(ANSWER)
                _Server.number += 1
                _Server.last = time.monotonic()
                _Server.paths.add(self.path)


def _serve(number: int, pipe: Connection) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        ports = []
        for _ in range(number):
            listening = socket.create_server(("127.0.0.1", 0), backlog=1_000)
            await loop.create_server(_Server, sock=listening)
            ports.append(listening.getsockname()[1])
        pipe.send(ports)
        ended = asyncio.Event()
        loop.add_reader(pipe.fileno(), _answer, pipe, ended)
        await ended.wait()

    asyncio.run(run())


def _answer(pipe: Connection, ended: asyncio.Event) -> None:
    try:
        pipe.recv()
    except EOFError:
        ended.set()
        return
    pipe.send((_Server.number, _Server.last, _Server.paths))
    _Server.number, _Server.paths = 0, set()
