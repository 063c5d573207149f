"""Slow, silent and lying clients against a real web process: the others are served as if they were not there."""

import contextlib
import socket
import threading
import time
from statistics import median

import pytest

from tests.support.hostile import SLOW_BODY, SLOW_FORM, SLOW_HEADERS, connections, files, megabytes, polls, worker_of
from tests.support.service import running, until
from tests.support.thorough import THOROUGH

REQUESTS = 1_000 if THOROUGH else 300
"""The requests of each flood."""

SECRET = "twenty-four-characters-and-more"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hostile"), env={"SYNDICATION_EDITORS__WEBHOOK_SECRET": SECRET}) as service:
        yield service.ready(60)


@pytest.fixture
def worker(service):
    return worker_of(service.children()["web"])


def raw(service, sent: bytes, *, shut_after: int | None = None) -> bytes:
    """Everything that comes back; the writing side is shut after so many bytes of it, if there is a number."""
    with socket.create_connection(("127.0.0.1", service.port), 10) as one:
        one.sendall(sent)
        found = one.recv(shut_after) if shut_after else b""
        if shut_after is not None:
            one.shutdown(socket.SHUT_WR)
        while more := one.recv(65536):
            found += more
        return found


@pytest.mark.parametrize(
    ("first", "each_second"),
    [
        pytest.param(b"", b"", id="silent"),
        pytest.param(b"GET / HT", b"", id="cut off", marks=pytest.mark.thorough),
        pytest.param(SLOW_HEADERS, b"a", id="a byte a second"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"", id="one request", marks=pytest.mark.thorough),
    ],
)
def test_1500_connections_delay_no_poll_and_leak_nothing(service, worker, first, each_second):
    polls(service.port, 0.3)
    before, memory = files(worker), megabytes(worker)
    with connections(service.port, 1_500, first, each_second):
        until(lambda: files(worker) > 1_500)
        times = polls(service.port, 1.5)
        assert len(times) > 20 and median(times) < 0.1
    until(lambda: files(worker) <= before + 4)
    assert megabytes(worker) - memory < 60


def test_silent_clients_are_disconnected(service):
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        # Nothing at all, half a request line, and a request after which nothing follows.
        said = (b"", b"GET / HT", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", service.port), 40)) for _ in said]
        for one, first in zip(silent, said, strict=True):
            one.sendall(first)
        for one in silent:
            while one.recv(65536):
                pass
            assert 15 < time.monotonic() - started < 30


@pytest.mark.parametrize("sent", [SLOW_BODY, SLOW_FORM], ids=["webhooks", "forms"])
def test_slow_bodies_take_no_place_of_editors(service, worker, sent):
    before = files(worker)
    with connections(service.port, 40, sent):
        until(lambda: files(worker) > before)
        # Not one of them is told that it is busy: all places are free.
        for _ in range(40):
            assert service.get("/api/v1/docs").status == 200
            assert service.get("/editors/login").status == 200
        assert len(polls(service.port, 0.5)) > 10
        busy = service.get("/editors/login", {"Content-Length": "0"}, "POST")
        assert busy.status == 400  # Without a body there is nothing to wait for: the token of the form is missing.
    until(lambda: files(worker) <= before + 4)
    until(lambda: raw(service, SLOW_FORM.replace(b"1000", b"5\r\nConnection: close")).startswith(b"HTTP/1.1 400"))


def test_half_closed_connection_gets_a_whole_response_or_none(service):
    """The web server takes a shut writing side for one who has gone, if it sees it before the answer is ready."""
    head = b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    whole = service.get("/feeds/all.atom").body
    answers = [raw(service, head, shut_after=0) for _ in range(20)]
    # Who shuts it once the answer has begun gets all of it.
    for answer in [*filter(None, answers), raw(service, head, shut_after=1)]:
        assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(whole)
    assert raw(service, SLOW_BODY, shut_after=0)[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 401")


ALL = "GET /feeds/all.atom HTTP/1.1"


def many_tags(n: int) -> str:
    """A list of 15 kB that nobody has sent before, made of what looks like tags of ours."""
    return ", ".join(f'"{n}-{number:08x}-gzip"' for number in range(680))


FLOODS = {
    "unknown feeds": lambda n: f"GET /feeds/{n}-{'x' * 50}.atom HTTP/1.1",
    "unknown addresses": lambda n: f"GET /{n}/{n}.php HTTP/1.1",
    "random queries": lambda n: f"GET /feeds/all.atom?{n}={n * 7919} HTTP/1.1",
    "entity tags": lambda n: f'GET /feeds/all.atom HTTP/1.1\r\nIf-None-Match: "{n}", W/"{n * 3}", {n}',
    "long lists of entity tags": lambda n: f"{ALL}\r\nIf-None-Match: {many_tags(n)}",
    "many empty entity tags": lambda n: f'{ALL}\r\nIf-None-Match: "{n}"' + ',""' * 4_900,
    "long dates": lambda n: f"{ALL}\r\nIf-Modified-Since: {'1 ' * 7_000}{n}",
    "long codings": lambda n: f"{ALL}\r\nAccept-Encoding: {'a;q=0.1,' * 1_800}{n}",
    "codings": lambda n: f"GET /feeds/all.atom HTTP/1.1\r\nAccept-Encoding: x{n};q=0.{n % 999}, gzip, *;q=0",
    "invented methods": lambda n: f"STEAL{n} /feeds/all.atom HTTP/1.1",
    "wrong tokens": lambda n: f"GET /api/v1/status HTTP/1.1\r\nAuthorization: Bearer syn_{n}",
    "huge headers": lambda n: f"GET /feeds/all.atom HTTP/1.1\r\nX-Huge: {'x' * 20_000}{n}",
    "huge addresses": lambda n: f"GET /feeds/{'x' * 20_000}{n} HTTP/1.1",
}


@pytest.mark.parametrize("name", FLOODS)
def test_flood_gets_expected_statuses_and_fills_no_memory(service, worker, name):
    def flood(begin: int) -> None:
        for n in range(begin, begin + REQUESTS, 2):
            request = f"{FLOODS[name](n)}\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            try:
                found.append(raw(service, request)[9:12])
            except ConnectionError:  # Who is refused before all was sent may be cut off.
                found.append(b"cut")

    found: list[bytes] = []
    polls(service.port, 0.2)
    before, memory = files(worker), megabytes(worker)
    threads = [threading.Thread(target=flood, args=(begin,)) for begin in (0, 1)]
    for thread in threads:
        thread.start()
    assert len(polls(service.port, 0.8)) > 10
    for thread in threads:
        thread.join()
    assert len(found) == REQUESTS
    if name.startswith(("long", "many")):
        assert set(found) == {b"200"}
    assert set(found) <= {b"200", b"304", b"400", b"401", b"404", b"405", b"406", b"414", b"429", b"431", b"cut"}
    until(lambda: files(worker) <= before + 4)
    assert megabytes(worker) - memory < 30
