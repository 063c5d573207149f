"""Messages between two processes on a socket: a length, then a pickled value of built-in types."""

import io
import pickle
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct("!Q")


class _Plain(pickle.Unpickler):
    """Loads only built-in types, so that a sender compromised by a hostile article cannot run code here."""

    def find_class(self, module: str, name: str, /) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not a built-in type")


def send(sock: socket.socket, value: object) -> None:
    """Sends one value; the socket's timeout applies to the whole message."""
    content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    sock.sendall(_LENGTH.pack(len(content)))
    sock.sendall(content)


def receive(sock: socket.socket, seconds: float | None = None, *, trusted: bool = False) -> Any:
    """Returns the next value. Raises EOFError if the sender has closed, TimeoutError after ``seconds``."""
    deadline = None if seconds is None else time.monotonic() + seconds
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size, deadline))
    content = _exactly(sock, length, deadline)
    return pickle.loads(content) if trusted else _Plain(io.BytesIO(content)).load()  # noqa: S301  # sent by our parent


def _exactly(sock: socket.socket, number: int, deadline: float | None) -> bytearray:
    content = bytearray(number)
    view = memoryview(content)
    while view:
        if deadline is not None:
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
        received = sock.recv_into(view)
        if not received:
            raise EOFError
        view = view[received:]
    return content
