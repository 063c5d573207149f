"""A newsroom moves its feeds here: readers of its old addresses see nothing twice, and find each address."""

import sqlite3
from contextlib import closing
from urllib.parse import quote

import feedparser
import pytest

from tests.service.test_newsboat import Newsboat
from tests.service.test_newsboat import pytestmark as needs_newsboat
from tests.support.old_site import configure, guid, old_site
from tests.support.service import running, until

STORIES = range(1, 13)


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """The site that was, with stories 1 to 12 in its feeds, and the service that has imported them."""
    folder = tmp_path_factory.mktemp("takeover")
    with old_site() as site:
        configure(folder, site.url)
        site.feed("/feed/", *STORIES)
        site.feed("/category/asia/feed/", *STORIES)
        (folder / "old.xml").write_bytes(site.answers["/feed/"][2])
        with running(folder) as service:
            until(lambda: service.get("/readyz").status == 200)
            done = service.run("import", "--section", "world", "old.xml")
            assert done.returncode == 0, done.stderr
            until(lambda: service.get("/feeds/world.rss").body.count(b"<item>") == len(STORIES))
            until(lambda: service.get("/feeds/all.rss").body.count(b"<item>") == len(STORIES))
            yield site, service


def from_service(service):
    """Answers as a proxy in front does, which sends the feeds' addresses here."""

    def front(target, headers):
        answer = service.get(target, headers)
        return None if answer.status == 404 else (answer.status, answer.headers, answer.body)

    return front


@needs_newsboat
@pytest.mark.parametrize("path", ["/feed/", "/category/asia/feed/"])
def test_newsboat_shows_nothing_twice_after_the_switch(moved, tmp_path, path):
    site, service = moved
    site.front = lambda *_: None
    boat = Newsboat(tmp_path / "reader", site.url + path)
    boat.reload()
    before = boat.items()
    assert before.keys() == {guid(number) for number in STORIES}
    with closing(sqlite3.connect(boat.folder / "cache.db")) as conn:
        conn.execute("UPDATE rss_item SET unread = 0")
        conn.commit()

    site.front = from_service(service)
    boat.reload()
    after = boat.items()
    assert after.keys() == before.keys()
    assert {id: item["pubDate"] for id, item in after.items()} == {id: item["pubDate"] for id, item in before.items()}
    with closing(sqlite3.connect(boat.folder / "cache.db")) as conn:
        assert conn.execute("SELECT count(*) FROM rss_item WHERE unread").fetchone() == (0,)


@pytest.mark.parametrize("path", ["/feed/", "/category/news/asia/feed", "/?utm_source=x&feed=rss2"])
def test_feedparser_finds_the_ids_and_links_that_the_old_feed_had(moved, path):
    site, service = moved
    old = feedparser.parse(site.answers["/feed/"][2])
    new = feedparser.parse(service.get(path).body)
    assert not new.bozo
    assert {(entry.id, entry.link) for entry in new.entries} == {(entry.id, entry.link) for entry in old.entries}


def test_an_atom_reader_finds_the_same_ids_as_an_rss_reader(moved):
    _, service = moved
    ids = {entry.id for entry in feedparser.parse(service.get("/feed/atom/").body).entries}
    assert ids == {guid(number) for number in STORIES}


def test_an_old_address_answers_over_http_as_its_feed(moved):
    _, service = moved
    headers = {"Accept-Encoding": "gzip"}
    new, old = (service.get(path, headers) for path in ("/feeds/world.rss", "/category/asia/feed/?fbclid=1"))
    assert (old.status, old.body) == (200, new.body)
    assert old.headers.pop("date", None) and new.headers.pop("date", None)
    assert old.headers == new.headers
    assert old.headers["link"].startswith('<https://feeds.daily.example/feeds/world.rss>; rel="self"')
    assert "feed-world" in old.headers["surrogate-key"] and old.headers["content-encoding"] == "gzip"
    known = {"If-None-Match": old.headers["etag"]} | headers
    assert service.get("/category/asia/feed/", known).status == 304
    assert service.get("/category/asia/feed/", method="HEAD").body == b""
    assert service.get("/category/asia/feed/", method="POST", body="x").status == 405
    assert service.get(f"/{quote('category')}/%61sia/feed/").status == 200
    assert [service.get(path).status for path in ("/", "/comments/feed/", "/tag/x/feed/", "/?feed=rss2&cat=9")] == [
        200, 404, 404, 200,
    ]  # fmt: skip


def test_polls_of_old_addresses_are_counted_for_their_feed(moved):
    _, service = moved

    def polls():
        lines = service.get("/metrics").body.decode().splitlines()
        ours = 'syndication_polls_total{coding="zstd",format="atom"'
        return sum(float(line.split()[-1]) for line in lines if line.startswith(ours))

    before = polls()
    for _ in range(3):
        service.get("/category/asia/feed/atom/", {"Accept-Encoding": "zstd"})
    until(lambda: polls() == before + 3)
