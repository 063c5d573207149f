"""Hostile clients, for tests of the service during their requests; and the resources of a process."""

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
    """Opens connections, sends some bytes on each, and then some more every second."""
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
    """Returns the durations of polls, one every ten milliseconds; asserts that each is answered with 200."""
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
    """Returns the front of a web process, which holds the port."""
    return next(
        pid for pid, words in _children(web).items() if "resource_tracker" not in words and not is_editors(words)
    )


def editors_of(web: int) -> int | None:
    """Returns the editors process of a web process; None while it is starting."""
    return next((pid for pid, words in _children(web).items() if is_editors(words)), None)


def is_editors(command_line: str) -> bool:
    """Returns whether this is the command line of an editors process."""
    return command_line.rstrip("\0").endswith("\0editors")


def _children(pid: int) -> dict[int, str]:
    """Returns the children of a process with their command lines."""
    found = {}
    for of_thread in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in of_thread.read_text().split():
            with contextlib.suppress(OSError):
                found[int(child)] = Path(f"/proc/{child}/cmdline").read_text()
    return found


def files(pid: int) -> int:
    """Returns the number of open file descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def megabytes(pid: int) -> float:
    """Returns the resident memory of a process."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024
