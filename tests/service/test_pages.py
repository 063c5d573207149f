"""The pages for readers and the lists of feeds over HTTP, from a running service."""

import gzip
import json
import re
import socket

import brotli
import pytest
import zstandard

from syndication.store.articles import articles
from syndication.store.db.database import Database
from tests.support.newsroom import article
from tests.support.service import command, running, until

SITE = """
[site]
title = "The Daily Example"
authority = "daily.example"
color = "#06c"
"""

SECTIONS = """
[[section]]
slug = "taiwan"
title = "Taiwan"
formerly = ["formosa"]
[[section]]
slug = "world"
title = "World"
[[retired]]
slug = "horoscope"
"""

BROWSER = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}

DECODE = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}

PAGES = ["/", "/?q=tai", "/feeds/taiwan", "/feeds/all", "/opml.xml", "/feeds.json", "/robots.txt", "/static/accent.css"]


def configure(folder, main=""):
    (folder / "config").mkdir()
    (folder / "config/syndication.toml").write_text(SITE + main)
    (folder / "config/sections.toml").write_text(SECTIONS)
    return {"SYNDICATION_CONFIG": str(folder / "config/syndication.toml")}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    with running(folder, env=configure(folder)) as service:
        service.ready()
        put(service, article("first", title="Night train <to> Hualien"))
        until(lambda: b"Night train" in service.get("/feeds/all.json").body)
        yield service


def put(service, *wanted):
    database = Database(f"sqlite:///{service.folder}/var/syndication.db")
    for _ in articles.put_articles(database, wanted):
        pass
    database.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_encoding_has_the_same_page_and_its_own_etag(service, path):
    answers = {coding: service.get(path, {"Accept-Encoding": coding}) for coding in DECODE}
    assert len({DECODE[coding](answer.body) for coding, answer in answers.items()}) == 1
    assert len({answer.headers["etag"] for answer in answers.values()}) == 4
    for coding, answer in answers.items():
        told = {"Accept-Encoding": coding}
        head = service.get(path, told, "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert {k: v for k, v in head.headers.items() if k != "date"} == {
            k: v for k, v in answer.headers.items() if k != "date"
        }
        again = service.get(path, told | {"If-None-Match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"") and again.headers["etag"] == answer.headers["etag"]
        assert again.headers["cache-control"] == answer.headers["cache-control"]
        assert again.headers["vary"] == "Accept-Encoding"


def test_a_new_story_changes_the_pages_that_show_it_and_their_etags(service):
    paths = ("/", "/feeds/taiwan", "/feeds/world")
    before = {path: service.get(path).headers["etag"] for path in paths}
    put(service, article("second", title="Ferry to Matsu"))
    until(lambda: b"Ferry to Matsu" in service.get("/feeds/taiwan").body)
    until(lambda: b"Ferry to Matsu" in service.get("/").body)
    after = {path: service.get(path, {"If-None-Match": before[path]}).status for path in paths}
    assert after == {"/": 200, "/feeds/taiwan": 200, "/feeds/world": 304}


@pytest.mark.parametrize("path", ["/feeds/taiwan.atom", "/feeds/taiwan.rss", "/feeds/taiwan.json"])
def test_a_browser_that_opens_a_feed_gets_a_page_that_nothing_stores(service, path):
    feed = service.get(path)
    for method in ("GET", "HEAD"):
        page = service.get(path, BROWSER | {"If-None-Match": feed.headers["etag"]}, method)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert (page.headers["cache-control"], page.headers["vary"]) == (
            "no-store",
            "Accept-Encoding, Sec-Fetch-Dest",
        )
        assert not {"etag", "last-modified", "surrogate-key", "cache-tag", "cdn-cache-control"} & set(page.headers)
    assert service.get(path, BROWSER).body == service.get("/feeds/taiwan").body
    again = service.get(path, {"If-None-Match": feed.headers["etag"]})
    assert (again.status, again.headers["vary"]) == (304, "Accept-Encoding")


def test_the_page_of_a_feed_is_no_poll(service):
    counts = re.compile(r'^syndication_polls_total{[^}]*format="rss".*} (\S+)$', re.MULTILINE)

    def polls() -> float:
        return sum(float(count) for count in counts.findall(service.get("/metrics").body.decode()))

    service.get("/feeds/world.rss")
    before = until(polls)
    for _ in range(3):
        assert service.get("/feeds/world.rss", BROWSER).status == service.get("/feeds/world").status == 200
    service.get("/feeds/world.rss")
    assert until(lambda: polls() > before and polls()) == before + 1


def test_a_former_slug_redirects_and_a_retired_one_is_gone(service):
    base = f"http://127.0.0.1:{service.port}"
    for method in ("GET", "HEAD"):
        moved = service.get("/feeds/formosa", {"Host": "evil.example"}, method)
        assert (moved.status, moved.headers["location"]) == (301, f"{base}/feeds/taiwan")
        assert moved.headers["cache-control"].startswith("public, max-age=")
        gone = service.get("/feeds/horoscope", method=method)
        assert (gone.status, gone.headers["cache-control"]) == (410, "public, max-age=3600")
    opened = service.get("/feeds/formosa.atom", BROWSER)
    assert (opened.status, opened.headers["location"]) == (301, f"{base}/feeds/taiwan.atom")
    opened = service.get("/feeds/horoscope.atom", BROWSER)
    assert (opened.status, opened.headers["cache-control"]) == (410, "no-store") and b"discontinued" in opened.body
    for path in ("/feeds/nothing", "/feeds/nothing.atom", "/feeds/taiwan/x", "/feeds/taiwan.xml", "/feeds/"):
        assert service.get(path, BROWSER).status == 404, path
    assert service.get("/feeds/taiwan", method="POST").status == 405


def test_a_feed_that_is_not_published_yet_asks_a_person_to_wait(tmp_path):
    env = configure(tmp_path)
    assert command("migrate", folder=tmp_path, env=env).returncode == 0
    with running(tmp_path, "web", env=env) as service:
        until(lambda: service.get("/healthz").status == 200)
        for path, headers in (("/feeds/world", {}), ("/feeds/world.atom", BROWSER)):
            waiting = service.get(path, headers)
            assert (waiting.status, waiting.headers["cache-control"]) == (503, "no-store")
            assert waiting.headers["retry-after"] == "5" and b"not published yet" in waiting.body
        assert service.get("/").status == 200
        assert json.loads(service.get("/feeds.json").body)["feeds"][1]["updated"] is None


def test_browser_pages_can_be_turned_off(tmp_path):
    with running(tmp_path, env=configure(tmp_path, "[server]\nbrowser_pages = false\n")) as service:
        service.ready()
        feed = service.get("/feeds/taiwan.atom", BROWSER)
        assert feed.headers["content-type"].startswith("application/atom+xml") and "etag" in feed.headers
        assert service.get("/feeds/taiwan").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("lines", "page"),
    [
        (b"Sec-Fetch-Dest: document", True),
        (b"sec-fetch-dest:document ", True),
        (b"Sec-Fetch-Dest: document\r\nSec-Fetch-Dest: document", False),
        (b"Sec-Fetch-Dest: document\r\nSec-Fetch-Dest: empty", False),
        (b"Sec_Fetch_Dest: document", False),
    ],
)
def test_only_the_header_of_a_browser_makes_it_a_page(service, lines, page):
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(b"GET /feeds/taiwan.atom HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + b"\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert (b"<h1" in answer, b"<feed" in answer) == (page, not page)


def test_the_search_finds_a_section_and_repeats_nothing_unescaped(service):
    def cards(query: str) -> list[str]:
        page = service.get(f"/?q={query}")
        assert page.status == 200 and "public, max-age=60" in page.headers["cache-control"]
        return re.findall(r'<h2><a href="[^"]*">([^<]*)</a></h2>', page.body.decode())

    assert cards("") == cards("%20") == ["All stories", "Taiwan", "World"]
    assert cards("TAI") == cards("wan+tai") == ["Taiwan"]
    assert cards("nothing-like-it") == cards("taiwan+world") == []
    evil = service.get("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").body
    assert b"<script>" not in evil and b"&lt;script&gt;" in evil
    assert service.get("/?q=" + "%F0%9F%8D%9C" * 200).status == 200 and service.get("/?q=%ff%00").status == 200


def test_the_colour_is_that_of_the_configuration(service):
    assert b"--accent: #0066cc" in service.get("/static/accent.css").body
