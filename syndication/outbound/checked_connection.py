"""Connects to the very address that was checked, and ends the connection in time, whatever the other side does."""

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator

from ada_url import URL

from syndication.outbound.addresses import port_of, refusal
from syndication.outbound.errors import SendError
from syndication.outbound.public_addresses import may_connect


@contextlib.contextmanager
def connected_to(at: URL, allow_private: bool, ends: float) -> Iterator[socket.socket]:
    """Connects to the first address of the host that may be connected to and answers; raises SendError if none may."""
    found = _resolve(at.hostname.strip("[]"), port_of(at), ends)
    allowed = [address for address in found if may_connect(address, allow_private=allow_private)]
    if not allowed:
        raise SendError(refusal(at.hostname, allow_private=allow_private))
    for left, address in zip(range(len(allowed), 0, -1), allowed, strict=True):
        try:
            seconds = max(ends - time.monotonic(), 0.001) / left
            connected = socket.create_connection((address, port_of(at)), seconds)
            break
        except OSError:
            if left == 1:
                raise
    with connected:
        connected.settimeout(None)  # The whole exchange has a limit, not each piece of it.
        yield connected


def _resolve(host: str, port: int, ends: float) -> list[str]:
    """Returns the IP addresses of a host. The resolver knows no limit of time: its thread may outlive the request."""
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(info[4][0]) for info in infos])
        except UnicodeError:
            answers.put(OSError("its name is too long"))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=resolve, daemon=True, name="resolve").start()
    try:
        answer = answers.get(timeout=max(ends - time.monotonic(), 0.001))
    except queue.Empty as error:
        raise TimeoutError from error
    if isinstance(answer, OSError):
        raise answer
    return list(dict.fromkeys(answer))


@contextlib.contextmanager
def cut_off(connected: socket.socket, ends: float, cut: threading.Event) -> Iterator[None]:
    """Shuts the connection down at ``ends``: a server that sends a byte now and then would hold it forever.

    Through a handle of its own, as TLS takes the first one over.
    """
    handle = connected.dup()

    def shut_down() -> None:
        cut.set()
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(ends - time.monotonic(), 0), shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()
