"""What strangers can make Varnish ask and do: directly, and through a TLS terminator on its own machine."""

import contextlib
import itertools
import socket
import time

import pytest

from tests.deploy.origin import Origin
from tests.deploy.programs import needs
from tests.deploy.terminators import HAProxy, Hitch
from tests.deploy.varnish import Varnish
from tests.support.service import Answer, until

pytestmark = needs("varnishd")

KEPT = "/feeds/china.atom"


@pytest.fixture(scope="module")
def origin():
    origin = Origin()
    yield origin
    origin.close()


@pytest.fixture(scope="module")
def varnish(origin, tmp_path_factory):
    front = Varnish(tmp_path_factory.mktemp("varnish"), origin.ports)
    until(front.well)
    yield front
    front.stop()


SPELLINGS = [
    "/feeds/taiwan%2Eatom", "/feeds/%74aiwan.atom", "/feeds/Taiwan.atom", "/feeds/taiwan.ATOM", "/feeds/taiwan.atom/",
    "/feeds/taiwan.atom%3Fa", "/feeds//taiwan.atom", "//feeds/taiwan.atom", "/./feeds/taiwan.atom",
    "/%66eeds/taiwan.atom", "/feeds/x/../taiwan.atom", "/feeds/taiwan.atom;a", "/feeds/taiwan.xml", "/feeds",
    "/feeds/", "/feeds?a", "/feeds%2Ftaiwan.atom", "/healthz/", "/api", "/api/", "/api/v2/articles",
    "/api//v1/articles", "/editorsx", "/nothing.php", "/.env", "/metrics",
]  # fmt: skip


@pytest.mark.parametrize("path", SPELLINGS)
def test_another_spelling_of_an_address_reaches_no_web_machine(varnish, origin, path):
    before = len(origin.asked)
    for method in ("GET", "POST", "OPTIONS"):
        assert varnish.ask(method, path, {"If-None-Match": '"a"'}).status == 404
    assert len(origin.asked) == before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_feed_can_only_be_read(varnish, origin, method):
    before = len(origin.asked)
    found = varnish.ask(method, KEPT)
    assert (found.status, found.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert len(origin.asked) == before


def spelled_with_underscores(name: str) -> list[str]:
    """The name with an underscore for one hyphen or more of it."""
    first, *rest = name.split("-")
    return [first + "".join(marks[i] + part for i, part in enumerate(rest))
            for marks in itertools.product("-_", repeat=len(rest)) if "_" in marks]  # fmt: skip


PROXIES = (
    "X-Forwarded-For", "X-Request-ID", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since",
    "If-Match", "If-Range", "Content-Type", "Content-Encoding", "Transfer-Encoding",
)  # fmt: skip
"""What a cache or a web server acts on: a second header that becomes the same name would overrule the first."""


@pytest.mark.parametrize("path", [KEPT, "/api/v1/docs", "/editors/login"])
@pytest.mark.parametrize("name", [spelled for name in PROXIES for spelled in spelled_with_underscores(name)])
def test_a_name_with_an_underscore_in_the_place_of_a_hyphen_is_dropped(varnish, origin, name, path):
    assert varnish.get(path, {name: "*"}).status == 200
    assert not [given for given in origin.headers() if "_" in given]
    assert origin.headers()["x-forwarded-for"] == "127.0.0.1"


def test_a_body_that_comes_slowly_waits_at_varnish_and_holds_no_web_machine(varnish, origin):
    before = len(origin.asked)
    head = f"POST /editors/login HTTP/1.1\r\nHost: {varnish.host}\r\nContent-Length: 10\r\nConnection: close\r\n\r\n"
    slow = [varnish.connect() for _ in range(12)]
    for one in slow:
        one.sendall(head.encode() + b"name")
    # Twelve forms of which a part is there, and the page is given to whoever asks.
    assert varnish.get("/editors/login").status == 200
    time.sleep(0.3)
    assert [asked["method"] for asked in origin.asked[before:]] == ["GET"]
    for one in slow:
        one.sendall(b"=editor")
        assert one.recv(1000).startswith(b"HTTP/1.1 200")
        one.close()
    assert [asked["body"] for asked in origin.asked[before + 1 :]] == [b"name=edito"] * 12


def test_a_body_that_does_not_say_its_length_is_bounded_too(varnish, origin):
    before = len(origin.asked)
    head = f"POST /editors/login HTTP/1.1\r\nHost: {varnish.host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with varnish.connect() as one:
        one.sendall(head.encode() + f"{70_000:x}\r\n".encode() + b"a" * 70_000 + b"\r\n0\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):  # Who sends on when nobody reads any more may see only this.
            assert b" 413 " in one.recv(1000)
    assert len(origin.asked) == before


def test_a_cold_star_with_an_underscore_is_answered_with_the_feed(machines, tmp_path):
    """The web machine would say 304, which Varnish has nothing for."""
    machines.start_all()
    front = Varnish(tmp_path, machines.ports)
    try:
        until(front.well)
        for name in spelled_with_underscores("If-None-Match"):
            assert front.get(KEPT, {name: "*"}).status == 200, name
            front.empty()
    finally:
        front.stop()


TERMINATORS = [
    pytest.param(Hitch, marks=needs("hitch", "openssl"), id="hitch"),
    pytest.param(HAProxy, marks=needs("haproxy", "openssl"), id="haproxy"),
]


@pytest.fixture(scope="module", params=TERMINATORS)
def terminator(request, varnish, tmp_path_factory):
    front = request.param(tmp_path_factory.mktemp("terminator"), varnish.proxied)
    yield front
    front.stop()


def test_through_a_terminator_on_varnishs_machine_nobody_is_inside(terminator, varnish):
    """The terminator's own address is, and so is the reader's in this test."""
    for claim in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"}):
        assert terminator.ask("PURGE", "/", {"Surrogate-Key": "feeds"} | claim).status == 403
        for path in ("/metrics", "/readyz", "/metrics?a", "//metrics", "/%6detrics"):
            assert terminator.ask("GET", path, claim).status == 404, path
    assert varnish.purge("feeds").status == 200


def test_the_address_that_counts_is_the_readers_and_not_the_terminators(terminator, origin):
    for reader in ("127.0.0.9", "127.0.0.10"):
        assert (
            asked_from(terminator, reader, {"X-Forwarded-For": "10.0.0.1", "X_Forwarded_For": "10.0.0.2"}).status == 200
        )
        assert origin.headers()["x-forwarded-for"] == reader


def asked_from(front: Hitch | HAProxy, address: str, headers: dict[str, str]) -> Answer:
    """An answer to a reader at another address of this machine."""
    connect = front.connect

    def from_there(host: str | None = None) -> socket.socket:
        raw = socket.create_connection(("127.0.0.1", front.port), timeout=5, source_address=(address, 0))
        assert front.context is not None
        return front.context.wrap_socket(raw, server_hostname=front.host)

    front.connect = from_there  # type: ignore[method-assign]
    try:
        return front.ask("GET", "/api/v1/docs", headers)
    finally:
        front.connect = connect  # type: ignore[method-assign]


def test_nobody_else_may_speak_the_proxy_protocol(varnish):
    """Whoever does says himself who he is: on every other listener it is not understood."""
    for port in (varnish.port, varnish.inside.port):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
            one.sendall(
                b"PROXY TCP4 10.0.0.1 10.0.0.2 1000 80\r\nPURGE / HTTP/1.1\r\nHost: x\r\nSurrogate-Key: feeds\r\n\r\n"
            )
            assert b" 200 " not in one.recv(1000)
