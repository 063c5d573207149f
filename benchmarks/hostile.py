"""Polls during hostile clients: how long a well-behaved reader waits, and how much memory the web process uses.

One reader polls every five milliseconds, alone and then together with each kind of client. Slow clients hold a thousand
connections; floods come from two threads at full speed, each request on a new connection. A flood of two threads uses
more than one core, so that on two cores even a static file would be served more slowly.
"""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator

from benchmarks import filling, newsroom
from benchmarks.databases import database, folder, urls
from benchmarks.held import held, serving
from benchmarks.options import Options
from benchmarks.processes import free_port, running, syndication, wait_until_served, write_config
from benchmarks.table import ms, percentile, ratio, show

PAUSE = 0.005
SECTIONS = 3
PATH = "/feeds/section-000.atom"
WEBHOOK = "POST /api/v1/webhooks/articles HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"

SLOW = {
    "open and silent": "",
    "a byte of a header a second": f"GET {PATH} HTTP/1.1\r\nHost: x\r\nX: ",
    "a byte of a webhook a second": WEBHOOK,
}
FLOODS: dict[str, Callable[[int], str]] = {
    "unknown feeds": lambda n: f"GET /feeds/{n}.atom HTTP/1.1",
    "unknown addresses": lambda n: f"GET /{n}.php HTTP/1.1",
    "random queries": lambda n: f"GET {PATH}?{n} HTTP/1.1",
    "invented entity tags": lambda n: f'GET {PATH} HTTP/1.1\r\nIf-None-Match: "{n}"\r\nAccept-Encoding: x{n}, gzip',
    "invented methods": lambda n: f"STEAL{n} {PATH} HTTP/1.1",
    "huge headers": lambda n: f"GET {PATH} HTTP/1.1\r\nX: {'x' * 20_000}{n}",
    "wrong tokens": lambda n: f"GET /api/v1/status HTTP/1.1\r\nAuthorization: Bearer syn_{n}",
}
COLUMNS = ["", "p50 ms alone", "together", "ratio", "p99 ms alone", "together", "ratio", "MB before", "after"]


def run(options: Options) -> None:
    """Measures on SQLite."""
    seconds, number = options.size(0.5, 5.0, 20.0), options.size(50, 1_000, 1_000)
    with folder() as where, urls("sqlite") as (url,), database(url) as opened:
        entries = options.size(3, newsroom.ENTRIES, newsroom.ENTRIES)
        filling.put(opened, newsroom.articles(SECTIONS * entries, SECTIONS, newsroom.SHORT, options.articles))
        write_config(where, SECTIONS)
        port = free_port()
        env = {"SYNDICATION_DATABASE__URL": url, "SYNDICATION_EDITORS__WEBHOOK_SECRET": "x" * 32}
        with running(syndication("web", "--port", str(port)), where, port, **env) as web:
            with running(syndication("worker"), where, **env):
                wait_until_served(port, PATH)
            pid = serving(web.pid)
            rows = []
            for name, first in SLOW.items():
                rows.append(_row(f"{number} x {name}", port, pid, seconds, _slow(port, number, first.encode())))
            for name, request in FLOODS.items():
                rows.append(_row(f"a flood of {name}", port, pid, seconds, _flood(port, request)))
    show("polls during hostile clients", COLUMNS, rows)


def _row(name: str, port: int, pid: int, seconds: float, beside: contextlib.AbstractContextManager[None]) -> list[str]:
    alone, before = _polls(port, seconds), held(pid)
    with beside:
        crowded = _polls(port, seconds)
    figures = [name]
    for percent in (50, 99):
        quiet, loud = percentile(alone, percent), percentile(crowded, percent)
        figures += [ms(quiet), ms(loud), ratio(loud / quiet)]
    return [*figures, f"{before.megabytes:.0f}", f"{held(pid).megabytes:.0f}"]


def _polls(port: int, seconds: float) -> list[float]:
    found, end = [], time.monotonic() + seconds
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        while time.monotonic() < end:
            started = time.perf_counter()
            connection.request("GET", PATH, headers={"Accept-Encoding": "gzip"})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise RuntimeError(f"a reader got {response.status}")
            found.append(time.perf_counter() - started)
            time.sleep(PAUSE)
    return found


@contextlib.contextmanager
def _slow(port: int, number: int, first: bytes) -> Iterator[None]:
    """Opens connections that send ``first``, if any, and then its last byte every second."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)) for _ in range(number)]

        def drip() -> None:
            for one in opened:
                with contextlib.suppress(OSError):
                    one.send(first[-1:])

        for one in opened:
            one.sendall(first)
        with _repeated(drip, 1.0):
            yield


@contextlib.contextmanager
def _flood(port: int, request: Callable[[int], str]) -> Iterator[None]:
    """Runs two clients that send requests at full speed."""
    numbers = iter(range(10**9))

    def ask() -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 20) as one:
            one.sendall(f"{request(next(numbers))}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            while one.recv(65536):
                pass

    with _repeated(ask, 0), _repeated(ask, 0):
        yield


@contextlib.contextmanager
def _repeated(do: Callable[[], None], pause: float) -> Iterator[None]:
    stop = threading.Event()

    def repeat() -> None:
        while not stop.wait(pause):
            do()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
