"""Both caches, nginx and Varnish, each in front of two web machines."""

import gzip
import os
import random
import signal
import string

import brotli
import pytest
import zstandard

from syndication.serve.negotiate import negotiate
from tests.deploy import webs
from tests.deploy.nginx import Nginx
from tests.deploy.varnish import Varnish
from tests.deploy.webs import Webs
from tests.support.service import Answer, until

FIRST = webs.FIRST.encode()

KEPT = "/feeds/china.atom"
"""A feed whose copies expire in no test."""

SHORT = "/feeds/world.atom"
"""A feed whose copies expire after a second."""

UNPACK = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "identity": bytes,
}


def coding(answer: Answer) -> str:
    return answer.headers.get("content-encoding", "identity")


def hit(cache: Nginx | Varnish, path: str, **headers: str) -> Answer:
    """Returns a copy that has not expired."""
    return until(lambda: (a := cache.get(path, **headers)).headers["x-cache"] == "HIT" and a)


@pytest.mark.parametrize("wanted", UNPACK)
def test_copy_equals_the_feed_in_each_encoding(cache, machines, wanted):
    origin = machines.running[0].get(KEPT, {"Accept-Encoding": wanted})
    assert cache.get(KEPT, Accept_Encoding=wanted).headers["x-cache"] == "MISS"
    copy = cache.get(KEPT, Accept_Encoding=wanted)
    assert (copy.status, copy.headers["x-cache"], coding(copy)) == (200, "HIT", wanted)
    assert copy.body == origin.body and FIRST in UNPACK[wanted](copy.body)
    for name in ("etag", "last-modified", "cache-control", "content-type", "vary", "link"):
        assert copy.headers[name] == origin.headers[name], name


@pytest.mark.parametrize("accept", ["br, gzip", "gzip, zstd;q=0.3", "*", "br, x-gzip"])
def test_a_feed_that_few_read_is_not_fetched_unpacked(cache, machines, accept):
    """It has only gzip until a second client asks for another coding, and a cache asks once."""
    found = until(lambda: (a := cache.get("/feeds/asia+china.atom", Accept_Encoding=accept)).status == 200 and a)
    assert coding(found) in ("gzip", negotiate(accept))


def test_encodings_are_cached_separately(cache):
    tags = {wanted: cache.get(KEPT, Accept_Encoding=wanted).headers["etag"] for wanted in UNPACK}
    assert len(set(tags.values())) == 4
    for wanted, tag in tags.items():
        copy = cache.get(KEPT, Accept_Encoding=wanted, If_None_Match=tag)
        assert (copy.status, copy.body, copy.headers["etag"]) == (304, b"", tag)
        others = ", ".join(other for other in tags.values() if other != tag)
        assert cache.get(KEPT, Accept_Encoding=wanted, If_None_Match=others).status == 200


@pytest.mark.parametrize(
    "accept",
    [
        "gzip, deflate, br, zstd",
        "gzip, deflate, br",
        "gzip,deflate",
        "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "GZIP",
        "x-gzip",
        "deflate",
        "identity",
        "",
        "*",
        "br;q=0, *",
        "br;q=0, gzip",
        "br;q=0.000,zstd;q=0,gzip;q=0.001",
        "gzip;q=0",
        "identity;q=1, *;q=0",
        "identity;q=0, gzip",
        "brotli, x-br, gzipped, my zstd2",
        "br ; q=1 , gzip",
        "compress;q=0.5, gzip;q=1.0",
        ";;;,,,=",
        "\t gzip",
    ],
)
def test_cache_chooses_the_encoding_that_the_service_would(cache, accept):
    for _ in range(2):
        found = cache.get(KEPT, Accept_Encoding=accept)
        assert coding(found) == negotiate(accept)
        assert found.status == 200 and FIRST in UNPACK[coding(found)](found.body)


@pytest.mark.parametrize("accept", ["identity;q=0", "*;q=0", "identity;q=0.0, deflate"])
def test_unacceptable_encoding_gets_406_and_caches_nothing(cache, accept):
    assert cache.get(KEPT, Accept_Encoding=accept).status == 406
    assert cache.get(KEPT, Accept_Encoding=accept).status == 406
    assert coding(cache.get(KEPT, Accept_Encoding="gzip")) == "gzip"


def test_no_weight_brings_a_refused_encoding(cache):
    """Weights other than 0 are not compared: the response is acceptable, if not always the preferred one."""
    chance = random.Random(7)
    names = ["br", "zstd", "gzip", "identity", "*", "deflate"]
    for _ in range(60):
        weights = {name: chance.choice(["0", "0.0", "0.3", "1", "1.000"]) for name in chance.sample(names, 4)}
        accept = ", ".join(f"{name};q={weight}" for name, weight in weights.items())
        found = cache.get(KEPT, Accept_Encoding=accept)
        if negotiate(accept) is None:
            assert found.status == 406, accept
        else:
            assert found.status == 200 and float(weights.get(coding(found), weights.get("*", "1"))) > 0, accept


def test_flood_of_queries_and_encodings_makes_four_entries(cache):
    for wanted in UNPACK:
        cache.get(KEPT, Accept_Encoding=wanted)
    entries = cache.entries()
    chance = random.Random(7)
    for number in range(60):
        word = "".join(chance.choices(string.ascii_letters, k=9))
        found = cache.get(f"{KEPT}?{word}={number}", Accept_Encoding=f"{word}, gzip;q=0.{chance.randint(1, 9)}")
        assert (found.status, found.headers["x-cache"]) == (200, "HIT")
    assert cache.entries() == entries


@pytest.mark.parametrize(
    "accept", ["gzip;q=0, " * 700, "*" + " " * 7_000, "br;q=0,*;" * 700, "identity, " * 700 + "gzip"]
)
def test_long_accept_encoding_gets_the_feed(cache, accept):
    found = cache.get(KEPT, Accept_Encoding=accept[:7_500])
    assert found.status == 200 and FIRST in UNPACK[coding(found)](found.body)


@pytest.mark.thorough("nginx")
def test_invented_paths_evict_no_feed(cache):
    """Such a path is neither cached nor takes the place of a feed."""
    feed = hit(cache, KEPT)
    kept = cache.feeds_kept()
    for number in range(100):
        for path in (f"/feeds/made-up-{number}.atom", f"/feeds/made-up-{number}", f"/feeds/{number}%2Eatom"):
            assert cache.get(path).status == 404
    assert cache.feeds_kept() == kept
    assert cache.get(KEPT).headers["x-cache"] == "HIT" and cache.get(KEPT).body == feed.body


def test_cookies_and_ranges_share_one_copy(cache):
    first = cache.get(KEPT, Cookie="a=b", Authorization="Bearer x")
    assert first.headers["x-cache"] == "MISS"
    assert hit(cache, KEPT, Cookie="c=d", Range="bytes=0-3").body == first.body
    assert cache.ask("HEAD", KEPT).headers["x-cache"] == "HIT"


def test_expired_copy_is_never_served_while_machines_run(cache, machines):
    """Otherwise a withdrawn story would be served until the next request."""
    id, title = f"world-{cache.port}", f"Wrong story {cache.port}"
    machines.put(id, title, "world")
    assert title.encode() in cache.get(SHORT).body
    hit(cache, SHORT)
    machines.withdraw(id, title, "world")
    first = until(lambda: (a := cache.get(SHORT)).headers["x-cache"] != "HIT" and a)
    assert first.status == 200 and title.encode() not in first.body


def test_stale_copy_is_served_while_the_new_one_is_fetched(cache, machines):
    path = "/feeds/asia.atom"
    old = cache.get(path)
    title = f"More of asia {cache.port}"
    machines.put(f"asia-{cache.port}", title, "asia")
    stale = until(lambda: (a := cache.get(path)).headers["x-cache"] in ("STALE", "UPDATING") and a)
    assert stale.status == 200 and stale.body == old.body
    until(lambda: title.encode() in hit(cache, path).body)


def test_hanging_machine_makes_no_request_fail(cache, machines):
    hanging = machines.running[1]
    pids = [hanging.process.pid, *_children(hanging.process.pid)]
    for pid in pids:
        _send(pid, signal.SIGSTOP)
    try:
        assert {cache.get(path).status for path in (SHORT, "/feeds/all.rss", KEPT) for _ in range(3)} == {200}
    finally:
        for pid in pids:
            _send(pid, signal.SIGCONT)


@pytest.mark.thorough("varnish")
def test_outage_serves_copies_as_long_as_feeds_allow(cache, machines):
    copies = {path: cache.get(path) for path in (SHORT, "/feeds/asia.atom", KEPT, "/feeds/taiwan.atom")}
    hit(cache, SHORT)
    try:
        machines.stop(0)
        for number in range(60):
            path = (SHORT, "/feeds/all.json", f"/feeds/unknown-{number}.atom", "/")[number % 4]
            assert cache.get(path).status == (404 if "unknown" in path else 200), path
        machines.stop(1)
        stale = until(lambda: (a := cache.get(SHORT)).headers["x-cache"] == "STALE" and a)
        assert (stale.status, stale.body) == (200, copies[SHORT].body)
        assert cache.get(SHORT, If_None_Match=stale.headers["etag"]).status == 304
        assert cache.get("/feeds/asia.atom").status == 200 and cache.get(KEPT).status == 200
        # The first feed must not be served in an outage, and the second was never requested.
        until(lambda: cache.get("/feeds/taiwan.atom").status in (502, 503))
        assert cache.get("/feeds/all.rss").status in (502, 503)

        # A machine that starts while the database is down answers 503: that does not replace a copy either.
        machines.start(0, url="postgresql://127.0.0.1:1/none")
        assert machines.running[0].get(SHORT).status == 503
        for _ in range(5):
            stale = cache.get(SHORT)
            assert (stale.status, stale.body) == (200, copies[SHORT].body)
    finally:  # The next tests need both.
        for number in list(machines.running):
            machines.stop(number)
        machines.start_all()
    until(lambda: cache.get("/feeds/all.rss").status == 200)


def test_responses_for_editors_are_never_cached(cache: Nginx | Varnish, machines: Webs) -> None:
    made = machines.worker.run("token", "create", f"reader-{cache.port}", "--scope", "read", "--scope", "write")
    secret = {"Authorization": f"Bearer {made.stdout.strip()}"}
    entries = cache.entries()
    for path in ("/api/v1/articles", "/api/v1/sections"):
        assert [cache.get(path, headers).status for headers in (secret, {}, secret)] == [200, 401, 200]
    for _ in range(2):
        page = cache.get("/editors/login")
        assert page.status == 200 and "set-cookie" in page.headers and "x-cache" not in page.headers
    assert cache.entries() == entries
    # An id is passed on as it was written.
    story = b'{"title": "T", "url": "/t", "sections": ["china"], "published_at": null, "status": "draft"}'
    sent = secret | {"Content-Type": "application/json"}
    for id in ("a%2Fb", "a%252Fb", "c//d"):
        assert cache.ask("PUT", f"/api/v1/articles/{id}-{cache.port}", sent, story).status == 201, id


def test_login_limit_counts_the_address_that_the_cache_saw(cache):
    """A client that guesses tokens cannot change its address by a header."""
    for number in range(30):
        headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": f"203.0.113.{number}"}
        found = cache.get("/api/v1/articles", headers)
        if found.status == 429:
            assert b"from 127.0.0.1" in found.body
            return
    pytest.fail("no request was limited")


def test_each_response_has_its_own_request_id(cache):
    ids = [cache.get(KEPT).headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    "path",
    ["/feeds/x/../china.rss", "/feeds//china.rss", "/feeds/%63hina.rss", "/feeds/china.rss/", "//feeds/china.rss"],
)
def test_other_spellings_of_a_path_change_no_copy(cache, path):
    spelled = cache.get(path)
    assert spelled.status == 404 or FIRST in spelled.body
    right = cache.get("/feeds/china.rss")
    assert right.status == 200 and FIRST in right.body


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def _send(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)


@pytest.mark.parametrize("first", ["browser", "reader"])
def test_a_browser_gets_the_page_of_a_feed_and_readers_the_feed_whoever_comes_first(cache, first):
    path, opened = f"/feeds/china.{'rss' if first == 'browser' else 'json'}", {"Sec-Fetch-Dest": "document"}
    if first == "reader":
        kept = hit(cache, path)
    for headers in (opened, opened | {"If-None-Match": "*"}):
        page = cache.get(path, headers)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.headers["cache-control"] == "no-store" and "etag" not in page.headers
        assert page.headers.get("x-cache") not in ("HIT", "STALE") and b"<h1" in page.body
        head = cache.ask("HEAD", path, opened)
        assert (head.status, head.body, head.headers["content-type"]) == (200, b"", "text/html; charset=utf-8")
    again = cache.get(path)
    assert again.headers["content-type"].startswith(("application/rss+xml", "application/feed+json"))
    assert FIRST in again.body and (first == "browser" or again.headers["etag"] == kept.headers["etag"])


def test_the_page_at_its_own_address_is_cached_in_each_encoding(cache, machines):
    path = "/feeds/china"
    for wanted, unpack in UNPACK.items():
        kept = hit(cache, path, Accept_Encoding=wanted, Sec_Fetch_Dest="document")
        assert coding(kept) == wanted and FIRST in unpack(kept.body)
        assert kept.headers["content-type"] == "text/html; charset=utf-8"
        tag = kept.headers["etag"]
        assert tag == machines.running[0].get(path, {"Accept-Encoding": wanted}).headers["etag"]
        assert cache.get(path, Accept_Encoding=wanted, If_None_Match=tag).status == 304


def test_what_a_page_needs_and_the_lists_go_through(cache):
    for path in ("/", "/?q=world", "/static/pages.js", "/static/accent.css", "/opml.xml", "/feeds.json", "/robots.txt"):
        assert cache.get(path).status == 200, path
        assert cache.ask("HEAD", path).body == b""
    found = cache.get("/?q=WOR").body
    assert b">world</a></h2>" in found and b">asia</a></h2>" not in found
