"""Messages between two processes on a socket: a length, and a pickled value of Python's own plain types."""

import io
import pickle
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct("!Q")


class _Plain(pickle.Unpickler):
    """Makes texts, bytes, numbers, lists and tuples alone: what a hostile article made of the sender runs nothing."""

    def find_class(self, module: str, name: str, /) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def send(sock: socket.socket, value: object) -> None:
    """Send one value; a timeout of the socket is that of the whole message."""
    content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    sock.sendall(_LENGTH.pack(len(content)))
    sock.sendall(content)


def receive(sock: socket.socket, seconds: float | None = None, *, trusted: bool = False) -> Any:
    """The next value. Raises EOFError if the sender is gone, TimeoutError after ``seconds``."""
    until = None if seconds is None else time.monotonic() + seconds
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size, until))
    content = _exactly(sock, length, until)
    return pickle.loads(content) if trusted else _Plain(io.BytesIO(content)).load()  # noqa: S301  # our own parent's


def _exactly(sock: socket.socket, number: int, until: float | None) -> bytearray:
    content = bytearray(number)
    view = memoryview(content)
    while view:
        if until is not None:
            sock.settimeout(max(until - time.monotonic(), 0.001))
        received = sock.recv_into(view)
        if not received:
            raise EOFError
        view = view[received:]
    return content
