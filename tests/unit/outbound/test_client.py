"""One bounded request to a stranger: what is sent, what is refused, and that everything ends."""

import asyncio
import contextlib
import gc
import socket
import ssl
import threading
import time
from functools import partial

import pytest

from syndication.outbound import client, exchange
from syndication.outbound.client import Limits, OutboundClient, SendError
from tests.support.certificates import make_certificate
from tests.support.web_server import answer, serving


def ask(url, method="POST", headers=None, body=b"news", **limits):
    async def asked():
        async with OutboundClient(Limits(**{"seconds": 20, "bytes": 1_000, "allow_private": True} | limits)) as one:
            return await one.request(method, url, headers=headers, body=body)

    return asyncio.run(asked())


def refusal(url, **limits):
    with pytest.raises(SendError) as error:
        ask(url, **limits)
    return str(error.value)


def test_an_answer_is_returned_whatever_its_status_with_the_address_that_gave_it():
    with serving(lambda _: answer(404, {"ETag": '"1"'}, b"gone")) as server:
        found = ask(f"{server.url}/a%20b/%2F?c=d&e=%20#f", headers={"Link": "<x>"})
    (asked,) = server.asked
    assert (found.status, found.headers.get("etag"), found.body, found.address) == (404, '"1"', b"gone", "127.0.0.1")
    assert (asked.method, asked.target, asked.headers["link"]) == ("POST", "/a%20b/%2F?c=d&e=%20", "<x>")
    assert asked.headers["host"] == f"127.0.0.1:{server.port}" and asked.headers["content-length"] == "4"
    assert asked.headers["user-agent"].startswith("newsroom-syndication/")


def test_an_answer_without_a_body_has_an_address_too():
    with serving(lambda _: answer(204, {"Content-Length": ""})) as server:
        found = ask(server.url)
    assert (found.status, found.body, found.address) == (204, b"", "127.0.0.1")


def test_a_redirect_is_the_answer():
    with serving(lambda _: answer(307, {"Location": "/elsewhere"})) as server:
        assert ask(server.url).status == 307
    assert len(server.asked) == 1


def test_no_proxy_is_used_and_no_cookie_kept(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")

    async def twice(url):
        async with OutboundClient(Limits(allow_private=True)) as one:
            return [await one.request("POST", url) for _ in range(2)]

    with serving(lambda _: answer(200, {"Set-Cookie": "a=b"})) as server:
        asyncio.run(twice(server.url))
    assert [asked.headers.get("cookie") for asked in server.asked] == [None, None]


def test_a_name_and_password_in_the_address_are_sent_as_such():
    with serving(lambda _: answer(200)) as server:
        ask(server.url.replace("//", "//name:pass%20word@"))
    assert server.asked[0].headers["authorization"] == "Basic bmFtZTpwYXNzIHdvcmQ="


# What is refused


PRIVATE = [
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://10.0.0.1/",
    "http://169.254.169.254/",
    "http://224.0.0.1/",
    "http://0.0.0.0/",
    "http://１２７.0.0.1/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_literal_addresses_are_checked_in_each_of_their_forms(url, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)  # Nothing is even tried.
    with pytest.raises(SendError, match="private or reserved"):
        client.parse(url, Limits())


@pytest.mark.parametrize("url", ["ftp://cms.example/", "file:///etc/passwd", "http://", "no address", "http://a b/"])
def test_only_http_and_https_are_asked(url):
    with pytest.raises(SendError, match="http"):
        client.parse(url, Limits())


def test_only_allowed_ports_are_asked():
    assert "its port 22 is not among" in refusal("http://cms.example:22/", ports=(80, 443))
    assert client.parse("https://cms.example/", Limits(ports=(443,))).hostname == "cms.example"


def resolving(monkeypatch, *answers):
    """Lets each look-up of a name find the next of these addresses, then always the last."""
    left, real = list(answers), socket.getaddrinfo

    def found(host, port, *more, **named):
        if host.replace(".", "").isdigit():
            return real(host, port, *more, **named)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def test_a_name_is_refused_if_all_its_addresses_are(monkeypatch):
    resolving(monkeypatch, ["10.0.0.1", "169.254.169.254"])
    words = refusal("http://cms.example/secret?token=1", allow_private=False)
    assert words == (
        "cms.example is not connected to: its address is private or reserved; allow_private allows private ones"
    )


def test_of_several_addresses_only_those_that_may_be_are_connected_to(monkeypatch):
    resolving(monkeypatch, ["169.254.169.254", "127.0.0.1"])
    with serving(lambda _: answer(200)) as server:
        assert ask(f"http://cms.example:{server.port}/").address == "127.0.0.1"


def test_the_checked_address_is_the_one_connected_to_even_if_the_name_resolves_anew(monkeypatch):
    """DNS rebinding: whatever a second look-up would say, there is none."""
    resolving(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    with serving(lambda _: answer(200)) as server:
        assert ask(f"http://cms.example:{server.port}/").address == "127.0.0.1"
        assert "is not connected to" in refusal(f"http://cms.example:{server.port}/")
    assert len(server.asked) == 1


def test_no_socket_is_made_for_an_address_that_nobody_checked(monkeypatch):
    monkeypatch.setattr(exchange._Resolver, "resolve", unchecked)
    with serving(lambda _: answer(200)) as server:
        assert "cms.example cannot be reached" in refusal(f"http://cms.example:{server.port}/", allow_private=False)
    assert server.asked == []


async def unchecked(_self, host, port=0, family=0):
    return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]


# That everything ends


def dripping(first, every=0.05, size=1):
    def drip(_):
        yield first
        while True:
            yield every
            yield b"x" * size

    return drip


@pytest.mark.parametrize(
    "said",
    [
        lambda _: iter([9.0]),
        dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
    ],
    ids=["never answers", "endless header", "slow body"],
)
def test_the_limit_of_time_covers_the_whole_exchange(said):
    with serving(said) as server:
        started = time.monotonic()
        assert refusal(server.url, seconds=0.5) == "127.0.0.1 did not answer within 0.5 s"
        assert time.monotonic() - started < 3


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: time.sleep(3))
    started = time.monotonic()
    assert refusal("http://cms.example/", seconds=0.3) == "cms.example did not answer within 0.3 s"
    assert time.monotonic() - started < 2


def test_an_endless_body_is_read_up_to_the_limit_and_left():
    with serving(dripping(b"HTTP/1.1 200 OK\r\n\r\n", every=0.0, size=5_000)) as server:
        assert ask(server.url, bytes=12_345).body == b"x" * 12_345


@pytest.mark.parametrize("answers", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], ids=["silent", "early"])
def test_a_server_that_reads_nothing_holds_no_connection(answers, monkeypatch):
    made = []

    def noted(self, info):
        made.append(real(self, info))
        return made[-1]

    real = exchange.Exchange._socket
    monkeypatch.setattr(exchange.Exchange, "_socket", noted)

    async def run(port):
        async with OutboundClient(Limits(seconds=0.5, allow_private=True)) as one:
            with contextlib.suppress(SendError):
                await one.request("POST", f"http://127.0.0.1:{port}/", body=bytes(50_000_000))
            await asyncio.sleep(0.1)
            assert [connected.fileno() for connected in made] == [-1]

    with socket.create_server(("127.0.0.1", 0)) as listening, contextlib.ExitStack() as stack:
        listening.settimeout(10)

        def accept():
            connected = stack.enter_context(listening.accept()[0])
            connected.sendall(answers)

        thread = threading.Thread(target=accept)
        thread.start()
        asyncio.run(run(listening.getsockname()[1]))
        thread.join()


def test_what_is_cut_off_over_tls_ends_at_once(tls, trusted, monkeypatch):
    resolving(monkeypatch, ["127.0.0.1"])
    with serving(dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "), tls) as server:
        words = refusal(f"https://feeds.example:{server.port}/", seconds=0.5)
        assert words == "feeds.example did not answer within 0.5 s"
        gc.collect()  # A connection that is left open would be told of.


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"the-secret-of-another\r\n\r\n", "answered with something that is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", "answered with something that is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2_000 + b"\r\n", "answered with something that is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "ended its answer before it was complete"),
        (b"", "ended its answer before it was complete"),
    ],
    ids=["no HTTP", "long header", "many headers", "short body", "nothing"],
)
def test_an_answer_that_is_none_is_not_quoted(said, words):
    with serving(lambda _: said) as server:
        assert refusal(server.url) == f"127.0.0.1 {words}"


def test_nobody_listening_is_said():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}/?secret") == "127.0.0.1 cannot be reached (Connection refused)"


def test_a_name_that_does_not_exist_is_said(monkeypatch):
    def unknown(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert refusal("http://cms.example/?secret") == "cms.example cannot be reached (its name is not known)"


# Connections


KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def test_a_connection_is_used_again_for_the_same_host():
    async def server(connections, reader, writer):
        connections.append(writer)
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(KEPT)

    async def run():
        connections = []
        async with await asyncio.start_server(partial(server, connections), "127.0.0.1", 0) as serving:
            port = serving.sockets[0].getsockname()[1]
            async with OutboundClient(Limits(allow_private=True)) as one:
                for _ in range(5):
                    assert (await one.request("GET", f"http://127.0.0.1:{port}/")).address == "127.0.0.1"
            for writer in connections:
                writer.close()
        return len(connections)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.StreamReader, "readuntil", until_eof)
        assert asyncio.run(run()) == 1


async def until_eof(self, separator):
    read = b""
    while not read.endswith(separator):
        piece = await self.read(1)
        if not piece:
            return b""
        read += piece
    return read


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "DNS:feeds.example")


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def test_https_asks_the_checked_address_for_the_name(tls, trusted, monkeypatch):
    resolving(monkeypatch, ["127.0.0.1"])
    with serving(lambda _: answer(200, {}, b"safe"), tls) as server:
        assert ask(f"https://feeds.example:{server.port}/").body == b"safe"


def test_a_certificate_for_another_name_or_signed_by_nobody_is_refused(tls, trusted, monkeypatch):
    with serving(lambda _: answer(200), tls) as server:
        assert "localhost has an untrusted certificate" in refusal(f"https://localhost:{server.port}/")
        monkeypatch.delenv("SSL_CERT_FILE")
        resolving(monkeypatch, ["127.0.0.1"])
        assert "feeds.example has an untrusted certificate" in refusal(f"https://feeds.example:{server.port}/")
    assert server.asked == []


def test_a_handshake_that_never_ends_is_cut_off():
    with socket.create_server(("127.0.0.1", 0)) as listening:  # It accepts, and says nothing.
        port = listening.getsockname()[1]
        assert refusal(f"https://127.0.0.1:{port}/", seconds=0.5) == "127.0.0.1 did not answer within 0.5 s"
