"""Whatever happens to a newsroom, its sitemaps list what a plain look at the rows says, and nothing else."""

from datetime import timedelta
from itertools import groupby
from random import Random

import pytest
import zstandard
from sqlalchemy import select, text

from syndication.model.values import Author
from syndication.pipeline.sitemap_parts import Limits
from syndication.pipeline.sitemaps import SitemapMaker, SitemapPolicy
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.tables.articles import ArticleCorrectionRow, ArticleRow, WithdrawalRow
from syndication.store.tables.sitemaps import SitemapFileRow
from tests.support.desk import Desk
from tests.support.sitemap_rules import NEWS, SITEMAP, addresses, check_sitemap
from tests.support.thorough import THOROUGH

BY = Actor("desk", "192.0.2.7")
SECRET = "s3cret"
LIMITS = Limits(urls=3, news_urls=2)
OWN = "https://www.daily.example"


class Killed(BaseException):
    """The end of a worker without a further act."""


class Lives:
    def __init__(self, database, clock, random):
        self.desk, self.database, self.clock, self.random = Desk(database, clock), database, clock, random
        self.restart()

    def restart(self):
        self.maker = SitemapMaker(
            self.database, self.desk.site, f"worker-{self.random.random()}", SitemapPolicy(limits=LIMITS)
        )
        self.maker.register()

    # Acts

    def act(self):
        self.random.choice(
            [self.put, self.put, self.put, self.withdraw, self.restore, self.delete, self.move, self.age, self.kill]
        )()

    def put(self):
        random, now = self.random, self.clock()
        id = random.choice("abcdefgh")
        published = now + timedelta(hours=random.choice([-1500, -700, -49, -47, -30, -3, -1, 1, 20, 800]))
        hidden = random.random() < 0.3
        self.desk.put(
            id,
            status=random.choice(["draft", "published", "published", "published"]),
            published_at=published,
            updated_at=published + timedelta(minutes=random.randrange(-30, 90)),
            expires_at=random.choice([None, None, now + timedelta(hours=random.randrange(1, 30))]),
            url=f"https://elsewhere.example/{id}" if hidden else f"/news/{id}?n={random.randrange(3)}&m=1#x",
            title=random.choice([f"Story {id}", f"{id} & <b>more</b>", "\u200b"]),
            access=random.choice(["public", "members"]),
            html=f"<p>{SECRET}</p>",
            summary=SECRET,
            authors=(Author(SECRET, f"{SECRET}@daily.example"),),
            tags=(SECRET,),
        )

    def withdraw(self):
        withdrawals.withdraw(self.database, [self.random.choice("abcdefgh")], BY)

    def restore(self):
        withdrawals.restore(self.database, [self.random.choice("abcdefgh")], BY)

    def delete(self):
        self.write("DELETE FROM article WHERE id = :id")

    def move(self):
        self.write("UPDATE article SET published_at = updated_at WHERE id = :id AND published_at IS NOT NULL")
        self.write("UPDATE article SET status = 'draft' WHERE id = :id")

    def age(self):
        self.clock.advance(self.random.choice([60, 3600, 20 * 3600, 49 * 3600]))

    def kill(self):
        """A worker dies after some steps; another one starts when its lease has ended."""
        steps = self.maker.steps()
        try:
            for _ in range(self.random.randrange(1, 12)):
                next(steps)
            with pytest.raises(Killed):
                steps.throw(Killed())
        except StopIteration:
            pass
        self.clock.advance(61)
        self.restart()

    def write(self, statement):
        with self.database.write() as conn:
            conn.execute(text(statement), {"id": self.random.choice("abcdefgh")})

    # What is, and what should be

    def work(self):
        for _ in range(6):
            self.desk.later(seconds=11)
            for _ in self.maker.steps():
                self.desk.work()
            with self.database.read() as conn:
                waiting, now = self.maker.waiting(conn)
            if waiting.ready_at is None or waiting.ready_at > now + timedelta(seconds=30):
                return
        pytest.fail("the sitemaps never came to rest")

    def files(self):
        with self.database.read() as conn:
            rows = conn.execute(select(SitemapFileRow.path, SitemapFileRow.zstd))
            return {row.path: zstandard.decompress(row.zstd) for row in rows}

    def expected(self):
        """Returns the public articles as (published, id, address, last change, title), oldest first."""
        now = self.clock()
        with self.database.read() as conn:
            out = set(conn.scalars(select(WithdrawalRow.article_id)))
            corrected = dict(
                conn.execute(select(ArticleCorrectionRow.article_id, ArticleCorrectionRow.corrected_at)).all()
            )
            rows = conn.execute(select(ArticleRow.__table__)).all()
        found = []
        for row in rows:
            public = row.status == "published" and row.published_at <= now and row.id not in out
            if public and (row.expires_at is None or row.expires_at > now) and row.url.startswith("/"):
                said = [row.published_at, row.updated_at, corrected.get(row.id)]
                last = max(at for at in said if at is not None and at <= now)
                found.append((row.published_at, row.id, OWN + row.url.partition("#")[0], last, row.title))
        return sorted(found)

    def check(self):
        files, public, now = self.files(), self.expected(), self.clock()
        base = self.desk.site.base_url
        months = {month: list(of) for month, of in groupby(public, lambda one: f"{one[0]:%Y-%m}")}
        listed = {}
        for path in [url.removeprefix(base) for url in addresses(files["/sitemap.xml"])] if months else []:
            listed.setdefault(path[9:16], []).append(path)
        assert listed.keys() == months.keys()
        for month, of in months.items():
            urls = [url for path in sorted(listed[month], key=len) for url in check_sitemap(files[path])]
            assert [(url.findtext(f"{SITEMAP}loc"), url.findtext(f"{SITEMAP}lastmod")) for url in urls] == [
                (address, f"{last:%Y-%m-%dT%H:%M:%SZ}") for _, _, address, last, _ in of
            ]
        news = [one for one in reversed(public) if one[0] > now - timedelta(days=2) and one[4] != "\u200b"]
        there = ["/sitemap-news.xml"]
        if b"<sitemapindex" in files["/sitemap-news.xml"]:
            there = [url.removeprefix(base) for url in addresses(files["/sitemap-news.xml"])]
        said = [element for path in there for element in check_sitemap(files[path]).iter(f"{NEWS}news")]
        assert [
            (
                one.getparent().findtext(f"{SITEMAP}loc"),
                one.findtext(f"{NEWS}publication_date"),
                one.findtext(f"{NEWS}title"),
            )
            for one in said
        ] == [(address, f"{published:%Y-%m-%dT%H:%M:%SZ}", title) for published, _, address, _, title in news]
        assert files.keys() == {"/sitemap.xml", "/sitemap-news.xml", *there, *(p for of in listed.values() for p in of)}
        whole = b"".join(files.values())
        assert SECRET.encode() not in whole and b"elsewhere" not in whole
        for path, body in files.items():
            assert len(check_sitemap(body)) <= 3 or path == "/sitemap.xml"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(8 if THOROUGH else 2))
def test_sitemaps_are_what_a_naive_look_says(database, clock, seed):
    lives = Lives(database, clock, Random(seed))
    for _ in range(30 if THOROUGH else 10):
        for _ in range(lives.random.randrange(1, 5)):
            lives.act()
        lives.work()
        lives.check()
