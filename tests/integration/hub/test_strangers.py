"""Callbacks are strangers' addresses: nothing next door is called, and nobody holds up the others."""

import asyncio
import socket
import time

import pytest

from syndication.hub.verify import MAX_ANSWER, VerifyQueue
from tests.support.hub import Hub, subscriber
from tests.support.web_server import answer

PUBLIC = "93.184.215.14"
"""An address of the internet, which no test connects to."""


class Names:
    """A resolver of the test's own: each name has the answers of its list, one for each time it is asked."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}
        self.asked: list[str] = []
        self._real = socket.getaddrinfo

    def __call__(self, host, port, *rest, **more):
        if host not in self.answers:
            return self._real(host, port, *rest, **more)
        self.asked.append(host)
        found = self.answers[host]
        addresses = found.pop(0) if len(found) > 1 else found[0]
        kind = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (kind[":" in one], socket.SOCK_STREAM, 6, "", (one, port, 0, 0) if ":" in one else (one, port))
            for one in addresses
        ]


@pytest.fixture
def names(monkeypatch):
    def use(**answers):
        found = Names(**answers)
        monkeypatch.setattr(socket, "getaddrinfo", found)
        return found

    return use


PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_of_a_private_address_is_not_called(sqlite_database, clock, names, address):
    hub = Hub(sqlite_database, allow_private=False)
    asked = names(inside_example=[[address]])
    with subscriber() as reader:
        assert hub.post(f"http://inside.example:{reader.server.port}/push").status_code == 202
        ((_, said),) = hub.work()
        assert said.status is None and "private or reserved" in said.error and asked.asked == ["inside.example"]
        for _ in range(5):
            clock.advance(61)
            hub.work()
        assert (reader.asked, hub.intents, hub.subscriptions) == ([], [], [])


def test_a_name_with_a_public_and_a_private_address_is_called_at_the_public_one_only(
    sqlite_database, names, monkeypatch
):
    hub = Hub(sqlite_database, allow_private=False, timeout=1.0)
    names(both_example=[["127.0.0.1", PUBLIC]])
    tried = []

    async def connect(_, __, address):
        tried.append(address[0])
        raise OSError(113, "No route to host")

    with subscriber() as reader:
        monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", connect)
        hub.post(f"http://both.example:{reader.server.port}/push")
        hub.work()
        assert tried == [PUBLIC] and reader.asked == []


def test_a_name_that_changes_between_check_and_use_gains_nothing(sqlite_database, names, monkeypatch):
    hub = Hub(sqlite_database, allow_private=False, timeout=1.0)
    asked = names(turns_example=[[PUBLIC], ["127.0.0.1"]])
    tried = []

    async def connect(_, __, address):
        tried.append(address[0])
        raise OSError(113, "No route to host")

    with subscriber() as reader:
        monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", connect)
        hub.post(f"http://turns.example:{reader.server.port}/push")
        hub.work()
        assert tried == [PUBLIC] and asked.asked == ["turns.example"] and reader.asked == []


def test_the_address_that_was_checked_is_recorded(sqlite_database, names):
    hub = Hub(sqlite_database)
    names(reader_example=[["127.0.0.1"]])
    with subscriber() as reader:
        hub.subscribe(f"http://reader.example:{reader.server.port}/push")
        (row,) = hub.subscriptions
        assert (row.host, row.address) == (f"reader.example:{reader.server.port}", "127.0.0.1")
        assert reader.server.asked[0].headers["host"] == row.host


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "localhost"])
def test_a_literal_one_is_refused_at_once(sqlite_database, host):
    hub = Hub(sqlite_database, allow_private=False)
    with subscriber() as reader:
        assert hub.post(f"http://{host}:{reader.server.port}/push").status_code == 422
        assert (hub.intents, reader.asked) == ([], [])


def test_a_port_that_is_not_allowed_is_refused_at_once(sqlite_database):
    hub = Hub(sqlite_database, ports=[443])
    with subscriber() as reader:
        assert hub.post(reader.url).status_code == 422
        assert (hub.intents, reader.asked) == ([], [])


def test_an_endless_answer_is_read_to_its_limit_and_refuses(sqlite_database):
    hub = Hub(sqlite_database)
    sent = []

    def endless(_):
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            sent.append(1)
            yield 65_536 * b"x"

    with subscriber() as reader:
        reader.server.answers = endless
        hub.post(reader.url)
        began = time.monotonic()
        ((_, said),) = hub.work()
        assert (said.result, said.error) == ("refused", "it did not answer with the challenge")
        assert time.monotonic() - began < 4 and len(sent) < 1000 and MAX_ANSWER < 65_536


def test_headers_without_end_and_no_http_at_all_fail(sqlite_database, clock):
    hub = Hub(sqlite_database)
    for said in (b"HTTP/1.1 200 OK\r\n" + 200_000 * b"x: y\r\n", b"220 mail.example ESMTP\r\n", b""):
        with subscriber(said) as reader:
            hub.post(reader.url)
            clock.advance(300)
            assert {outcome.result for _, outcome in hub.work()} == {"failed"}
            clock.advance(300)
    assert hub.subscriptions == []


def test_a_callback_that_never_answers_is_left_in_time_and_delays_nobody(sqlite_database):
    hub = Hub(sqlite_database, timeout=1.0)

    def never(_):
        yield 30.0

    def drips(_):
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield 0.1
            yield b"x"

    with subscriber() as silent, subscriber() as slow, subscriber() as reader:
        silent.server.answers, slow.server.answers = never, drips
        for one in (silent, slow, reader):
            hub.post(one.url)
        began = time.monotonic()
        said = {job.callback: outcome for job, outcome in hub.work()}
        assert time.monotonic() - began < 4
        assert [said[one.url].result for one in (silent, slow, reader)] == ["failed", "failed", "done"]
        assert said[reader.url].took_ms < 900 and "did not answer within 1 s" in said[silent.url].error


def test_what_is_sent_to_a_callback_shows_nothing_of_the_service(sqlite_database):
    hub = Hub(sqlite_database)
    with subscriber() as reader:
        hub.subscribe(reader.url, secret="hush")
        (asked,) = reader.server.asked
        assert "hush" not in str(asked) and "cookie" not in asked.headers and "authorization" not in asked.headers


def test_an_answer_in_a_coding_is_no_challenge(sqlite_database):
    hub = Hub(sqlite_database)
    with subscriber(answer(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08")) as reader:
        hub.post(reader.url)
        assert [outcome.result for _, outcome in hub.work()] == ["refused"]


def test_two_workers_ask_each_callback_once(database, clock):
    hub = Hub(database)
    for n in range(20):
        hub.post(f"https://r{n}.example/")
    taken = []
    for owner in ("w1", "w2"):
        with database.write() as conn:
            taken.append([job.id for job in VerifyQueue(lambda: hub.settings, owner).claim(conn, clock(), 10, ())])
    assert len(set(taken[0] + taken[1])) == 20
