"""Readers subscribe as people do: with the list of all feeds, or with the address of a page."""

import json
import os
import shutil
import subprocess
from html.parser import HTMLParser
from typing import NamedTuple
from xml.etree import ElementTree

import feedparser
import pytest

from syndication.store.articles import articles
from syndication.store.db.database import Database
from tests.service.test_newsboat import Newsboat, tag
from tests.support.newsroom import article
from tests.support.service import until

FEEDS = ("application/atom+xml", "application/rss+xml", "application/feed+json", "application/json")

PAGES = ["/", "/?q=taiwan", "/feeds/taiwan", "/feeds/taiwan.json"]
"""Pages by which somebody may subscribe, the last one as a browser shows it."""


class Found(NamedTuple):
    """A feed that a page names, in the order of the page from 1."""

    url: str
    title: str
    order: int


class Links(HTMLParser):
    """The ``<link rel="alternate">`` of a page that are feeds (RSS Board: RSS Autodiscovery)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Found] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag == "link" and "alternate" in told.get("rel", "").lower().split() and told.get("type") in FEEDS:
            self.found.append(Found(told["href"], told.get("title", ""), len(self.found) + 1))


def netnewswire_score(feed: Found) -> int:
    """How NetNewsWire ranks a feed of a page's head: an earlier place counts most, then words in address and title."""
    address, title = feed.url.lower(), feed.title.lower()
    score = 50 - 5 * (feed.order - 1)
    score -= 10 * sum(word in address for word in ("comments", "podcast"))
    score += 5 * ("rss" in address) + 6 * ("json" in address) + ("json" in title)
    return score - 10 * ("comments" in title)


@pytest.fixture(scope="module")
def service(bundled_service):
    database = Database(f"sqlite:///{bundled_service.folder}/var/syndication.db")
    story = article("subscribed", title="A story for subscribers")
    assert [outcome.outcome for outcome in articles.put_articles(database, [story])]
    database.close()
    until(lambda: b"article/subscribed" in bundled_service.get("/feeds/taiwan.atom").body)
    until(lambda: b"article/subscribed" in bundled_service.get("/feeds/all.atom").body)
    return bundled_service


def links(service, path):
    page = service.get(path, {"Sec-Fetch-Dest": "document"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    return Links(page.body.decode()).found


@pytest.mark.parametrize("path", PAGES)
def test_the_first_feed_of_a_page_is_its_own_and_has_the_story(service, path):
    first = links(service, path)[0]
    assert first.url == f"http://127.0.0.1:{service.port}/feeds/{'all' if path == '/' else 'taiwan'}.atom"
    feed = feedparser.parse(first.url)
    assert feed.status == 200 and not feed.bozo and feed.feed.title in first.title
    assert tag("subscribed") in {entry.id for entry in feed.entries}


@pytest.mark.parametrize("path", [*PAGES, "/feeds/sports", "/feeds/guide-post"])
def test_netnewswire_takes_a_format_of_the_page_s_own_feed(service, path):
    found = links(service, path)
    best = max(netnewswire_score(feed) for feed in found)
    taken = {feed.url.rpartition("/")[2].rpartition(".")[0] for feed in found if netnewswire_score(feed) == best}
    slug = "all" if path == "/" else "taiwan" if "taiwan" in path else path.rpartition("/")[2]
    assert taken == {slug}


def test_feedparser_finds_the_feeds_in_the_page_itself(service):
    page = feedparser.parse(f"http://127.0.0.1:{service.port}/feeds/taiwan")
    found = [link.href for link in page.feed.links if link.rel == "alternate" and link.type in FEEDS]
    assert found[0].endswith("/feeds/taiwan.atom") and len(found) == 3


@pytest.mark.parametrize("path", ["/opml.xml", "/feeds.json"])
def test_every_address_of_the_lists_is_a_feed(service, path):
    body = service.get(path).body
    if path == "/opml.xml":
        found = [outline.attrib["xmlUrl"] for outline in ElementTree.fromstring(body).iter("outline")]
        assert all(outline.attrib["htmlUrl"] for outline in ElementTree.fromstring(body).iter("outline"))
    else:
        found = [address for feed in json.loads(body)["feeds"] for address in feed["addresses"].values()]
    assert len(found) == (15 if path == "/opml.xml" else 45)
    for address in found:
        assert service.get(address.partition(str(service.port))[2]).status == 200


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed: apt-get install newsboat")
def test_newsboat_subscribes_with_the_list_of_all_feeds(service, tmp_path):
    boat = Newsboat(tmp_path / "reader", "")
    (boat.folder / "urls").write_text("")
    (boat.folder / "feeds.opml").write_bytes(service.get("/opml.xml").body)
    done = subprocess.run(
        ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-i", "feeds.opml"],
        cwd=boat.folder, env=os.environ | {"HOME": str(boat.folder), "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    subscribed = [line.split()[0] for line in (boat.folder / "urls").read_text().splitlines() if line.strip()]
    assert len(subscribed) == 15 and f"http://127.0.0.1:{service.port}/feeds/taiwan.atom" in subscribed
    boat.reload()
    assert boat.items()[tag("subscribed")]["title"] == "A story for subscribers"


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed: apt-get install newsboat")
def test_newsboat_reads_what_a_page_names_first(service, tmp_path):
    boat = Newsboat(tmp_path / "reader", links(service, "/feeds/taiwan")[0].url)
    boat.reload()
    assert tag("subscribed") in boat.items()
