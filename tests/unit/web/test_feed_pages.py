"""The page of a feed, what a browser gets that opens the feed itself, and the lists of feeds."""

import json
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from syndication.model.asked_addresses import ASKED_KINDS, AskedAddresses
from syndication.model.values import ENCODINGS, FORMATS, Document
from syndication.serve.catalogue import Catalogue
from syndication.serve.poll_counter import PollCounter
from syndication.web.pages import blueprint
from syndication.web.pages.colors import DARK_PAPER, LIGHT_PAPER, accents, contrast
from syndication.web.pages.combine import combined_slug
from syndication.web.pages.front_page import front_page
from syndication.web.pages.newest import read_headlines
from syndication.web.pages.settings import PageSettings
from syndication.web.polls import PollResponder
from syndication.web.public_pages import flask_app
from syndication.web.wsgi.feed_middleware import FeedMiddleware
from tests.support.newsroom import NOON, section, site

EVIL = "<script>alert('x')</script>\"'&"
BROWSER = {"Sec-Fetch-Dest": "document"}
TAIPEI = PageSettings("Asia/Taipei")


def json_feed(title: str = EVIL, url: str = "https://www.daily.example/1") -> bytes:
    item = {"title": title, "url": url, "summary": "A summary", "date_published": "2026-03-14T12:00:00Z"}
    item |= {"authors": [{"name": "Lin Mei-hua"}, {"url": "https://x.example"}, {"name": "<i>Oscar</i>"}]}
    head = {"title": 'x,"items":[{', "items": [item] * 30}
    return json.dumps(head, separators=(",", ":")).encode()


def catalogue(browser_pages: bool = True, **changes: Any) -> Catalogue:
    sections = {slug: section(slug) for slug in ("all", "taiwan", "world")} | {"new": section("new", title=EVIL)}
    empty = Catalogue.empty(
        site(**changes),
        sections,
        {"formosa": "taiwan"},
        frozenset({"horoscope"}),
        browser_pages=browser_pages,
        asked=AskedAddresses.of(sections, {"formosa": "taiwan"}, ASKED_KINDS, 3),
    )
    bodies = dict.fromkeys(ENCODINGS, json_feed())
    return empty.with_documents(
        Document(slug, format, 7, "abc", NOON, bodies) for slug in ("all", "taiwan", "world") for format in FORMATS
    )


def client(feeds: Catalogue | None = None, pages: PageSettings = TAIPEI):
    loader: Any = SimpleNamespace(catalogue=feeds or catalogue(), counter=PollCounter())
    app = flask_app(loader, None, pages)
    app.wsgi_app = FeedMiddleware(app.wsgi_app, loader)  # type: ignore[method-assign]
    return app.test_client()


def test_the_page_of_a_feed_is_cached_as_the_feed():
    answer = client().get("/feeds/taiwan", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Surrogate-Key"] == "feed-taiwan feeds" and answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"].startswith("public, max-age=300, s-maxage=60")
    assert EVIL not in answer.text and "&lt;script&gt;" in answer.text
    assert "14 March 2026, 20:00" in answer.text and answer.text.count("<h3>") == 20
    assert ">https://feeds.daily.example/feeds/taiwan.atom</code>" in answer.text and "<svg" in answer.text
    assert answer.text.count('rel="alternate"') == 3
    assert "</time> · Lin Mei-hua, &lt;i&gt;Oscar&lt;/i&gt;</p>" in answer.text


@pytest.mark.parametrize("path", ["/feeds/taiwan", "/", "/opml.xml", "/feeds.json", "/robots.txt"])
def test_pages_and_lists_have_etags_codings_and_heads(path):
    browser = client()
    for encoding in ENCODINGS:
        asked = {"Accept-Encoding": f"{encoding}, *;q=0"}
        answer = browser.get(path, headers=asked)
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        head = browser.head(path, headers=asked)
        assert head.data == b"" and head.headers["Content-Length"] == answer.headers["Content-Length"]
        again = browser.get(path, headers=asked | {"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"") and again.headers["ETag"] == answer.headers["ETag"]
        assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "status"), [("taiwan.atom", 200), ("horoscope.rss", 410), ("new.json", 503)])
def test_a_browser_that_opens_a_feed_gets_a_page_that_nobody_stores(method, path, status):
    headers = BROWSER | {"If-None-Match": '*, "7-abc-identity"'}
    answer = client().open(f"/feeds/{path}", method=method, headers=headers)
    assert answer.status_code == status and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert not {"ETag", "Last-Modified", "Surrogate-Key", "CDN-Cache-Control"} & set(answer.headers.keys())
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("dest", [None, "empty", "iframe", "document, empty", "Document"])
def test_a_reader_gets_the_feed_before_and_after_a_browser(dest):
    feeds = catalogue()
    browser, headers = client(feeds), {} if dest is None else {"Sec-Fetch-Dest": dest}
    for _ in range(2):
        assert browser.get("/feeds/taiwan.atom", headers=headers).headers["Content-Type"].startswith("application/atom")
        assert browser.get("/feeds/taiwan.atom", headers=BROWSER).headers["Content-Type"].startswith("text/html")
    assert client(catalogue(False)).get("/feeds/taiwan.atom", headers=BROWSER).headers["ETag"] == '"7-abc-identity"'


def test_the_front_leaves_pages_to_the_loop_and_answers_polls():
    loader: Any = SimpleNamespace(catalogue=catalogue(), counter=PollCounter())
    polls, sent = PollResponder(loader), []
    scope = {"method": "GET", "raw_path": b"/feeds/taiwan.atom", "query_string": b"", "headers": []}
    assert polls.try_first(scope, sent.append) and sent[0]["status"] == 200
    assert not polls.try_first(scope | {"headers": [(b"sec-fetch-dest", b"document")]}, sent.append)
    assert not polls.try_first(scope | {"raw_path": b"/feeds/taiwan"}, sent.append)
    assert len(sent) == 2


def test_former_retired_and_unknown_pages():
    browser = client()
    moved = browser.get("/feeds/formosa", headers={"Host": "evil.example"})
    assert (moved.status_code, moved.headers["Location"]) == (301, "https://feeds.daily.example/feeds/taiwan")
    assert browser.get("/feeds/formosa.atom", headers=BROWSER).headers["Location"].endswith("/feeds/taiwan.atom")
    gone = browser.get("/feeds/horoscope")
    assert gone.status_code == 410 and gone.headers["Cache-Control"] == "public, max-age=3600"
    new = browser.get("/feeds/new")
    assert (new.status_code, new.headers["Cache-Control"], new.headers["Retry-After"]) == (503, "no-store", "5")
    assert EVIL not in new.text
    assert browser.get("/feeds/nothing").data == b"Feed not found.\n"
    missing = browser.get("/feeds/author/nobody")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "public, max-age=60")
    assert "There is no feed at this address" in missing.text
    assert missing.data == browser.get("/feeds/author/unknown", headers={"Host": "evil.example"}).data
    assert browser.post("/feeds/taiwan").status_code == 405


def test_the_lists_name_every_listed_feed_below_the_base_address():
    browser = client(catalogue(base_url="https://daily.example/syndication"))
    outlines = ElementTree.fromstring(browser.get("/opml.xml").data).findall("body/outline")
    assert [o.attrib["xmlUrl"] for o in outlines][1] == "https://daily.example/syndication/feeds/taiwan.atom"
    assert outlines[3].attrib["title"] == EVIL
    feeds = browser.get("/feeds.json").json["feeds"]
    assert [feed["slug"] for feed in feeds] == ["all", "taiwan", "world", "new"]
    assert (feeds[1]["updated"], feeds[3]["updated"]) == ("2026-03-14T12:00:00Z", None)
    assert feeds[1]["page"] == "https://daily.example/syndication/feeds/taiwan"
    assert "Sitemap" not in browser.get("/robots.txt").text


def test_the_headlines_stop_in_time_and_have_only_web_addresses():
    found = read_headlines(json_feed(url="javascript:alert(1)"), 3)
    assert [(h.title, h.url) for h in found] == [(EVIL, "")] * 3
    assert read_headlines(b'{"items":[]}') == read_headlines(b'{"title":"x","items":[]}') == ()


@pytest.mark.parametrize("color", ["", "#fff", "#000000", "#ffcc00", "#0000ff", "#808080"])
def test_every_colour_can_be_read(color):
    light, dark = accents(color)
    assert contrast(light, LIGHT_PAPER) >= 4.5 and contrast(light, "#ffffff") >= 4.5
    assert contrast(dark, DARK_PAPER) >= 4.5 and contrast(dark, "#14110f") >= 4.5


def test_searches_of_strangers_push_out_no_page(monkeypatch):
    rendered = []
    monkeypatch.setattr(blueprint, "front_page", lambda *told: (rendered.append(told[3]), front_page(*told))[1])
    browser = client()
    for query in ("", *map(str, range(2 * blueprint.MAX_SEARCHES)), "", "0"):
        assert browser.get("/", query_string={"q": query}).status_code == 200
    assert rendered.count("") == 1 and rendered.count("0") == 2


def test_combining_is_offered_only_where_it_works():
    assert client().get("/combine?section=world").status_code == 404 and "combine" not in client().get("/").text
    browser = client(pages=PageSettings(combine=True))
    assert 'id="combine"' in browser.get("/").text
    there = browser.get("/combine?section=world&section=taiwan&section=%3Cx&without=new&format=atom")
    assert there.headers["Location"] == "https://feeds.daily.example/feeds/taiwan+world~new.atom"
    assert (there.status_code, there.headers["Cache-Control"]) == (303, "no-store")
    assert browser.get("/combine?section=all&section=world").headers["Location"].endswith("/feeds/all")
    many = browser.get("/combine?section=all&without=new&without=taiwan&without=world")
    assert many.headers["Location"] == "https://feeds.daily.example/#combine"
    assert browser.get("/combine").headers["Location"] == "https://feeds.daily.example/#combine"
    assert combined_slug(catalogue(), ["all", "world"], []) == "all"
    assert combined_slug(catalogue(), [], ["world"]) == "all~world"
