"""nginx alone: TLS, what it refuses, and whom it lets in."""

import contextlib
import json
import select
import socket
import ssl
import time
from collections.abc import Iterator

import pytest

from tests.deploy.nginx import Nginx
from tests.deploy.origin import Origin
from tests.deploy.programs import needs, run
from tests.deploy.webs import Front
from tests.support.service import free_port, until

pytestmark = needs("nginx", "openssl")

KEPT = "/feeds/china.atom"


@pytest.fixture(scope="module")
def nginx(machines, tmp_path_factory):
    machines.start_all()
    front = Nginx(tmp_path_factory.mktemp("nginx"), machines.ports)
    until(front.well)
    yield front
    front.stop()


@contextlib.contextmanager
def changed(folder, ports: list[int], *changes: tuple[str, str]) -> Iterator[Nginx]:
    """nginx with a number or a network in its site that a test can wait for."""
    front = Nginx(folder, ports, replace=changes)
    try:
        yield front
    finally:
        front.stop()


def test_nginx_takes_the_file_without_a_word(nginx):
    said = run(*nginx.command, "-t")
    assert said.returncode == 0 and "warn" not in said.stderr and "warn" not in nginx.errors()


def test_who_comes_without_tls_is_sent_to_the_configured_name(nginx):
    found = Front(nginx.plain).get("/feeds/china.atom?a=b", Host="evil.example")
    assert (found.status, found.headers["location"]) == (301, "https://feeds.daily.example/feeds/china.atom?a=b")


def test_another_name_gets_no_certificate_and_no_answer(nginx):
    with pytest.raises(ssl.SSLError):
        nginx.connect("other.daily.example")
    assert nginx.get(KEPT, Host="evil.example").status == 421


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_modern_tls_alone_is_spoken(nginx, version):
    assert nginx.context is not None
    context = ssl.create_default_context(cafile=str(nginx.folder / "fullchain.pem"))
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    with context.wrap_socket(socket.create_connection(("127.0.0.1", nginx.port), 5), server_hostname=nginx.host) as tls:
        name, _, bits = tls.cipher() or ("", "", 0)
        assert bits >= 128 and ("GCM" in name or "CHACHA20" in name) and ("ECDHE" in name or version == "TLSv1_3")


@pytest.mark.parametrize("options", [("-tls1_1",), ("-tls1_2", "-cipher", "AES128-SHA:ECDHE-ECDSA-AES128-SHA")])
def test_old_tls_is_not(nginx, options):
    where = ("-connect", f"127.0.0.1:{nginx.port}", "-servername", nginx.host)
    assert run("openssl", "s_client", *where, *options, "-CAfile", nginx.folder / "fullchain.pem", input="").returncode


@needs("curl")
def test_http_2_is_spoken_and_https_remembered(nginx):
    there = ("--resolve", f"{nginx.host}:{nginx.port}:127.0.0.1", "--cacert", nginx.folder / "fullchain.pem")
    said = run("curl", "-sD-", "--http2", "--compressed", *there, f"https://{nginx.host}:{nginx.port}{KEPT}")
    assert said.stdout.startswith("HTTP/2 200") and "<feed" in said.stdout
    assert "strict-transport-security: max-age=31536000" in said.stdout


def test_the_log_has_no_query(nginx):
    assert nginx.get("/feeds/china.json?token=never-written").status == 200
    log = nginx.folder / "access.log"
    line = until(lambda: next((line for line in log.read_text().splitlines() if "china.json" in line), None))
    told = json.loads(line)
    assert (told["path"], told["status"], told["address"]) == ("/feeds/china.json", 200, "127.0.0.1")
    assert told["id"] and "never-written" not in log.read_text()


def test_the_log_has_no_link_to_set_a_password(nginx):
    answer = nginx.get("/editors/password/never-written")
    assert (answer.status, answer.headers["location"]) == (303, "/editors/password")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert nginx.get("/editors/login?after").status == 200
    log = nginx.folder / "access.log"
    until(lambda: '"/editors/login"' in log.read_text())
    assert not [path for path in nginx.folder.rglob("*.log") if "never-written" in path.read_text()]


LONGEST = {
    "/feeds/china.atom": 1024,
    "/editors/login": 64 * 1024,
    "/api/v1/tokens": 64 * 1024,
    "/api/v1/webhooks/articles": 16 * 1024**2,
    "/api/v1/articles/a%2Fb": 16 * 1024**2,
    "/api/v1/previews": 16 * 1024**2,
    "/api/v1/articles:batch": 32 * 1024**2,
}


@pytest.mark.parametrize(("path", "longest"), LONGEST.items())
def test_each_address_takes_bodies_of_its_own_size(nginx, path, longest):
    """What is too long is refused before a byte of it is read."""
    told = {"Content-Type": "application/json"}
    assert nginx.ask("POST", path, told | {"Content-Length": str(longest + 1)}).status == 413
    if longest < 100_000:
        assert nginx.ask("POST", path, told, b"x" * longest).status in (400, 401, 405)


def test_a_head_that_is_too_long_is_refused(nginx):
    assert nginx.get("/feeds/china.atom?" + "a" * 9_000).status == 414
    assert nginx.get(KEPT, X_Long="a" * 9_000).status == 400
    assert nginx.get(KEPT, **{f"X_{number}": "a" * 4_000 for number in range(6)}).status == 400


def test_no_answer_of_the_site_is_put_together_from_parts(nginx):
    """Ranges of compressed feeds help nobody, and many of them cost much."""
    found = nginx.get(KEPT, Range="bytes=0-3,5-9", Accept_Encoding="gzip")
    assert found.status == 200 and len(found.body) > 100


def test_a_copy_of_the_same_or_a_later_time_is_good(nginx):
    since = nginx.get(KEPT).headers["last-modified"]
    assert nginx.get(KEPT, If_Modified_Since=since).status == 304
    assert nginx.get(KEPT, If_Modified_Since="Sat, 01 Jan 2084 00:00:00 GMT").status == 304
    assert nginx.get(KEPT, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status == 200


def test_a_copy_that_ran_out_is_renewed_by_a_304(nginx):
    first = nginx.get("/feeds/world.rss")
    again = until(lambda: (a := nginx.get("/feeds/world.rss")).headers["x-cache"] == "REVALIDATED" and a)
    assert (again.status, again.body) == (200, first.body)


def test_the_keys_go_on_to_a_cdn_in_front(nginx):
    for _ in range(2):
        assert nginx.get(KEPT).headers["surrogate-key"] == "feed-china feeds"


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/m%65trics", "/readyz", "/./metrics", "/x/../metrics",
     "/metrics?a", "/readyz?b", "/feeds/../metrics", "/api/../metrics", "/feeds%2f..%2fmetrics", "/metrics%3fa"],
)  # fmt: skip
def test_a_stranger_sees_no_metrics_however_they_are_spelled(stranger, path):
    found = stranger.get(path)
    assert found.status in (403, 404) and b"syndication_" not in found.body and b"workers" not in found.body


@pytest.fixture(scope="module")
def stranger(machines, tmp_path_factory):
    """nginx for which this machine is not inside."""
    inside = (("        allow 127.0.0.1;\n", ""), ("allow 10.0.0.0/8;", "allow 192.0.2.0/24;"))
    with changed(tmp_path_factory.mktemp("stranger"), machines.ports, *inside) as front:
        yield front


def test_from_the_inside_they_are_seen_and_all_else_from_everywhere(nginx, stranger):
    assert b"syndication_workers_running" in nginx.get("/metrics").body and nginx.get("/readyz").status == 200
    for path in ("/", "/healthz", KEPT, "/static/front.css", "/opml.xml", "/api/v1/docs", "/editors/login"):
        assert stranger.get(path).status == 200, path
    for path in ("/sitemap.xml", "/sitemap-news.xml", "/sitemap-2026-03.xml"):
        until(lambda path=path: stranger.get(path).status == 200)


def test_who_does_not_finish_a_request_is_hung_up_on(tmp_path):
    with changed(
        tmp_path, [free_port(), free_port()], ("client_header_timeout 10s", "client_header_timeout 1s")
    ) as front:
        started = time.monotonic()
        with front.connect() as connection:
            connection.sendall(b"GET /feeds/china.atom HTTP/1.1\r\nHost: feeds.daily.example\r\nX-Slow: ")
            assert connection.recv(1000) == b""
        assert time.monotonic() - started < 4


READER = (
    ("    underscores_in_headers off;\n    client_max", "    set_real_ip_from 127.0.0.1;\n    client_max"),
    ("    reset_timedout_connection on;", "    real_ip_header X-Test-Reader;"),
    ("syndication_connections 100;\n    limit_conn_status", "syndication_connections 2;\n    limit_conn_status"),
)
"""Changes by which a test says who the reader is."""


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1"),
        ("2001:db8::1", "2001:db8::a:b:c:d", "2001:db8:0:a:b:c:d:1"),
        ("2001:db8:a0a:a0d::1", "2001:db8:a0a:a0d::2", "2001:db8:a0a:a0c::1"),
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
    ],
)
def test_a_network_of_version_6_is_one_reader(tmp_path, first, second, other):
    """Whoever has one address of a /64 has all of them."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        ports = [server.getsockname()[1] for server in silent]
        front = stack.enter_context(changed(tmp_path, ports, *READER))
        for reader in (first, second):
            head = f"GET / HTTP/1.1\r\nHost: feeds.daily.example\r\nX-Test-Reader: {reader}\r\n\r\n"
            stack.enter_context(front.connect()).sendall(head.encode())
            asked, _, _ = select.select(silent, [], [], 5)
            stack.enter_context(asked[0].accept()[0])
        for reader in (first, second):
            assert front.get("/healthz", {"X-Test-Reader": reader}).status == 429
        stack.enter_context(front.connect()).sendall(head.replace(second, other).encode())
        asked, _, _ = select.select(silent, [], [], 5)
        assert asked


def test_long_bodies_of_one_reader_are_few(tmp_path):
    """Short ones, and requests without a body, are not counted among them."""
    with changed(tmp_path, [free_port(), free_port()]) as front, contextlib.ExitStack() as stack:
        head = "PUT /api/v1/articles/{} HTTP/1.1\r\nHost: feeds.daily.example\r\n{}\r\n\r\n"
        for number in range(20):
            stack.enter_context(front.connect()).sendall(head.format(number, "Content-Length: 90000").encode() + b"{")
        long = [stack.enter_context(front.connect()) for _ in range(9)]
        for number, one in enumerate(long):
            told = "Content-Length: 900000" if number % 2 else "Transfer-Encoding: chunked"
            one.sendall(head.format(number, told).encode() + (b"{" if number % 2 else b"1\r\n{\r\n"))
        refused, _, _ = select.select(long, [], [], 5)
        assert len(refused) == 1 and b" 429 " in refused[0].recv(1000)


def test_a_name_with_an_underscore_in_the_place_of_a_hyphen_is_dropped(tmp_path):
    origin = Origin()
    try:
        with changed(tmp_path, origin.ports) as front:
            for path in ("/api/v1/docs", KEPT, "/editors/login"):
                wrong = {"X_Forwarded_For": "10.0.0.1", "If_None_Match": "*", "Accept_Encoding": "br"}
                assert front.get(path, wrong).status == 200
                assert origin.headers().get("x-forwarded-for", "127.0.0.1") == "127.0.0.1"
                assert not [name for name in origin.headers() if "_" in name]
    finally:
        origin.close()


@pytest.mark.parametrize(
    "path",
    ["/feeds", "/feeds/", "/feeds/China.atom", "/feeds/china.xml", "/feeds/a/b.atom",
     "/feeds/+world.atom", "/feeds/tag/", "/feeds/tag/a/b.atom", "/feeds/tag/a%2Bb", "/feeds/tag/a%7Eb",
     "/feeds/tags/a.atom"],
)  # fmt: skip
def test_no_web_machine_is_asked_for_a_feed_that_cannot_be(tmp_path, path):
    origin = Origin()
    try:
        with changed(tmp_path, origin.ports) as front:
            assert front.get(path).status == 404
            assert not origin.asked
    finally:
        origin.close()


ASKED = (
    "/feeds/china+world.atom",
    "/feeds/all~china~world.rss",
    "/feeds/tag/%E6%B8%A1%E8%BC%AA.json",
    "/feeds/author/a-b",
)


@pytest.mark.parametrize("path", ASKED)
def test_an_address_that_readers_ask_for_reaches_a_web_machine_in_one_spelling(tmp_path, path):
    origin = Origin()
    try:
        with changed(tmp_path, origin.ports) as front:
            assert front.get(path).status == 200
            assert front.get(path.replace("+", "%2B").replace("-", "%2D")).status == 200
            assert [asked["path"] for asked in origin.asked] == [path, path]
    finally:
        origin.close()


def test_feeds_on_demand_are_answered_through_nginx(nginx, machines):
    for path in ("/feeds/world+china.atom", "/feeds/all~china.json"):
        until(lambda path=path: nginx.get(path).status == 200)
        until(lambda path=path: nginx.get(path).headers["x-cache"] == "HIT")
    moved = nginx.get("/feeds/china+world.atom")
    assert (moved.status, moved.headers["location"]) == (301, "https://feeds.daily.example/feeds/world+china.atom")
    assert nginx.get("/feeds/china+world.atom").headers["x-cache"] == "MISS"


def test_one_address_has_so_many_requests_under_way(tmp_path):
    """The others are told to come later, while the web machines hang."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        ports = [server.getsockname()[1] for server in silent]
        front = stack.enter_context(changed(tmp_path, ports, ("connections 100;", "connections 2;")))
        for _ in range(2):
            stack.enter_context(front.connect()).sendall(b"GET / HTTP/1.1\r\nHost: feeds.daily.example\r\n\r\n")
            # It is under way when nginx has asked one of the two for it.
            asked, _, _ = select.select(silent, [], [], 5)
            stack.enter_context(asked[0].accept()[0])
        refused = front.get("/healthz")
        assert refused.status == 429 and refused.headers["x-request-id"]
