"""The commands about sources: what they print, their exit codes, and that check stores nothing."""

import json

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.sources import source_states
from tests.support.api import TESTER
from tests.support.fake_source import FakeSource, Following
from tests.support.foreign_newsroom import ForeignNewsroom, toml
from tests.support.newsroom import article


@pytest.fixture
def cms(tmp_path):
    cms = ForeignNewsroom(f"sqlite:///{tmp_path}/cms.db")
    for number in range(1, 13):
        cms.publish(number)
    return cms


@pytest.fixture
def run(sqlite_url, cms, tmp_path):
    def run(*arguments, **changes):
        written = f'[database]\nurl = "{sqlite_url}"\n{toml(cms.table(**changes))}'
        (tmp_path / "syndication.toml").write_text(written)
        (tmp_path / "sections.toml").write_text('[[section]]\nslug = "taiwan"\ntitle = "Taiwan"\n')
        return CliRunner().invoke(main, ["--config", str(tmp_path / "syndication.toml"), *arguments])

    return run


@pytest.fixture
def store(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


def test_check_shows_ten_stories_as_articles_and_stores_nothing(run, store):
    done = run("source", "check", "cms")
    assert done.exit_code == 0, done.output
    assert "1  Story 1" in done.output and "    sections  taiwan" in done.output
    assert "10 of the newest stories read, nothing stored." in done.output
    with store.read() as conn:
        assert articles.count_articles(conn) == 0
    shown = json.loads(run("source", "check", "cms", "--json").output)
    assert len(shown) == 10 and shown[0]["authors"][0]["name"] == "Lin Mei-hua"


def test_check_of_a_wrong_select_says_what_would_be_right(run):
    wrong = "SELECT number AS id, headline AS titel, path AS url FROM story WHERE number IN :ids"
    done = run("source", "check", "cms", articles=wrong)
    assert done.exit_code == 1 and "did you mean title?" in done.output


def test_list_shows_what_is_refused_and_fails_for_a_held_source(run, store, clock):
    assert "No worker has read it yet" in run("source", "list").output
    list(articles.put_articles(store, [article("b")], by=TESTER))
    following = Following(store, FakeSource(*"abcdefghij"))
    following.look()
    done = run("source", "list")
    assert done.exit_code == 0 and "refused: b: the article ID 'b' belongs to another writer" in done.output
    following.source.stories.clear()
    following.look()
    done = run("source", "list", "--json")
    assert done.exit_code == 1 and json.loads(done.output)[0]["held_vanished"] == 9
    status = run("status")
    assert status.exit_code == 1 and "Source cms is held: 9 stories vanished there at once." in status.output


def test_acts_say_what_they_did(run, store):
    assert run("source", "pause", "cms").output == "cms is paused.\n"
    assert run("source", "pause", "cms").output == "cms was paused already.\n"
    assert run("source", "resume", "cms").output == "cms is read again.\n"
    asked = run("source", "look", "cms")
    assert asked.exit_code == 3 and "no worker is running" in asked.output
    assert "cms is not held" in run("source", "accept", "cms").output
    with store.read() as conn:
        assert source_states.get(conn, "cms").requested_at is not None


def test_unknown_source_is_refused_with_the_name_that_was_meant(run):
    done = run("source", "look", "csm")
    assert done.exit_code == 1 and "there is no source 'csm': did you mean cms?" in done.output


def test_trace_says_where_an_unknown_article_is_in_the_source(run, cms):
    cms.do("UPDATE story SET live = 0 WHERE number = 3")
    done = run("trace", "3")
    assert done.exit_code == 1 and "In source cms now: not public." in done.output


def test_config_check_counts_the_sources(run):
    assert run("config", "--check").output.endswith(" is valid: 2 sections, 1 source.\n")


def test_config_check_names_a_sqlite_file_that_is_missing(run):
    done = run("config", "--check", database="sqlite:////nowhere/news.db")
    assert done.exit_code == 0 and "2 sections, 1 source.\n" in done.stdout
    assert done.stderr.count("\n") == 1 and "does not have: /nowhere/news.db" in done.stderr
