"""The dashboard's page of sources: what it shows to whom, and what its forms do."""

import pytest

from syndication.store.articles import articles
from syndication.store.sources import source_states
from tests.support.api import TESTER
from tests.support.dashboard import Dashboard
from tests.support.fake_source import FakeSource, Following, source_table
from tests.support.foreign_newsroom import ForeignNewsroom
from tests.support.newsroom import article


@pytest.fixture
def newsroom(sqlite_database, clock):
    return Dashboard(sqlite_database, clock, sources=(source_table(),))


@pytest.fixture
def following(newsroom):
    list(articles.put_articles(newsroom.database, [article("k")], by=TESTER))
    following = Following(newsroom.database, FakeSource(*"abcdefghijk"))
    following.look()
    return following


def state(newsroom):
    with newsroom.database.read() as conn:
        return source_states.get(conn, "cms")


def test_page_shows_sources_and_refusals_to_those_who_may_see_them(newsroom, following):
    shown = newsroom.person("read", "preview").get("/sources").text
    assert "<dt>Articles</dt><dd>10</dd>" in shown and "belongs to another writer" in shown
    assert "belongs to another writer" not in newsroom.person("read").get("/sources").text
    assert '<a href="/editors/sources"' in newsroom.person("read").get("/").text


def test_newsroom_without_sources_has_no_link_to_them(sqlite_dashboard):
    assert "/editors/sources" not in sqlite_dashboard.person("read").get("/").text
    assert "No source is configured" in sqlite_dashboard.person("read").get("/sources").text


def test_forms_look_pause_resume_and_accept(newsroom, following):
    chief = newsroom.person()
    assert chief.post("/sources/cms/pause").location == "/editors/sources" and state(newsroom).status == "paused"
    chief.post("/sources/cms/resume")
    chief.post("/sources/cms/look")
    assert state(newsroom).status == "current" and state(newsroom).requested_at is not None
    assert "Accept what cms shows?" in chief.get("/sources/cms/accept").text
    chief.post("/sources/cms/accept")
    following.look()
    assert state(newsroom).refused == 0


def test_dry_run_shows_stories_as_articles_and_what_fails(newsroom, sqlite_database, clock, tmp_path):
    cms = ForeignNewsroom(f"sqlite:///{tmp_path}/cms.db")
    cms.publish(1, headline="Ferry <stops>")
    cms.publish(2, headline="")
    newsroom = Dashboard(sqlite_database, clock, sources=(cms.table(),))
    shown = newsroom.person("read", "preview").post("/sources/cms/check").text
    assert "Ferry &lt;stops&gt;</h2>" in shown and "<dd>Lin Mei-hua</dd>" in shown and "Nothing was stored" in shown
    assert "Cannot be stored" in shown and "can be read, and nothing is missing" in shown
    cms.do("DROP TABLE topic")
    failed = newsroom.person("read", "preview").post("/sources/cms/check").text
    assert "no such table: topic" in failed and "nothing is missing" not in failed
    assert 'action="/editors/sources/cms/check"' not in newsroom.person("read").get("/sources").text


def test_article_names_its_source_and_when_it_was_read(newsroom, following):
    assert "From source cms, where it is" in newsroom.person("read").get("/article?id=a").text
