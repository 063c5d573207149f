"""Stories that do not appear as asked are found by the state of their rows, whoever wrote them."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from syndication.cli import main
from syndication.store.articles import articles, hidden_stories
from tests.support.desk import Desk
from tests.support.newsroom import NOON, article, at

KNOWN = {"all", "taiwan"}


def put(database, *values):
    list(articles.put_articles(database, values))


def unfed(database, public_at=None):
    with database.read() as conn:
        return hidden_stories.unfed_sections(conn, KNOWN, public_at)


def test_a_section_without_a_feed_is_found_with_its_newest_story(database):
    put(
        database,
        article("a1", sections=("taiwan", "chess"), published_at=at(hours=-2)),
        article("a2", sections=("chess",)),
        article("a3", sections=("zebra",), published_at=at(hours=1)),
        article("a4", sections=("drafts",), status="draft"),
        article("a5", sections=("gone",), expires_at=NOON),
    )
    assert unfed(database) == {"chess": "a2", "zebra": "a3", "gone": "a5"}
    assert unfed(database, NOON) == {"chess": "a2"}


def test_only_a_bounded_number_of_sections_is_returned(sqlite_database):
    put(sqlite_database, article("a1", sections=tuple(f"s{n}" for n in range(50))))
    assert len(unfed(sqlite_database)) == hidden_stories.MAX_FOUND


def test_each_section_costs_one_look_into_an_index(database):
    with database.read() as conn:
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN (ANALYZE, VERBOSE)"
        if database.dialect == "postgresql":
            conn.execute(text("SET enable_seqscan = off"))
        statements = []

        class Recorder:
            def scalars(self, query):
                statements.append(query)
                return []

        hidden_stories._sections(Recorder())
        sql = str(statements[0].compile(conn, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(" ".join(map(str, row)) for row in conn.execute(text(f"{explain} {sql}")))
    assert plan.count("ix_article_section_newest") == 2 and "SCAN article_section\n" not in plan, plan


def test_a_story_that_expires_before_it_is_published_is_found_for_a_day(database):
    put(
        database,
        article("a1", published_at=at(hours=2), expires_at=at(hours=1)),
        article("a2", published_at=at(hours=-2), expires_at=at(hours=-2)),
        article("a3", published_at=at(hours=-2), expires_at=at(hours=-1)),
        article("a4", published_at=at(days=-2), expires_at=at(days=-3)),
        article("a5", published_at=at(hours=2), expires_at=at(hours=1), status="draft"),
    )
    with database.read() as conn:
        assert hidden_stories.never_shown(conn, NOON) == ["a1", "a2"]


@pytest.fixture
def status(sqlite_database, clock, monkeypatch):
    """Types a row in SQL, works, and returns what `syndication status` says about stories."""
    monkeypatch.setenv("SYNDICATION_DATABASE__URL", sqlite_database.url)
    clock.now = NOON

    def run(values, section="taiwan"):
        with sqlite_database.write() as conn:
            columns = {"id": "a1", "slug": "s", "url": "/u", "title": "T", "status": "published"} | values
            columns.setdefault("published_at", "2026-03-14T11:00:00.000000Z")
            names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
            conn.execute(text(f"INSERT INTO article ({names}) VALUES ({marks})"), columns)
            conn.execute(text("INSERT INTO article_section (article_id, section) VALUES ('a1', :s)"), {"s": section})
        Desk(sqlite_database, clock).work()
        done = CliRunner().invoke(main, ["status", "--json"])
        found = json.loads(done.stdout)
        return [words for words in (*found["problems"], *found["notices"]) if "a1" in words]

    return run


def test_the_status_names_a_story_whose_address_cannot_be_shown(status):
    (words,) = status({"url": "ftp://x/1"})
    assert words == "a1 is left out of all, taiwan: its url 'ftp://x/1' is not an http or https address."


def test_the_status_names_a_section_that_no_feed_has(status):
    (words,) = status({}, section="nowhere")
    assert words.startswith("No feed has the section 'nowhere' (newest story: a1).")


def test_the_status_says_nothing_of_a_story_that_appears(status):
    assert status({}) == []
