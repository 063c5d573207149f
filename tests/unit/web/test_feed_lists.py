"""The lists of all feeds: OPML, JSON and robots.txt."""

import gzip
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.robotparser import RobotFileParser

import brotli
import pytest
import zstandard
from lxml import etree

from syndication.model.values import Document
from syndication.serve.catalogue import Catalogue
from syndication.serve.poll_counter import PollCounter
from syndication.web.public_pages import flask_app
from tests.support.newsroom import section, site

LISTS = ("/opml.xml", "/feeds.json", "/robots.txt")
BASE = "https://feeds.daily.example/news"


def client(title: str = "Asia & us", documents: tuple[Document, ...] = ()):
    sections = {
        "all": section("all", title="The Daily Example", feed_title="The Daily Example"),
        "asia": section("asia", title=title, feed_title=f"{title} – The Daily Example", language="zh-Hant"),
    }
    catalogue = Catalogue.empty(site(base_url=BASE), sections, {}, frozenset()).with_documents(documents)
    loader: Any = SimpleNamespace(catalogue=catalogue, counter=PollCounter())
    return flask_app(loader).test_client()


def document(slug: str) -> Document:
    bodies = dict.fromkeys(("identity", "gzip", "br", "zstd"), b"x")
    return Document(slug, "atom", 3, "0" * 16, datetime(2026, 11, 26, 8, 0, 5, tzinfo=UTC), bodies)


@pytest.mark.parametrize("title", ["Asia & us", '<b>"Sport"</b>', "a\x00\x0b\ufffeb", "臺灣 🏝"])
def test_opml_lists_each_feed_by_its_atom_address(title):
    tree = etree.fromstring(client(title).get("/opml.xml").data)
    outlines = tree.findall("body/outline")
    assert tree.get("version") == "2.0" and tree.findtext("head/title") == site().title
    assert [o.get("xmlUrl") for o in outlines] == [f"{BASE}/feeds/all.atom", f"{BASE}/feeds/asia.atom"]
    shown = title.replace("\x00\x0b\ufffe", "")
    assert [o.get("text") for o in outlines] == ["All stories", shown]
    assert outlines[1].get("title") == f"{shown} – The Daily Example"
    assert outlines[1].get("language") == "zh-Hant"
    assert {o.get("type") for o in outlines} == {"rss"}


def test_json_lists_each_feed_in_three_formats_with_its_last_change():
    listed = client(documents=(document("asia"),)).get("/feeds.json").json
    everything, asia = listed["feeds"]
    assert (everything["section"], everything["updated"]) == ("all", None)
    assert asia["updated"] == "2026-11-26T08:00:05Z"
    assert asia["addresses"] == {format: f"{BASE}/feeds/asia.{format}" for format in ("atom", "rss", "json")}
    assert (asia["title"], asia["language"]) == ("Asia & us", "zh-Hant")


def test_robots_may_read_feeds_and_not_the_desk():
    rules = RobotFileParser()
    rules.parse(client().get("/robots.txt").text.splitlines())
    assert all(rules.can_fetch("Anybot", f"{BASE}{path}") for path in ("/", "/feeds/asia.atom", "/opml.xml"))
    assert not any(rules.can_fetch("Anybot", f"https://x.example{path}") for path in ("/editors", "/api/v1/sections"))


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_a_validator_for_each_encoding(path):
    asked = client()
    plain = asked.get(path)
    tags = set()
    for encoding, unpack in (
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body)),
    ):
        answer = asked.get(path, headers={"Accept-Encoding": encoding})
        assert answer.headers["Content-Encoding"] == encoding and unpack(answer.data) == plain.data
        again = asked.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == answer.headers[name]
        tags.add(answer.headers["ETag"])
    assert len(tags | {plain.headers["ETag"]}) == 4
    assert (plain.headers["Cache-Control"], plain.headers["Vary"]) == ("public, max-age=60", "Accept-Encoding")


@pytest.mark.parametrize("path", LISTS)
def test_head_has_the_headers_of_get(path):
    asked = client()
    head, get = asked.head(path), asked.get(path)
    assert head.data == b"" and get.data
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.data))
    assert head.headers["ETag"] == get.headers["ETag"]


def test_a_list_changes_its_validator_only_with_its_content():
    tag = client().get("/feeds.json").headers["ETag"]
    assert client().get("/feeds.json").headers["ETag"] == tag
    assert client(documents=(document("asia"),)).get("/feeds.json").headers["ETag"] != tag
