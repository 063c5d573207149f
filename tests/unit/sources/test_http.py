"""One bounded request to a stranger: what is sent, what is refused, and that everything ends."""

import gzip
import random
import socket
import ssl
import threading
import time
import zlib

import brotli
import pytest

from syndication.sources import http
from syndication.sources.decompression import PIECE, decompressed
from syndication.sources.http import HttpLimits, request
from syndication.sources.reader import SourceError
from tests.support.certificates import make_certificate
from tests.support.web_server import answer, serving

QUICK = HttpLimits(seconds=0.5, bytes=100_000, redirects=3)


def ask(url, **more):
    return request(url, allow_private=True, **{"limits": HttpLimits(seconds=20, bytes=100_000, redirects=3)} | more)


def refusal(url, **more):
    with pytest.raises(SourceError) as error:
        ask(url, **more)
    return str(error.value)


def test_an_answer_is_returned_whatever_its_status():
    with serving(lambda _: answer(404, {"ETag": '"1"'}, b"gone")) as server:
        found = ask(f"{server.url}/a%20b?c=d#e", headers={"If-None-Match": '"1"'})
    (asked,) = server.asked
    assert (found.status, found.headers.get("etag"), found.body, found.moved) == (404, '"1"', b"gone", None)
    assert (asked.method, asked.target, asked.headers["if-none-match"]) == ("GET", "/a%20b?c=d", '"1"')
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"


def test_a_head_request_reads_no_body():
    with serving(lambda _: answer(200, {"Content-Length": "999999999"})) as server:
        assert ask(server.url, method="HEAD").body == b""
    assert server.asked[0].method == "HEAD"


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"story " * 9)),
        ("GZIP", gzip.compress(b"story " * 4) + gzip.compress(b"story " * 5)),
        ("br", brotli.compress(b"story " * 9)),
        ("gzip", gzip.compress(b"story " * 9) + bytes(9)),
        ("identity", b"story " * 9),
    ],
    ids=["gzip", "two members", "br", "gzip with padding", "identity"],
)
def test_compressed_bodies_are_unpacked_with_all_their_members(coding, packed):
    with serving(lambda _: answer(200, {"Content-Encoding": coding}, packed)) as server:
        assert ask(server.url).body == b"story " * 9


@pytest.mark.parametrize(
    ("coding", "packed", "words"),
    [
        ("gzip", b"no gzip", "decompressed"),
        ("gzip", gzip.compress(b"story" * 999)[:-20], "decompressed"),
        ("br", brotli.compress(b"story" * 999)[:-1], "decompressed"),
        ("br", b"\xff\xff\xff", "decompressed"),
        ("zstd", b"x", "not asked for"),
        ("gzip, gzip", b"x", "not asked for"),
        ("gzip", gzip.compress(bytes(50_000_000), 1), "more than 100,000 bytes"),
        ("gzip", b"".join(gzip.compress(bytes(60_000)) for _ in range(2)), "more than 100,000 bytes"),
        ("br", brotli.compress(bytes(50_000_000), quality=1), "more than 100,000 bytes"),
    ],
    ids=["no gzip", "cut gzip", "cut br", "no br", "zstd", "twice", "large gzip", "large members", "large br"],
)
def test_a_body_that_unpacks_to_too_much_or_not_at_all_is_refused(coding, packed, words):
    with serving(lambda _: answer(200, {"Content-Encoding": coding}, packed)) as server:
        assert words in refusal(server.url)


def test_gzip_of_many_empty_members_is_refused_soon():
    with pytest.raises(SourceError, match="more than 1,000 parts"):
        decompressed(gzip.compress(b"") * 100_000, "gzip", 2**20, "cms.example")


def test_each_byte_of_many_gzip_members_is_unpacked_once(monkeypatch):
    handed = []

    class Counted:
        def __init__(self, wbits):
            self._real = unpacker(wbits=wbits)

        def __getattr__(self, name):
            return getattr(self._real, name)

        def decompress(self, packed, most):
            handed.append(len(packed))
            return self._real.decompress(packed, most)

    unpacker = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", Counted)
    story = random.Random(1).randbytes(2**20)
    packed = gzip.compress(b"x") * 900 + b"\0" * 70_000 + gzip.compress(story) + b"\0\0"
    assert decompressed(packed, "gzip", 2**21, "cms.example") == b"x" * 900 + story
    assert sum(handed) < len(packed) + 1_000 * PIECE


def test_a_bomb_is_not_unpacked_beyond_the_limit():
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    assert len(bomb) < 100_000
    started = time.process_time()
    with serving(lambda _: answer(200, {"Content-Encoding": "gzip"}, bomb)) as server:
        assert "more than 100,000 bytes" in refusal(server.url)
    assert time.process_time() - started < 1


def endless(asked):
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        yield b"x" * 65_536


def slow_body(asked):
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    while True:
        yield b"x"
        yield 0.02


def slow_body_without_length(asked):
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    yield from slow_body(asked)


def slow_chunks(asked):
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"1\r\nx\r\n"
        yield 0.02


def slow_headers(asked):
    yield b"HTTP/1.1 200 OK\r\nX: "
    while True:
        yield b"x"
        yield 0.02


def silent(asked):
    yield 20.0


def endless_continue(asked):
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"
        yield 0.001


@pytest.mark.parametrize(
    "hostile", [slow_body, slow_body_without_length, slow_chunks, slow_headers, silent, endless_continue]
)
def test_a_server_that_never_finishes_is_cut_off_in_time(hostile):
    started = time.monotonic()
    with serving(hostile) as server:
        assert refusal(server.url, limits=QUICK) in (
            "127.0.0.1 did not answer within 0.5 s",
            "127.0.0.1 cannot be read (its answer is not valid HTTP)",  # too many times 100
        )
    assert time.monotonic() - started < 5


def test_an_endless_body_is_refused_at_the_limit():
    with serving(endless) as server:
        assert refusal(server.url) == "127.0.0.1 answered with more than 100,000 bytes"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "ended its answer before it was complete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsho", "before it was complete"),
        (b"no http", "not valid HTTP"),
        (b"", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"x" * 60_000 + b"\r\n") * 2 + b"\r\n", "headers of more than"),
    ],
)
def test_a_broken_or_oversized_answer_is_refused_with_its_reason(said, words):
    with serving(lambda _: said) as server:
        assert words in refusal(server.url)


def redirecting(*hops):
    """Answers with each (status, location) by its number in the address, and then with 200."""

    def said(asked):
        number = int(asked.target.strip("/").split("?")[0] or 0)
        return answer(hops[number][0], {"Location": hops[number][1]}) if number < len(hops) else answer(200, {}, b"end")

    return said


@pytest.mark.parametrize(
    ("hops", "moved"),
    [
        ([(301, "/1")], "/1"),
        ([(308, "/1"), (301, "2?x=y#z")], "/2?x=y"),
        ([(301, "/1"), (302, "/2")], "/1"),
        ([(302, "/1"), (301, "/2")], None),
        ([(307, "/1")], None),
        ([(303, "/1")], None),
    ],
)
def test_redirects_are_followed_and_permanent_ones_told(hops, moved):
    with serving(redirecting(*hops)) as server:
        found = ask(server.url)
    assert (found.status, found.body) == (200, b"end")
    assert found.moved == (moved and f"{server.url}{moved}")


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/", "redirects more than 3 times"),
        ("ftp://files.example/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("http://[", "no address"),
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254 is not connected to"),
        ("http://user:secret@other.example/", "with a user name"),
    ],
)
def test_a_redirect_to_where_nothing_is_read_is_refused(location, words):
    with serving(lambda _: answer(302, {"Location": location})) as server:
        found = refusal(f"{server.url}/?key=hidden")
    assert words in found and "hidden" not in found and "secret" not in found


def test_a_redirect_without_a_target_is_an_answer():
    with serving(lambda _: answer(302)) as server:
        assert ask(server.url).status == 302


def test_secrets_are_not_sent_on_to_another_host():
    onward = lambda _: answer(302, {"Location": f"http://localhost:{other.port}/"})  # noqa: E731
    with serving(lambda _: answer(200)) as other, serving(onward) as server:
        ask(f"http://reader:p%40ss@127.0.0.1:{server.port}/", headers={"Cookie": "a=b", "X-Other": "c"})
    assert server.asked[0].headers["authorization"] == "Basic cmVhZGVyOnBAc3M="
    assert server.asked[0].headers["cookie"] == "a=b"
    assert not {"authorization", "cookie"} & set(other.asked[0].headers) and other.asked[0].headers["x-other"] == "c"


def test_secrets_go_along_to_the_same_origin():
    with serving(redirecting((302, "/1"))) as server:
        ask(f"http://reader:pass@127.0.0.1:{server.port}/")
    assert server.asked[1].headers["authorization"] == server.asked[0].headers["authorization"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:7f00:1]"]
)
def test_loopback_is_refused_in_every_way_to_write_it(host):
    reason = pytest.raises(SourceError, match="is not connected to: its address is private or reserved")
    with serving(lambda _: answer(200)) as server, reason:
        request(f"http://{host}:{server.port}/")
    assert not server.asked


@pytest.mark.parametrize("url", ["ftp://x.example/", "file:///etc/passwd", "x", "http://", "javascript:1", ""])
def test_an_address_that_is_not_of_the_web_is_refused(url):
    assert "http" in refusal(url)


class Resolver:
    """Answers a name with each list of addresses in turn, then with the last."""

    def __init__(self, monkeypatch, *answers):
        self.names, self._answers, self._real = [], list(answers), socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)

    def _resolve(self, host, port, *args, **more):
        if host != "feeds.example":
            return self._real(host, port, *args, **more)
        self.names.append(host)
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    resolver = Resolver(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    with serving(lambda _: answer(200, {}, b"checked")) as server:
        assert ask(f"http://feeds.example:{server.port}/").body == b"checked"
        assert server.asked[0].headers["host"] == f"feeds.example:{server.port}"
        assert resolver.names == ["feeds.example"]
        assert "is not connected to" in refusal(f"http://feeds.example:{server.port}/")


def test_of_several_addresses_only_those_allowed_are_tried(monkeypatch):
    with serving(lambda _: answer(200)) as server:
        Resolver(monkeypatch, ["169.254.169.254", "127.0.0.1"])
        assert ask(f"http://feeds.example:{server.port}/").status == 200


def test_the_next_address_is_tried_if_one_does_not_answer(monkeypatch):
    with serving(lambda _: answer(200)) as server:
        Resolver(monkeypatch, ["127.0.0.2", "127.0.0.1"])  # Nothing listens on the first.
        assert ask(f"http://feeds.example:{server.port}/").status == 200


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: over.wait(10) and [])
    assert refusal("http://feeds.example/", limits=QUICK) == "feeds.example did not answer within 0.5 s"
    over.set()


def test_a_name_that_does_not_exist_is_told_in_words():
    assert refusal("http://feeds.invalid/").startswith("feeds.invalid cannot be read (")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "DNS:feeds.example")


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.names = []
    context.sni_callback = lambda _, name, context: context.names.append(name)
    return context


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    http._tls.cache_clear()
    yield
    http._tls.cache_clear()


def test_https_asks_the_checked_address_for_the_name(tls, trusted, monkeypatch):
    Resolver(monkeypatch, ["127.0.0.1"])
    with serving(lambda _: answer(200, {}, b"safe"), tls) as server:
        assert ask(f"https://feeds.example:{server.port}/").body == b"safe"
    assert tls.names == ["feeds.example"]


def test_a_certificate_for_another_name_is_refused(tls, trusted):
    with serving(lambda _: answer(200), tls) as server:
        assert "untrusted certificate" in refusal(f"https://localhost:{server.port}/")
    assert not server.asked


def test_a_certificate_that_nobody_signed_is_refused(tls, monkeypatch):
    Resolver(monkeypatch, ["127.0.0.1"])
    with serving(lambda _: answer(200), tls) as server:
        assert "untrusted certificate" in refusal(f"https://feeds.example:{server.port}/")


def test_https_never_redirects_to_http(tls, trusted, monkeypatch):
    Resolver(monkeypatch, ["127.0.0.1"])
    with serving(lambda _: answer(301, {"Location": "http://feeds.example/"}), tls) as server:
        assert "from https to http" in refusal(f"https://feeds.example:{server.port}/")


def test_http_may_redirect_to_https(tls, trusted, monkeypatch):
    Resolver(monkeypatch, ["127.0.0.1"])
    onward = lambda _: answer(301, {"Location": f"https://feeds.example:{secure.port}/"})  # noqa: E731
    with serving(lambda _: answer(200, {}, b"safe"), tls) as secure, serving(onward) as server:
        found = ask(server.url)
    assert (found.body, found.moved) == (b"safe", f"https://feeds.example:{secure.port}/")


def test_a_handshake_that_never_ends_is_cut_off(trusted):
    with socket.create_server(("127.0.0.1", 0)) as listening:  # It accepts, and says nothing.
        port = listening.getsockname()[1]
        assert refusal(f"https://127.0.0.1:{port}/", limits=QUICK) == "127.0.0.1 did not answer within 0.5 s"
