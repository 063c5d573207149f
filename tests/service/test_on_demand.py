"""Feeds that readers ask for by address, over HTTP: by two web processes, on SQLite and PostgreSQL."""

import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import feedparser
import pytest

from tests.support.hung_postgresql import frozen
from tests.support.service import Answer, Service, running, until

WAIT = 8.0
"""Seconds within which a refusal must come on a busy machine; the setting is two."""


def line(id: str, **changes: object) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    article = {"id": id, "title": f"Story {id}", "url": f"/{id}", "sections": ["asia"],
               "published_at": (now - timedelta(hours=1)).isoformat()}  # fmt: skip
    return json.dumps(article | changes)


def put(service: Service, *lines: str) -> None:
    done = service.run("import", "-", input="\n".join(lines))
    assert done.returncode == 0, done.stdout + done.stderr


def until_served(service: Service, path: str, text: str = "") -> Answer:
    def served() -> Answer | None:
        answer = service.get(path)
        assert answer.status in (200, 503), (path, answer.status)
        assert answer.status == 200 or answer.headers["retry-after"].isdigit()
        return answer if answer.status == 200 and text.encode() in answer.body else None

    found: Answer = until(served, 30)
    return found


def test_a_combination_is_made_when_it_is_asked_for(bundled_service: Service) -> None:
    path = "/feeds/asia+sports.atom"
    answer = until_served(bundled_service, path)
    assert b"Asia + Sports" in answer.body and b"/feeds/asia+sports.atom" in answer.body
    assert bundled_service.get(path, {"If-None-Match": answer.headers["etag"]}).status == 304
    moved = bundled_service.get("/feeds/sports+asia+sports.atom")
    assert (moved.status, moved.headers["location"].endswith(path)) == (301, True)
    assert bundled_service.get("/feeds/asia%2Bsports.atom").body == answer.body
    for slug in ("asia+sports", "all~sports"):
        for format in ("atom", "rss", "json"):
            until_served(bundled_service, f"/feeds/{slug}.{format}")


def test_nonsense_and_unknown_names_are_not_found_for_a_minute(bundled_service: Service) -> None:
    for slug in (
        "asia~asia",
        "asia+nothing",
        "asia+",
        "tag/nobody-has-this",
        "author/%E5%AD%97",
        "tag/%FF",
        "tag/a%2Fb",
    ):
        answer = bundled_service.get(f"/feeds/{slug}.rss")
        assert (answer.status, answer.headers["cache-control"]) == (404, "public, max-age=60"), slug


def test_only_the_terms_of_public_articles_have_feeds(bundled_service: Service) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    put(
        bundled_service,
        line("t1", tags=["Ferries"], authors=["Åsa Öberg"]),
        line("t2", tags=["Secret draft"], authors=["Dana Draft"], status="draft"),
        line("t3", tags=["Embargoed"], published_at=tomorrow),
        line("t4", tags=["Taken back"]),
    )
    until(lambda: b"Story t4" in bundled_service.get("/feeds/asia.json").body, 30)
    assert b"Story t1" in until_served(bundled_service, "/feeds/tag/ferries.atom").body
    written = until_served(bundled_service, "/feeds/author/asa-oberg.atom").body
    assert "Åsa Öberg" in written.decode() and b"Story t1" in written
    put(bundled_service, line("t4", tags=["Taken back"], status="withdrawn"))
    until(lambda: b"Story t4" not in bundled_service.get("/feeds/asia.json").body, 30)
    for slug in ("tag/secret-draft", "author/dana-draft", "tag/embargoed", "tag/taken-back"):
        for path, other in ((f"/feeds/{slug}.atom", "/feeds/nothing.atom"), (f"/feeds/{slug}", "/feeds/tag/nothing")):
            answer = bundled_service.get(path)
            assert (answer.status, answer.body) == (404, bundled_service.get(other).body), path
    moved = bundled_service.get("/feeds/tag/Ferries.atom")
    assert (moved.status, moved.headers["location"].rpartition("/feeds/")[2]) == (301, "tag/ferries.atom")


def test_a_name_in_any_script_has_an_address_that_readers_can_subscribe_to(bundled_service: Service) -> None:
    put(bundled_service, line("u1", tags=["渡輪"], title="A ferry"), line("u2", tags=["渡輪"], title="Another ferry"))
    until(lambda: b"Another ferry" in bundled_service.get("/feeds/asia.json").body, 30)
    path = f"/feeds/tag/{quote('渡輪')}.atom"
    answer = until_served(bundled_service, path)
    feed = feedparser.parse(answer.body)
    assert not feed.bozo and {entry.title for entry in feed.entries} == {"A ferry", "Another ferry"}
    assert {link.href.rpartition("/feeds/")[2] for link in feed.feed.links if link.rel == "self"} == {
        f"tag/{quote('渡輪')}.atom"
    }
    assert f"/feeds/tag/{quote('渡輪')}.rss" in answer.headers["link"]
    assert quote("渡輪") in answer.headers["surrogate-key"]
    page = bundled_service.get(f"/feeds/tag/{quote('渡輪')}")
    assert page.status == 200 and "渡輪" in page.body.decode() and b"Another ferry" in page.body
    whole = feedparser.parse(bundled_service.get("/feeds/asia.atom").body)
    assert {e.id for e in feed.entries} < {e.id for e in whole.entries}


def test_a_page_asks_for_its_feed_and_so_does_a_browser_that_opens_it(bundled_service: Service) -> None:
    browser = {"Sec-Fetch-Dest": "document"}
    for path, headers in (("/feeds/world+asia", {}), ("/feeds/asia+life.atom", browser)):
        moved = bundled_service.get(path, headers)
        canonical = path if moved.status != 301 else "/feeds/" + moved.headers["location"].rpartition("/")[2]
        assert canonical.startswith("/feeds/asia+")

        def shown(canonical: str = canonical, headers: dict[str, str] = headers) -> Answer | None:
            answer = bundled_service.get(canonical, headers)
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            if answer.status == 503:
                assert b'http-equiv="refresh"' in answer.body and answer.headers["cache-control"] == "no-store"
            return answer if answer.status == 200 else None

        page = until(shown, 30)
        assert b"Asia +" in page.body and b"application/atom+xml" in page.body
    assert bundled_service.get("/feeds/tag/nobody-has-this", browser).status == 404


def test_one_client_uses_its_share_of_new_feeds_and_no_more(proxied_service: Service) -> None:
    stranger, reader = {"X-Forwarded-For": "192.0.2.66"}, {"X-Forwarded-For": "192.0.2.7"}
    sections = ("taiwan", "china", "business", "asia", "world", "sports", "life")
    pairs = [f"{a}+{b}" for n, a in enumerate(sections) for b in sections[n + 1 :]]
    statuses = [proxied_service.get(f"/feeds/{slug}.atom", stranger) for slug in pairs]
    refused = [answer for answer in statuses if answer.status == 503 and b"No more new feeds" in answer.body]
    assert len(refused) == len(pairs) - 10 and {answer.headers["retry-after"] for answer in refused} == {"10"}
    assert {answer.headers["cache-control"] for answer in refused} == {"no-store"}
    until(lambda: proxied_service.get("/feeds/movies+guide-post.atom", reader).status == 200, 30)
    assert proxied_service.get("/feeds/health+movies.atom", stranger).status == 503


@pytest.fixture(scope="module")
def webs(new_module_url, tmp_path_factory):
    """Two web processes on one port, without a worker."""
    url = new_module_url("postgresql")
    with running(tmp_path_factory.mktemp("webs"), "web", url=url, env={"SYNDICATION_SERVER__WORKERS": "2"}) as web:
        until(lambda: web.get("/healthz").status == 200)
        yield web, url


def test_without_a_worker_a_new_feed_is_503_and_served_by_all_when_it_is_back(webs, tmp_path) -> None:
    web, url = webs
    path = "/feeds/asia+world.atom"
    started = time.monotonic()
    answer = web.get(path)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1") and time.monotonic() - started < WAIT
    assert answer.headers["cache-control"] == "no-store"
    with running(tmp_path, "worker", url=url) as worker:
        until(lambda: web.get(path).status == 200, 30)
        # A connection goes to either process.
        until(lambda: {web.get(path).status for _ in range(40)} == {200}, 30)
        put(web, line("w1"))
        until(lambda: all(b"Story w1" in web.get(path).body for _ in range(40)), 30)
        worker.stop()
        assert web.get(path).status == 200
        with frozen(url):
            started = time.monotonic()
            assert (web.get(path).status, web.get("/feeds/asia.atom").status) == (200, 200)
            refused = [web.get(f"/feeds/{slug}.atom") for slug in ("asia+life", "tag/ferries")]
            assert {(answer.status, answer.headers["retry-after"]) for answer in refused} == {(503, "1")}
            assert web.get("/feeds/asia.atom").status == 200
            assert time.monotonic() - started < 2 * WAIT
        until(lambda: web.get("/feeds/tag/nobody.atom").status == 404, 60)
