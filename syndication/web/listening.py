"""What the kernel is told of the connections of this process: those whose client takes nothing any more are cut off."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

STALLED_SECONDS = 30
"""How long what was sent may stay without an acknowledgement, or a client's window closed. A slow one that takes a
little from time to time is not cut off."""


def cut_off_stalled_clients(seconds: int = STALLED_SECONDS) -> int:
    """Set TCP_USER_TIMEOUT (RFC 5482) on all listening sockets, whose connections inherit it; gives their number.

    Granian makes its sockets itself and takes no options for them.
    """
    if not hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux alone has it.
        return 0
    found = 0
    for one in _listening():
        with one, contextlib.suppress(OSError):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)
            found += 1
    return found


def _listening() -> Iterator[socket.socket]:
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if entry.readlink().name.startswith("socket:") and (one := _opened(int(entry.name))) is not None:
                yield one


def _opened(number: int) -> socket.socket | None:
    """The socket under this number, in a copy, if connections over a network come to it."""
    one = socket.socket(fileno=os.dup(number))
    with contextlib.suppress(OSError):
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return one
    one.close()
    return None
