"""Varnish alone: purging by key, and whom it lets in."""

import contextlib

import pytest

from syndication.app import create_app
from syndication.config.loading import load_settings
from tests.deploy.programs import needs, run
from tests.deploy.varnish import Varnish, parameters, vcl
from tests.deploy.webs import FIRST
from tests.support.service import ROOT, until

pytestmark = needs("varnishd")

OUTSIDE = (('    "127.0.0.1";\n', ""), ('"10.0.0.0"/8', '"192.0.2.0"/24'))
"""Changes of the VCL by which this machine is outside."""

KEPT = "/feeds/china.atom"

LONGEST = {
    "/api/v1/articles:batch": 32 * 1024**2,
    "/api/v1/articles/a1": 16 * 1024**2,
    "/api/v1/previews": 16 * 1024**2,
    "/api/v1/webhooks/articles": 16 * 1024**2,
    "/api/v1/tokens": 64 * 1024,
    "/editors/login": 64 * 1024,
    "/feeds/china.atom": 64 * 1024,
}
"""The longest body that each address takes."""


@pytest.fixture(scope="module")
def varnish(machines, tmp_path_factory):
    machines.start_all()
    front = Varnish(tmp_path_factory.mktemp("varnish"), machines.ports)
    until(front.well)
    yield front
    front.stop()


@pytest.fixture(scope="module")
def stranger(machines, tmp_path_factory):
    """A Varnish for which this machine is not inside."""
    front = Varnish(tmp_path_factory.mktemp("stranger"), machines.ports, OUTSIDE)
    yield front
    front.stop()


def test_varnish_takes_the_file(tmp_path):
    path = tmp_path / "site.vcl"
    path.write_text(vcl(8001, 8002))
    assert run("varnishd", "-j", "none", "-C", *parameters(), "-f", path).returncode == 0


def test_a_new_version_is_seen_at_once_after_a_purge_and_the_old_one_before(varnish, machines):
    for coding in ("gzip", "br", "identity"):
        varnish.get(KEPT, Accept_Encoding=coding)
    machines.put("china-2", "Second of china", "china")
    before = varnish.get(KEPT)
    assert before.headers["x-cache"] == "HIT" and b"Second of china" not in before.body
    assert varnish.purge("feed-china").status == 200
    for coding in ("identity", "gzip", "br"):
        assert varnish.get(KEPT, Accept_Encoding=coding).headers["x-cache"] == "MISS", coding
    assert b"Second of china" in varnish.get(KEPT).body


def test_the_service_purges_it_by_itself(varnish, machines):
    """As the comment on purge.url in syndication.toml says to set it."""
    machines.worker.stop()
    machines.start_worker(
        SYNDICATION_PURGE__URL=f"http://127.0.0.1:{varnish.inside.port}/feeds",
        SYNDICATION_PURGE__METHOD="PURGE",
        SYNDICATION_PURGE__HEADERS__SURROGATE_KEY="{key}",
    )
    try:
        until(lambda: varnish.get(KEPT).headers["x-cache"] == "HIT")
        machines.put("china-3", "Third of china", "china")
        until(lambda: b"Third of china" in varnish.get(KEPT).body)
    finally:
        machines.worker.stop()
        machines.start_worker()


def test_a_purge_forgets_what_has_the_key_and_nothing_else(varnish):
    paths = {"/feeds/china.atom": "china", "/feeds/china.rss": "china", "/feeds/world.json": "world"}

    def purged(keys: str) -> set[str]:
        for path in paths:
            until(lambda path=path: varnish.get(path).headers["x-cache"] == "HIT")
        assert varnish.purge(keys).status == 200
        return {path for path in paths if varnish.get(path).headers["x-cache"] == "MISS"}

    # The feed of the world runs out within a second, and is then no hit either.
    assert purged("feed-chin") - {"/feeds/world.json"} == set()
    assert purged("hina") - {"/feeds/world.json"} == set()
    assert purged("feed-china") >= {"/feeds/china.atom", "/feeds/china.rss"}
    assert purged("feed-asia feed-world") - {"/feeds/china.atom", "/feeds/china.rss"} == {"/feeds/world.json"}
    assert purged("feeds") == set(paths)


def test_a_feed_on_demand_is_kept_and_purged_by_its_own_key(varnish):
    paths = {"/feeds/china+taiwan.atom": "feed-china+taiwan", "/feeds/all~china.atom": "feed-all~china"}
    for path in paths:
        until(lambda path=path: varnish.get(path).status == 200)
        until(lambda path=path: varnish.get(path).headers["x-cache"] in ("HIT", "STALE"))
    for path, key in paths.items():
        until(lambda path=path: varnish.get(path).headers["x-cache"] == "HIT")
        assert varnish.purge("feed-chinaa+taiwan feed-chinataiwan feed-all").status == 200
        assert varnish.get(path).headers["x-cache"] == "HIT"
        assert varnish.purge(key).status == 200
        assert varnish.get(path).headers["x-cache"] == "MISS"
    assert varnish.get("/feeds/taiwan+china.atom").status == 301
    assert varnish.get("/feeds/taiwan+china.atom").headers["x-cache"] == "MISS"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/feeds/tag/%E6%B8%A1%E8%BC%AA.atom", 404), ("/feeds/author/nobody", 404), ("/feeds/tag/A%20b.rss", 301)],
)
def test_names_in_any_script_reach_the_service(varnish, path, status):
    found = varnish.get(path)
    assert found.status == status and "x-request-id" in found.headers and found.body != b"Not found.\n"


@pytest.mark.parametrize(
    "path", ["/feeds/tag/%61.atom", "/feeds/tag/%e6%b8%a1.atom", "/feeds/tag/a/b.atom", "/feeds/+a.rss"]
)
def test_another_spelling_of_a_name_is_refused(varnish, path):
    assert (varnish.get(path).status, varnish.get(path).body) == (404, b"Not found.\n")


@pytest.mark.parametrize("keys", ["", "feed-china || obj.status", 'x" || 1', "(", ".*", "a  b", "Feed-China"])
def test_a_purge_takes_names_alone(varnish, keys):
    until(lambda: varnish.get(KEPT).headers["x-cache"] == "HIT")
    assert varnish.purge(keys).status == 400
    assert varnish.get(KEPT).headers["x-cache"] == "HIT"


def test_a_stranger_purges_nothing(stranger):
    until(lambda: stranger.get(KEPT).headers["x-cache"] == "HIT")
    assert stranger.purge("feeds").status == 403
    for front in (stranger, stranger.inside):
        assert front.ask("PURGE", KEPT, {"X-Forwarded-For": "10.0.0.1", "Surrogate-Key": "feeds"}).status == 403
    assert stranger.get(KEPT).headers["x-cache"] == "HIT"


def test_the_keys_are_not_told_to_readers(varnish, machines):
    told = {"surrogate-key", "cache-tag", "cdn-cache-control", "x-want"}
    assert told & set(machines.running[0].get(KEPT).headers) == told - {"x-want"}
    for _ in range(2):
        assert not told & set(varnish.get(KEPT).headers)


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/m%65trics", "/readyz", "/./metrics", "/x/../metrics",
     "/metrics?a", "/readyz?b", "/feeds/../metrics", "/api/../metrics", "/healthz/../metrics", "/feeds%2f..%2fmetrics"],
)  # fmt: skip
def test_a_stranger_sees_no_metrics_however_they_are_spelled(varnish, stranger, path):
    for front in (stranger, stranger.inside, varnish):
        found = front.get(path)
        assert found.status == 404 and b"syndication_" not in found.body and b"workers" not in found.body


def test_from_the_inside_they_are_seen(varnish):
    assert b"syndication_workers_running" in varnish.inside.get("/metrics").body
    assert varnish.inside.get("/readyz").status == 200


def test_a_stranger_sees_all_that_is_for_readers_and_editors(stranger, sqlite_url):
    """Whoever adds a page sees here that it is to be let through, or kept inside."""
    app = create_app(load_settings(ROOT / "config/syndication.toml", {"SYNDICATION_DATABASE__URL": sqlite_url}))
    app.extensions["watcher"].stop()
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert rules == {
        *(
            "/",
            "/healthz",
            "/readyz",
            "/metrics",
            "/static/<path:filename>",
            "/static/accent.css",
            "/feeds/<path:slug>",
        ),
        *("/opml.xml", "/feeds.json", "/robots.txt", "/sitemap.xml", "/sitemap-<name>.xml", "/combine", "/hub"),
    }
    for path in (
        *("/", "/?a=b", "/healthz", KEPT, "/static/front.css", "/api/v1/docs", "/editors/login"),
        *("/feeds/china", "/hub", "/opml.xml", "/feeds.json", "/robots.txt", "/static/accent.css"),
    ):
        assert stranger.get(path).status == 200, path
    for path in ("/sitemap.xml", "/sitemap-news.xml", "/sitemap-2026-03.xml"):
        until(lambda path=path: stranger.get(path).status == 200)
    assert FIRST.encode() in stranger.get("/feeds/china.json?x").body


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "PRI", "get"])
def test_no_method_gets_past_the_rules(varnish, method):
    assert varnish.ask(method, "/feeds/china.atom").status in (400, 405)


def test_a_body_that_nobody_could_read_is_not_taken_in(varnish):
    # A connection that goes on it would read to the end of the body first.
    for path, longest in LONGEST.items():
        headers = {"Content-Length": str(longest + 1), "Connection": "close"}
        assert varnish.ask("POST", path, headers).status == 413, path
    assert varnish.ask("POST", "/feeds/china.atom", body=b"x").status == 405


def test_a_head_that_is_too_long_is_refused(varnish):
    assert varnish.get(KEPT, X_Long="a" * 9_000).status == 400
    with contextlib.suppress(ConnectionError):  # It reads no further, and may hang up before we have written it all.
        assert varnish.get(f"{KEPT}?{'a' * 20_000}").status == 400


@pytest.mark.parametrize("word", ["new", "any"])
def test_the_words_of_the_rules_themselves_are_not_taken_from_outside(varnish, word):
    until(lambda: varnish.get(KEPT).headers["x-cache"] == "HIT")
    assert varnish.get(KEPT, X_Want=word).headers["x-cache"] == "HIT"


def test_a_sane_request_id_is_passed_on_and_another_replaced(varnish):
    assert varnish.get(KEPT, X_Request_ID="from-nginx-7").headers["x-request-id"] == "from-nginx-7"
    assert varnish.get(KEPT, X_Request_ID="a b").headers["x-request-id"].startswith("varnish-")


def test_no_second_spelling_of_a_header_changes_who_is_counted(varnish, machines):
    """Who guesses tokens is slowed by his address at each machine: X_Forwarded_For would be another one each time."""

    def guess(n: int):
        forged = {"X_Forwarded_For": f"198.51.100.{n}", "Authorization": f"Bearer wrong-{n}"}
        return varnish.ask("GET", "/api/v1/status", forged)

    answers = [guess(n) for n in range(12 * len(machines.running))]
    assert answers[0].status == 401 and answers[-1].status == 429
    assert b"from 127.0.0.1" in answers[-1].body and b"198.51.100" not in answers[-1].body
