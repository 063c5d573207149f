"""The TCP timeout of this process's connections: the kernel drops clients that no longer take data."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

STALLED_SECONDS = 30
"""How long sent data may stay unacknowledged, or a client's window closed. A slow client that takes a little data from
time to time is not dropped."""


def cut_off_stalled_clients(seconds: int = STALLED_SECONDS) -> int:
    """Sets TCP_USER_TIMEOUT (RFC 5482) on all listening sockets, and returns their number; connections inherit it.

    Granian creates its sockets itself and takes no options for them.
    """
    if not hasattr(socket, "TCP_USER_TIMEOUT"):  # Only Linux has it.
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
    """Returns a duplicate of the socket with this file descriptor, if it listens on a network."""
    one = socket.socket(fileno=os.dup(number))
    with contextlib.suppress(OSError):
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return one
    one.close()
    return None
