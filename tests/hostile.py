"""Clients that nobody wants, for tests that ask who is served beside them; and what a process holds."""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

SLOW_BODY = (
    b"POST /api/v1/webhooks/articles HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\nContent-Length: 1000\r\n\r\n{"
)
SLOW_FORM = (
    b"POST /editors/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nname="
)
SLOW_HEADERS = b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nX-Slow: "


@contextlib.contextmanager
def connections(port: int, number: int, first: bytes, each_second: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections, on each of which some bytes are sent, and then some more every second."""
    stop = threading.Event()

    def drip() -> None:
        while each_second and not stop.wait(1.0):
            for one in opened:
                with contextlib.suppress(OSError):
                    one.send(each_second)

    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(number)]
        for one in opened:
            one.sendall(first)
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            yield opened
        finally:
            stop.set()
            dripping.join()


def polls(port: int, seconds: float, path: str = "/feeds/all.atom") -> list[float]:
    """How long each poll of a well-behaved reader takes, one every ten milliseconds; every one is answered with 200."""
    found, end = [], time.monotonic() + seconds
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        while time.monotonic() < end:
            started = time.perf_counter()
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            response = connection.getresponse()
            response.read()
            assert response.status == 200
            found.append(time.perf_counter() - started)
            time.sleep(0.01)
    return found


def worker_of(web: int) -> int:
    """The process that answers for a web process."""
    found = Path(f"/proc/{web}/task/{web}/children").read_text().split()
    serving = [int(pid) for pid in found if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]
    # Where a single one serves, its parent is it: Granian's main process then has no other child.
    return serving[0]


def files(pid: int) -> int:
    """File descriptors that a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def megabytes(pid: int) -> float:
    """Memory that a process holds."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024
