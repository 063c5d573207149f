"""What the front does with connections: polls first, and nobody is kept who takes nothing any more."""

import asyncio
import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from granian._futures import _cbsched_aioschedule, _future_watcher_wrapper

from syndication.web.listening import STALLED_SECONDS, cut_off_stalled_clients
from syndication.web.poll_lane import answer_polls_first
from tests.support.hostile import files, polls, worker_of
from tests.support.service import running, until


class Watched:
    """A request as Granian hands it over: the part of it that our lane looks at."""

    def __init__(self, path):
        self.scope, self.proto, self.sent, self.ended = {"path": path}, self, [], []

    def send(self, message):
        self.sent.append(message)

    def taskref(self, task):
        self.task = task

    def done(self):
        self.ended.append("done")

    def err(self, error):
        self.ended.append(error)


def test_granian_hands_polls_over_in_the_way_that_the_lane_knows():
    """With another version of it polls would be right and slow: then this fails, and the lane needs another look."""
    # In a thread of its own: a browser of an earlier test may have left its event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(hand_over).result()


def hand_over():
    loop = asyncio.new_event_loop()
    in_loop = []

    async def app(scope, _):
        in_loop.append(scope["path"])

    def answer(scope, send):
        if scope["path"] != "/poll":
            return False
        send("answer")
        return True

    with contextlib.closing(loop):
        answer_polls_first(loop, answer)
        schedule = _cbsched_aioschedule(loop, None, _future_watcher_wrapper(app))
        poll, other = Watched("/poll"), Watched("/other")
        schedule(poll)
        assert poll.sent == ["answer"], "before the loop has run"
        schedule(other)
        loop.run_until_complete(asyncio.sleep(0.01))
        assert in_loop == ["/other"] and other.ended == ["done"]
        # What the loop is asked by others goes on as before.
        loop.run_until_complete(loop.run_in_executor(None, partial(time.sleep, 0)))


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_client_that_takes_nothing_is_cut_off(family):
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.create_server((host, 0), family=family) as server, socket.socket(family) as client:
        assert cut_off_stalled_clients(1) >= 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        client.connect(server.getsockname()[:2])
        ours, _ = server.accept()
        with ours:
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000
            ours.setblocking(False)

            def cut_off() -> bool:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        try:
                            ours.send(b"x" * 65536)
                        except TimeoutError:
                            return True
                return False

            until(cut_off, 30)


def test_a_slow_client_that_takes_something_is_kept():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        assert cut_off_stalled_clients(1) >= 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(server.getsockname())
        ours, _ = server.accept()
        with ours:
            ours.setblocking(False)
            end = time.monotonic() + 4
            while time.monotonic() < end:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        ours.send(b"x" * 65536)
                # More than the window that it would have closed.
                client.recv(262_144)
                time.sleep(0.2)


@pytest.mark.thorough
def test_many_readers_that_never_read_hold_nothing_for_long(tmp_path):
    with running(tmp_path) as service, contextlib.ExitStack() as stack:
        service.ready(60)
        front = worker_of(service.children()["web"])
        polls(service.port, 0.3)
        before = files(front)
        for _ in range(300):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            one.connect(("127.0.0.1", service.port))
            # More than the system takes from us for a client that reads nothing.
            one.sendall(b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        until(lambda: files(front) > before + 250)
        assert len(polls(service.port, 0.5)) > 10
        until(lambda: files(front) <= before + 4, 2 * STALLED_SECONDS + 20)
