"""The sitemaps list what is public now, and follow each act of a newsroom, on both databases."""

import re
from datetime import timedelta

import pytest
import zstandard
from sqlalchemy import select, text

from syndication.model.sitemaps import bounds
from syndication.pipeline.sitemap_parts import Limits
from syndication.pipeline.sitemaps import SitemapMaker, SitemapPolicy
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.processes import purge_queue
from syndication.store.publishing import sitemap_state, sitemaps
from syndication.store.tables.sitemaps import SitemapFileRow
from tests.support.desk import Desk
from tests.support.newsroom import at, site
from tests.support.sitemap_rules import check_sitemap

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

    def ready(self, maker=None):
        """Returns when the next part can be claimed, and the time."""
        with self.database.read() as conn:
            waiting, now = (maker or self.maker).waiting(conn)
        return waiting.ready_at, now

    def files(self):
        with self.database.read() as conn:
            return {row.path: row for row in conn.execute(select(SitemapFileRow.__table__))}

    def text(self, path):
        """Returns a file uncompressed."""
        body = zstandard.decompress(self.files()[path].zstd)
        check_sitemap(body)
        return body.decode()

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
    ready, now = maps.ready()
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
    assert maps.files().keys() == {INDEX, NEWS}
    assert re.findall("<loc>(.*?)</loc>", maps.text(NEWS)) == ["https://www.daily.example/"]
    assert re.findall("<loc>(.*?)</loc>", maps.text(INDEX)) == ["https://www.daily.example/"]


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


class Killed(BaseException):
    """A worker that ends without a further act, as by SIGKILL."""


def kill(steps):
    with pytest.raises(Killed):
        steps.throw(Killed())


def test_a_worker_killed_at_any_step_publishes_nothing_half_and_loses_nothing(maps):
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.desk.put("old2", published_at=at(days=-21))
    maps.desk.later(seconds=11)
    before = {path: maps.text(path) for path in maps.files()}
    for done in range(1, 100):
        maps.new_maker("victim", limits=Limits(urls=1, news_urls=1))
        maps.desk.later(seconds=61)
        victim = maps.new_maker("victim", limits=Limits(urls=1, news_urls=1)).steps()
        try:
            for _ in range(done):
                next(victim)
        except StopIteration:
            break
        kill(victim)
        month = sorted(path for path in maps.files() if path.startswith("/sitemap-2026-03"))
        # All files of a part are of one moment: the old one, or the three new ones.
        assert month in ([MARCH], ["/sitemap-2026-03-2.xml", "/sitemap-2026-03-3.xml", MARCH])
        assert (len(month) == 3) == ("/sitemap-2026-03-2.xml" in maps.text(INDEX))
        maps.new_maker()
        maps.work(seconds=61)
        assert maps.listed(MARCH) == ["a1", "a2", "a3"] and maps.listed(FEBRUARY) == ["old2", "old"]
    else:
        pytest.fail("it never ended")
    assert done > 10 and before.keys() == {MARCH, FEBRUARY, NEWS, INDEX}


def test_of_two_workers_one_writes_a_part_and_the_other_takes_over_when_it_is_silent(maps):
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.desk.later(seconds=11)
    silent = maps.maker.steps()
    next(silent)
    other = maps.new_maker("other")
    maps.work(other, seconds=1)
    assert maps.listed(NEWS) == ["a2", "a1"], "the first worker holds the lease"
    maps.work(other, seconds=31)
    assert maps.listed(NEWS) == ["a3", "a2", "a1"] and maps.listed(MARCH) == ["a1", "a2", "a3"]
    before = maps.files()
    list(silent)
    assert maps.files() == before


def test_workers_that_take_turns_write_what_one_would(maps):
    for number in range(8):
        maps.desk.put(f"b{number}", published_at=at(days=-30 * number, hours=-1))
    maps.desk.later(seconds=11)
    going = [maps.maker.steps(), maps.new_maker("other").steps(), maps.new_maker("third").steps()]
    while going:
        going = [steps for steps in going if next(steps, going) is not going]
    months = {path for path in maps.files() if "-20" in path}
    assert len(months) == 8 and maps.listed(NEWS) == ["b0", "a2", "a1"]
    assert {path for path in months if path in maps.text(INDEX)} == months


def test_a_worker_that_stops_gives_its_lease_back(maps):
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.desk.later(seconds=11)
    stopped = maps.maker.steps()
    next(stopped)
    stopped.close()
    maps.work(maps.new_maker("other"), seconds=0)
    assert maps.listed(NEWS) == ["a3", "a2", "a1"]


def test_an_article_that_moves_while_its_month_is_read_is_in_no_month_twice(maps):
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.desk.later(seconds=11)
    steps = maps.maker.steps()
    for _ in range(3):  # The news are read.
        next(steps)
    with maps.database.write() as conn:
        conn.execute(text("UPDATE article SET status = 'draft' WHERE id = 'a3'"))
    maps.desk.work()
    list(steps)
    maps.work()
    assert maps.listed(MARCH) == ["a1", "a2"] and maps.listed(NEWS) == ["a2", "a1"]


def test_an_article_that_left_before_its_entry_was_committed_is_dropped(maps):
    with maps.database.write() as conn:
        conn.execute(text("UPDATE article SET status = 'draft' WHERE id = 'a1'"))
        assert sitemaps.has_left(conn, "2026-03", bounds("2026-03", at()), ["a1", "a2"])
        assert not sitemaps.has_left(conn, "2026-03", bounds("2026-03", at()), ["a2"])


def test_another_configuration_writes_everything_again_and_stops_the_old_one(maps):
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.desk.later(seconds=11)
    late = maps.maker.steps()
    next(late)
    other = maps.new_maker("other")
    other.follow(site(home_url="https://news.daily.example"))
    list(late)
    assert "news.daily.example" not in maps.text(NEWS)
    maps.work(other)
    assert "https://news.daily.example/news/a3<" in maps.text(MARCH) and maps.listed(NEWS) == []
    other.follow(site(language="zh-TW"))
    maps.work(other)
    assert "<news:language>zh-tw</news:language>" in maps.text(NEWS)


def test_the_news_have_the_publications_name_and_each_articles_language(maps):
    maps.desk.put("de", published_at=at(minutes=-1), language="de-AT", title="Schnee & Eis")
    maps.work(maps.new_maker(news_name="Daily <News>"))
    news = maps.text(NEWS)
    assert news.count("<news:name>Daily &lt;News&gt;</news:name>") == 3
    assert re.findall("<news:language>(.*?)<", news) == ["de", "en", "en"]
    assert "<news:title>Schnee &amp; Eis</news:title>" in news


def test_caches_are_told_of_the_files_that_changed(maps):
    maker = maps.new_maker(purge=True)
    maps.desk.put("old", published_at=at(days=-20), updated_at=at(seconds=3))
    maps.work(maker)
    with maps.database.read() as conn:
        waiting = {purge.section: purge.version for purge in purge_queue.list_waiting(conn)}
        assert waiting == dict.fromkeys((FEBRUARY, INDEX), sitemap_state.read_revision(conn))
    withdrawals.withdraw(maps.database, ["old"], BY)
    maps.work(maker)
    with maps.database.read() as conn:
        assert {purge.section for purge in purge_queue.list_waiting(conn)} == {FEBRUARY, INDEX}, "a deleted file too"


def test_a_busy_month_rests_between_two_writings(maps):
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.work(seconds=11)
    maps.desk.put("a4", published_at=at(hours=-1))
    maps.work(seconds=2)
    assert "a4" in maps.listed(NEWS) and "a4" not in maps.listed(MARCH)
    ready, now = maps.ready()
    assert timedelta(seconds=7) < ready - now < timedelta(seconds=9)
    maps.work(seconds=9)
    assert "a4" in maps.listed(MARCH)


def test_turned_off_there_are_no_files(maps):
    assert maps.ready(maps.new_maker(enabled=False))[0] is None
    assert maps.files() == {}
    maps.desk.put("a3", published_at=at(hours=-1))
    maps.work()
    assert maps.files() == {}
    maps.new_maker()
    maps.work()
    assert maps.listed(MARCH) == ["a1", "a2", "a3"]
