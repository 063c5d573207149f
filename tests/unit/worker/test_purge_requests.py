"""Purge requests and their results, with a real server that answers, fails, hangs or resets."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from http.server import ThreadingHTTPServer

import pytest

from syndication.config.schema import PurgeSettings
from syndication.model.old_feeds import OldFeed, OldFeeds
from syndication.outbound.client import Limits, OutboundClient
from syndication.worker.purge import queue
from syndication.worker.purge.requests import Request, requests
from tests.support.caches import Cache, babbles, cache, closes, drips, hangs, redirects, resets
from tests.support.certificates import make_certificate
from tests.support.service import free_port

IN_TIME = 5.0
SHORT = 0.3


def settings(**values) -> PurgeSettings:
    return PurgeSettings(**{"url": "https://cache.example/purge"} | values)


# Requests


def test_every_placeholder_in_the_templates_is_filled():
    (asked,) = requests(
        settings(
            url="https://api.cache.example/service/7/purge/{key}?of={section}",
            headers={"Fastly-Key": "s3cret", "Surrogate-Key": "{key}"},
            body='{"tags": ["{key}"], "of": {"section": "{section}"}}',
        ),
        "taiwan",
    )
    assert asked.url == "https://api.cache.example/service/7/purge/feed-taiwan?of=taiwan"
    assert (asked.headers["Fastly-Key"], asked.headers["Surrogate-Key"]) == ("s3cret", "feed-taiwan")
    assert asked.body == b'{"tags": ["feed-taiwan"], "of": {"section": "taiwan"}}'
    assert asked.headers["Content-Type"] == "application/json" and "s3cret" not in repr(asked)


def test_each_address_gets_a_request_for_each_format_it_names():
    url = "http://one.example/feeds/{section}.{format} http://two.example/feeds/{section}.{format}"
    assert [request.url for request in requests(settings(url=url, method="PURGE"), "taiwan")] == [
        f"http://{host}.example/feeds/taiwan.{format}" for host in ("one", "two") for format in ("atom", "rss", "json")
    ]
    assert len(requests(settings(body="{format}"), "taiwan")) == 3


def test_each_path_of_a_section_gets_a_request_with_its_old_addresses():
    old = OldFeeds.of([OldFeed("/feed/", "taiwan", "rss"), OldFeed("/?feed=rss2&cat=7", "asia", "rss")])
    asked = requests(settings(body='{"files": ["https://daily.example{path}"]}'), "asia", old)
    assert [request.body for request in asked] == [
        f'{{"files": ["https://daily.example{path}"]}}'.encode()
        for path in ("/feeds/asia.atom", "/feeds/asia.rss", "/feeds/asia.json", "/feeds/asia", "/?feed=rss2&cat=7")
    ]
    (first, *_, last) = requests(settings(url="http://cache.example{path}", method="PURGE"), "taiwan", old)
    assert (first.url, last.url) == ("http://cache.example/feeds/taiwan.atom", "http://cache.example/feed/")


def test_a_sitemap_is_purged_by_its_key_or_its_path():
    def urls(url: str) -> list[str]:
        return [request.url for request in requests(settings(url=url), "/sitemap-2026-03.xml")]

    assert urls("http://one.example/{key} http://two.example{path}") == [
        "http://one.example/sitemap-2026-03",
        "http://two.example/sitemap-2026-03.xml",
    ]
    assert urls("http://one.example/everything") == ["http://one.example/everything"]
    assert urls("http://one.example/feeds/{section}.{format}") == [], "what names feeds alone purges no sitemap"


def test_without_a_body_there_is_no_content_type_and_configured_headers_win():
    (asked,) = requests(settings(headers={"user-agent": "newsroom"}), "taiwan")
    assert asked.body is None and "Content-Type" not in asked.headers
    assert [value for name, value in asked.headers.items() if name.lower() == "user-agent"] == ["newsroom"]
    (asked,) = requests(settings(headers={"content-type": "text/plain"}, body="x"), "taiwan")
    assert [value for name, value in asked.headers.items() if name.lower() == "content-type"] == ["text/plain"]


# Results


def send(request: Request, seconds: float) -> str | None:
    async def sent() -> str | None:
        async with OutboundClient(Limits(seconds=seconds, any_address=True)) as client:
            return await queue.send(client, request)

    return asyncio.run(sent())


def asked(url: str, method: str = "POST", **more) -> Request:
    return Request(url, method, {"Authorization": "Bearer s3cret", "Host": "feeds.example"} | more, b"{}")


def test_the_request_is_sent_as_configured():
    with cache(204) as server:
        assert send(asked(f"{server.url}/purge?x=1", "PURGE"), IN_TIME) is None
    (came,) = server.asked
    assert (came.method, came.path, came.body) == ("PURGE", "/purge?x=1", "{}")
    assert (came.headers["authorization"], came.headers["host"]) == ("Bearer s3cret", "feeds.example")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (500, "127.0.0.1 answered 500"),
        (401, "127.0.0.1 answered 401"),
        (404, "127.0.0.1 answered 404"),
        (redirects, "127.0.0.1 answered 307"),
        (hangs, f"127.0.0.1 did not answer within {SHORT} s"),
        (drips, f"127.0.0.1 did not answer within {SHORT} s"),
        (resets, "127.0.0.1 cannot be reached (Connection reset by peer)"),
        (closes, "127.0.0.1 ended its answer before it was complete"),
        (babbles, "127.0.0.1 answered with something that is not HTTP"),
    ],
)
def test_every_failure_of_a_cache_is_reported_in_time(answer, words):
    with cache(answer) as server:
        began = time.monotonic()
        assert send(asked(server.url), SHORT if answer in (hangs, drips) else IN_TIME) == words
        assert time.monotonic() - began < IN_TIME
    assert [request.path for request in server.asked] == ["/"]


@pytest.mark.parametrize("status", [404, 412])
def test_a_purge_of_an_address_not_cached_succeeds(status):
    with cache(status) as server:
        assert send(asked(server.url, "PURGE"), IN_TIME) is None


def test_an_unreachable_cache_is_reported():
    refused = send(asked(f"http://127.0.0.1:{free_port()}"), IN_TIME)
    assert refused == "127.0.0.1 cannot be reached (Connection refused)"
    assert send(asked("http://nowhere.invalid/"), IN_TIME).startswith("nowhere.invalid cannot be reached (")


def test_a_cache_that_accepts_no_connection_times_out():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with contextlib.ExitStack() as stack:
            for _ in range(3):  # Its queue is full from then on.
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", port))
            assert send(asked(f"http://127.0.0.1:{port}"), SHORT) == f"127.0.0.1 did not answer within {SHORT} s"


def test_no_proxy_of_the_environment_gets_the_secret(monkeypatch):
    with cache() as server, cache() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert send(asked(server.url), IN_TIME) is None
    assert len(server.asked) == 1 and proxy.asked == []


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1, trusted only by clients configured for it, with its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


@pytest.fixture
def secured(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = Cache()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # A client that does not trust it ends the handshake.
    thread = threading.Thread(target=ThreadingHTTPServer.serve_forever, args=(server, 0.05))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_untrusted_certificate_gets_no_secret(secured):
    words = send(asked(secured.url.replace("http:", "https:")), IN_TIME)
    assert words.startswith("127.0.0.1 has an untrusted certificate (self")
    assert secured.asked == []


def test_a_trusted_certificate_is_accepted(secured, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert send(asked(secured.url.replace("http:", "https:")), IN_TIME) is None
    assert len(secured.asked) == 1


def test_a_cache_that_drips_over_tls_is_cut_off_as_well(secured, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    secured.answers = [drips]
    began = time.monotonic()
    assert send(asked(secured.url.replace("http:", "https:")), SHORT) == f"127.0.0.1 did not answer within {SHORT} s"
    assert time.monotonic() - began < IN_TIME
