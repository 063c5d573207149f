"""A web process loads the sitemaps that changed, piece by piece, and serves a revision when it has all of it."""

import pytest
import zstandard
from sqlalchemy import event

from syndication.app import create_app
from syndication.config.loading import load_settings
from syndication.pipeline.sitemaps import SitemapMaker, SitemapPolicy
from syndication.serve.catalogue import Catalogue
from syndication.store.articles import withdrawals
from syndication.store.processes import purge_queue
from syndication.web import sitemap_loader
from syndication.web.document_loader import DocumentLoader
from syndication.web.pages.settings import PageSettings
from syndication.web.public_pages import flask_app
from syndication.web.sitemap_loader import NEWEST, SitemapLoader, served_sitemaps
from tests.integration.pipeline.test_sitemaps import BY
from tests.support.desk import Desk
from tests.support.newsroom import at

INDEX, NEWS, MARCH = "/sitemap.xml", "/sitemap-news.xml", "/sitemap-2026-03.xml"


class Newsroom(Desk):
    def __init__(self, database, clock, months=3, **policy):
        super().__init__(database, clock)
        for month in range(months):
            self.put(f"a{month}", published_at=at(days=-28 * month, hours=-1))
        self.maker = SitemapMaker(database, self.site, "desk", SitemapPolicy(**policy))
        self.maker.register()
        self.write()

    def write(self):
        self.later(seconds=11)
        for _ in self.maker.steps():
            self.work()


@pytest.fixture
def newsroom(database, clock):
    return Newsroom(database, clock)


def statements(database, act):
    """Returns the statements that an act sends to the database."""
    sent = []
    note = lambda conn, cursor, statement, *rest: sent.append(statement)  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", note)
    act()
    event.remove(database.engine, "before_cursor_execute", note)
    return [statement for statement in sent if "sitemap" in statement]


def test_only_files_that_changed_are_loaded_and_nothing_is_asked_without_a_change(newsroom):
    loader = SitemapLoader(newsroom.database)
    loader.load()
    before = loader.current.files
    assert before.keys() == {INDEX, NEWS, MARCH, "/sitemap-2026-02.xml", "/sitemap-2026-01.xml"}
    assert len(statements(newsroom.database, loader.load)) == 1 and loader.current.files is before
    newsroom.put("new", published_at=at(hours=-1))
    newsroom.write()
    loader.load()
    after = loader.current.files
    assert {path for path in after if after[path] is not before[path]} == {INDEX, NEWS, MARCH}
    assert b"/news/new<" in after[MARCH].body("identity")
    assert after[MARCH].body("identity") == zstandard.decompress(after[MARCH].body("zstd"))


def test_a_file_that_is_gone_is_served_no_more(newsroom):
    loader = SitemapLoader(newsroom.database)
    loader.load()
    withdrawals.withdraw(newsroom.database, ["a1"], BY)
    newsroom.write()
    loader.load()
    assert "/sitemap-2026-02.xml" not in loader.current.files


def test_what_is_loaded_in_pieces_is_served_when_it_is_complete(newsroom, monkeypatch):
    monkeypatch.setattr(sitemap_loader, "FILES_AT_ONCE", 2)
    loader = SitemapLoader(newsroom.database)
    for _ in range(2):
        loader.load()
        assert loader.is_behind and not loader.current.files
    newsroom.put("new", published_at=at(hours=-1))
    newsroom.write()  # While it loads.
    rounds = 0
    while loader.is_behind:
        loader.load()
        rounds += 1
    assert len(loader.current.files) == 5 and rounds <= 4
    assert b"/news/new<" in loader.current.files[MARCH].body("identity")
    assert loader.current.files[NEWS].version == 2


def test_what_cannot_be_loaded_leaves_feeds_and_sitemaps_as_they_are(newsroom, monkeypatch):
    loader = SitemapLoader(newsroom.database)
    feeds = DocumentLoader(
        newsroom.database,
        Catalogue.empty(newsroom.site, newsroom.sections, {}, frozenset()),
        lambda counter: None,
        sitemaps=loader,
    )
    feeds.load()
    before = loader.current
    newsroom.put("new", published_at=at(hours=-1))
    newsroom.write()
    with monkeypatch.context() as patched:
        patched.setattr(sitemap_loader.sitemaps, "load_bodies", lambda conn, paths: {})
        feeds.load()
    assert loader.current is before
    assert b"Story new" in feeds.catalogue.documents["/feeds/taiwan.atom"].source.identity
    feeds.load()
    assert loader.current is not before


def test_a_purge_waits_for_the_revision_that_is_served(database, clock):
    newsroom = Newsroom(database, clock, purge=True)
    loader = SitemapLoader(database)
    feeds = DocumentLoader(
        database,
        Catalogue.empty(newsroom.site, newsroom.sections, {}, frozenset()),
        lambda counter: None,
        sitemaps=loader,
    )
    with database.read() as conn:
        (last,) = {purge.version for purge in purge_queue.list_waiting(conn) if purge.section == INDEX}
    assert served_sitemaps(loader, [INDEX, "taiwan"]) == {INDEX: 0}
    feeds.load()
    assert feeds.versions_to_purge[INDEX] == last == loader.current.revision
    assert served_sitemaps(None, [INDEX]) == {INDEX: NEWEST}, "who serves no sitemap holds up no purge"


def test_the_pages_answer_from_memory_and_robots_txt_names_them(newsroom):
    loader = SitemapLoader(newsroom.database)
    feeds = DocumentLoader(
        newsroom.database,
        Catalogue.empty(newsroom.site, newsroom.sections, {}, frozenset()),
        lambda counter: None,
        sitemaps=loader,
    )
    site = flask_app(feeds, pages=PageSettings(sitemaps=(INDEX, NEWS))).test_client()
    assert site.get(INDEX).status_code == 503
    loader.load()
    named = [line for line in site.get("/robots.txt").text.splitlines() if line.startswith("Sitemap:")]
    assert named == [f"Sitemap: https://feeds.daily.example{path}" for path in (INDEX, NEWS)]
    answers = {}

    def ask():
        for path in (INDEX, NEWS, MARCH, "/sitemap-1999-01.xml"):
            answers[path] = site.get(path, headers={"Accept-Encoding": "gzip"})

    assert statements(newsroom.database, ask) == []
    assert [answer.status_code for answer in answers.values()] == [200, 200, 200, 404]
    head = site.head(MARCH, headers={"Accept-Encoding": "gzip"})
    assert head.data == b"" and dict(head.headers) == dict(answers[MARCH].headers)
    again = site.get(MARCH, headers={"Accept-Encoding": "gzip", "If-None-Match": head.headers["ETag"]})
    assert again.status_code == 304
    assert site.post(INDEX).status_code == 405


def test_turned_off_there_is_no_address(sqlite_url):
    for enabled, status in (("true", 503), ("false", 404)):
        environ = {"SYNDICATION_DATABASE__URL": sqlite_url, "SYNDICATION_SITEMAPS__ENABLED": enabled}
        app = create_app(load_settings(environ=environ))
        app.extensions["watcher"].stop()
        browser = app.test_client()
        assert browser.get(INDEX).status_code == status
        assert ("Sitemap:" in browser.get("/robots.txt").text) == (enabled == "true")
