"""The sitemaps list what is public now, and follow each act of a newsroom, on both databases."""

import re
from xml.etree import ElementTree as ET

import pytest
import zstandard
from sqlalchemy import select, text

from syndication.pipeline.sitemap_parts import Limits
from syndication.pipeline.sitemaps import SitemapMaker, SitemapPolicy
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.tables.sitemaps import SitemapFileRow
from tests.support.desk import Desk
from tests.support.newsroom import at

MARCH, FEBRUARY, NEWS, INDEX = "/sitemap-2026-03.xml", "/sitemap-2026-02.xml", "/sitemap-news.xml", "/sitemap.xml"
BY = Actor("desk", "192.0.2.7")


class Maps:
    def __init__(self, database, clock):
        self.desk, self.database, self.clock = Desk(database, clock), database, clock
        self.maker = self.new_maker()

    def new_maker(self, owner="desk", **policy):
        maker = SitemapMaker(self.database, self.desk.site, owner, SitemapPolicy(**policy))
        maker.register()
        return maker

    def work(self, maker=None, **delta):
        self.desk.later(**(delta or {"seconds": 11}))
        for _ in (maker or self.maker).steps():
            self.desk.work()

    def files(self):
        with self.database.read() as conn:
            return {row.path: row for row in conn.execute(select(SitemapFileRow.__table__))}

    def text(self, path):
        """Returns a file uncompressed."""
        return zstandard.decompress(self.files()[path].zstd).decode()

    def listed(self, path):
        """Returns the ids of the articles that a file lists, in order; None without the file."""
        if path not in self.files():
            return None
        return re.findall(r"https://www\.daily\.example/news/([^<]+)", self.text(path))


@pytest.fixture
def maps(database, clock):
    maps = Maps(database, clock)
    maps.desk.put("a1", published_at=at(hours=-3))
    maps.desk.put("a2", published_at=at(hours=-2))
    maps.desk.put("old", published_at=at(days=-20))
    maps.work()
    return maps


def test_every_file_lists_what_is_public(maps):
    assert maps.listed(MARCH) == ["a1", "a2"]
    assert maps.listed(FEBRUARY) == ["old"]
    assert maps.listed(NEWS) == ["a2", "a1"]
    index = maps.text(INDEX)
    assert re.findall("<loc>(.*?)</loc>", index) == [f"https://feeds.daily.example{path}" for path in (MARCH, FEBRUARY)]
    for path in maps.files():
        ET.fromstring(maps.text(path))


def test_the_same_content_keeps_version_and_time(maps):
    before = maps.files()
    maps.desk.put("a1", published_at=at(hours=-3), html="<p>Other words.</p>")
    maps.work()
    assert maps.files() == before


def test_a_correction_changes_one_month_and_the_index(maps):
    before = maps.files()
    maps.desk.put("old", published_at=at(days=-20), updated_at=at(seconds=3))
    maps.work()
    after = maps.files()
    assert {path for path in after if after[path] != before[path]} == {FEBRUARY, INDEX}
    assert "<lastmod>2026-03-14T12:00:03Z</lastmod>" in maps.text(FEBRUARY)


def test_drafts_and_embargoes_are_in_no_file_until_their_time(maps):
    maps.desk.put("draft", status="draft", published_at=at(hours=-1))
    maps.desk.put("later", published_at=at(hours=1))
    maps.work()
    everything = "".join(map(maps.text, maps.files()))
    assert "draft" not in everything and "later" not in everything
    ready, now = maps.maker.next_ready()
    assert ready == at(hours=1) > now
    maps.work(hours=1)
    assert maps.listed(MARCH) == ["a1", "a2", "later"] and maps.listed(NEWS)[0] == "later"


def test_an_expiry_and_two_days_come_without_a_write(maps):
    maps.desk.put("short", published_at=at(hours=-1), expires_at=at(hours=2))
    maps.work()
    assert "short" in maps.listed(MARCH)
    maps.work(hours=2)
    assert "short" not in maps.listed(MARCH) and "short" not in maps.listed(NEWS)
    maps.work(hours=43)
    assert maps.listed(NEWS) == ["a2"] and maps.listed(MARCH) == ["a1", "a2"]
    maps.work(hours=2)
    assert maps.listed(NEWS) == []


def test_a_withdrawal_a_restoration_and_a_deletion(maps):
    withdrawals.withdraw(maps.database, ["a1"], BY)
    maps.work()
    assert maps.listed(MARCH) == ["a2"] == maps.listed(NEWS)
    withdrawals.restore(maps.database, ["a1"], BY)
    maps.work()
    assert maps.listed(MARCH) == ["a1", "a2"]
    with maps.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id IN ('a1', 'old')"))
    maps.work()
    assert maps.listed(MARCH) == ["a2"] == maps.listed(NEWS)
    assert maps.listed(FEBRUARY) is None and FEBRUARY not in maps.text(INDEX)


def test_an_article_moves_to_another_month(maps):
    maps.desk.put("a1", published_at=at(days=-20, hours=1))
    maps.work()
    assert (maps.listed(MARCH), maps.listed(FEBRUARY), maps.listed(NEWS)) == (["a2"], ["old", "a1"], ["a2"])


def test_an_emptied_table_empties_the_sitemaps(maps):
    with maps.database.write() as conn:
        conn.execute(
            text("TRUNCATE article CASCADE" if maps.database.dialect == "postgresql" else "DELETE FROM article")
        )
    maps.work()
    assert maps.files().keys() == {INDEX, NEWS} and maps.listed(NEWS) == []


def test_only_addresses_of_the_newsroom_are_listed(maps):
    for n, url in enumerate(
        ["https://elsewhere.example/news/x", "http://www.daily.example/news/y", "mailto:x@y.example"]
    ):
        maps.desk.put(f"bad{n}", url=url, published_at=at(hours=-1))
    maps.desk.put("odd", url="https://www.daily.example/news/a&b?c=1&d=<2>#part", published_at=at(hours=-1))
    maps.work()
    assert maps.listed(MARCH) == ["a1", "a2", "a&amp;b?c=1&amp;d=%3C2%3E"]


def test_long_parts_are_split(maps):
    maker = maps.new_maker(limits=Limits(urls=2, news_urls=2))
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.work(maker)
    assert (maps.listed(MARCH), maps.listed("/sitemap-2026-03-2.xml")) == (["a1", "a2"], ["a3"])
    assert (maps.listed("/sitemap-news-1.xml"), maps.listed("/sitemap-news-2.xml")) == (["a3", "a2"], ["a1"])
    assert "/sitemap-news-2.xml" in maps.text(NEWS)
    withdrawals.withdraw(maps.database, ["a3"], BY)
    maps.work(maker)
    assert maps.listed(NEWS) == ["a2", "a1"] and maps.files().keys() == {INDEX, NEWS, MARCH, FEBRUARY}


def test_a_worker_that_died_and_one_that_was_overtaken(maps):
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.desk.later(seconds=11)
    dead = maps.maker.steps()
    next(dead)
    other = maps.new_maker("other")
    maps.work(other, minutes=3)
    assert maps.listed(MARCH) == ["a1", "a2", "a3"]
    before = maps.files()
    list(dead)
    assert maps.files() == before


def test_turned_off_there_are_no_files(maps):
    assert maps.new_maker(enabled=False).next_ready()[0] is None
    assert maps.files() == {}
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.work()
    assert maps.files() == {}
    maps.new_maker()
    maps.work()
    assert maps.listed(MARCH) == ["a1", "a2", "a3"]
