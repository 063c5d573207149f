"""The addresses of tags and authors: two that meet are told apart, and nothing that is not public has one."""

import pytest
from sqlalchemy import text

from syndication.model.selection import Term
from syndication.model.values import Author
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.articles.term_registry import find_term, list_terms
from tests.support.desk import Desk
from tests.support.newsroom import at

DESK = Actor("desk", "test")


@pytest.fixture
def desk(database, clock):
    return Desk(database, clock)


def found(desk, kind, slug):
    with desk.database.read() as conn:
        one = find_term(conn, kind, slug)
    return None if one is None else (one.term.key, one.name)


def listed(desk, kind="tag", prefix=""):
    with desk.database.read() as conn:
        return [one.name for one in list_terms(conn, kind, desk.clock.now, prefix=prefix)]


def test_tags_and_authors_of_public_articles_have_an_address_in_every_spelling(desk):
    desk.put("a1", tags=("Green  Energy", "夜車", "Café"), authors=(Author("Lin Mei-hua"),))
    desk.put("a2", tags=("GREEN ENERGY",), published_at=at(hours=-2))
    desk.work()
    assert found(desk, "tag", "green-energy") == ("green energy", "Green  Energy")
    assert found(desk, "tag", "夜車") == ("夜車", "夜車") and found(desk, "tag", "cafe") == ("café", "Café")
    assert found(desk, "author", "lin-mei-hua") == ("lin mei-hua", "Lin Mei-hua")
    assert found(desk, "author", "green-energy") is None and found(desk, "tag", "nothing") is None
    assert listed(desk, prefix="Gre") == ["Green  Energy"] and listed(desk, "author") == ["Lin Mei-hua"]


def test_two_that_meet_in_an_address_are_told_apart_and_keep_theirs(desk):
    desk.put("a1", tags=("C",))
    desk.work()
    desk.put("a2", tags=("C++", "c#", "!!!", "???"))
    desk.work()
    assert found(desk, "tag", "c") == ("c", "C")
    assert {found(desk, "tag", "c-2"), found(desk, "tag", "c-3")} == {("c#", "c#"), ("c++", "C++")}
    assert {found(desk, "tag", "tag"), found(desk, "tag", "tag-2")} == {("!!!", "!!!"), ("???", "???")}
    before = [found(desk, "tag", slug) for slug in ("c", "c-2", "c-3", "tag", "tag-2")]
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'a1'"))
    desk.later()
    desk.put("a3", tags=("c++", "C"))
    desk.later()
    assert [found(desk, "tag", slug) for slug in ("c", "c-2", "c-3", "tag", "tag-2")] == before


def test_two_authors_of_one_name_are_two_feeds_at_their_ids(desk):
    desk.put("a1", authors=(Author("Lin Mei-hua", id="lin-mei-hua"),))
    desk.put("a2", authors=(Author("Lin Mei-hua", id="17"),))
    desk.work()
    assert found(desk, "author", "lin-mei-hua") == ("#lin-mei-hua", "Lin Mei-hua")
    assert found(desk, "author", "17") == ("#17", "Lin Mei-hua")
    assert len(_rows(desk, "SELECT slug FROM term WHERE kind = 'author'")) == 2, "the name has no third one"
    assert listed(desk, "author", prefix="lin m") == ["Lin Mei-hua"] * 2 and listed(desk, "author", prefix="wu") == []


def test_the_address_of_a_name_stays_when_its_writer_begins_to_give_ids(desk):
    desk.put("a1", authors=(Author("Lin Mei-hua"),))
    desk.work()
    desk.put("a2", authors=(Author("Lin Mei-hua", id="lin-mei-hua"),))
    desk.later()
    assert found(desk, "author", "lin-mei-hua") == ("lin mei-hua", "Lin Mei-hua")
    assert found(desk, "author", "lin-mei-hua-2") == ("#lin-mei-hua", "Lin Mei-hua")
    of_name = _rows(desk, "SELECT article_id FROM article_term WHERE kind = 'author' AND key = 'lin mei-hua'")
    assert of_name == [("a1",), ("a2",)]


def test_a_name_gets_its_address_when_its_writer_gives_no_id_any_more(desk):
    desk.put("a1", authors=(Author("Lin Mei-hua", id="17"),))
    desk.work()
    assert found(desk, "author", "lin-mei-hua") is None
    desk.put("a1", authors=(Author("Lin Mei-hua"),))
    desk.later()
    assert found(desk, "author", "lin-mei-hua") == ("lin mei-hua", "Lin Mei-hua")
    assert found(desk, "author", "17") == ("#17", "Lin Mei-hua") and listed(desk, "author") == ["Lin Mei-hua"]


def test_an_author_with_an_id_keeps_the_address_under_another_name(desk):
    desk.put("a1", authors=(Author("Mei Wang", id="mei"),), published_at=at(hours=-9))
    desk.work()
    desk.put("a2", authors=(Author("Mei Chen", id="mei"),))
    desk.later()
    assert found(desk, "author", "mei") == ("#mei", "Mei Chen")
    desk.put("a1", authors=(Author("M. Wang", id="mei"),), published_at=at(hours=-9))
    desk.later()
    assert found(desk, "author", "mei") == ("#mei", "Mei Chen"), "the newest story says the name"
    desk.put("secret", authors=(Author("Agent M", id="mei"),), status="draft", published_at=at(hours=-1))
    desk.later()
    assert found(desk, "author", "mei") == ("#mei", "Mei Chen")


@pytest.mark.parametrize(
    "secret",
    [
        {"status": "draft"},
        {"status": "draft", "published_at": None},
        {"published_at": at(hours=5)},
        {"expires_at": at(minutes=-1)},
        {"status": "withdrawn"},
    ],
    ids=str,
)
def test_nothing_of_what_is_not_public_is_known(desk, secret):
    authors = (Author("Whistle Blower"), Author("Whistle Blower", id="w-7"))
    desk.put("secret", tags=("Merger",), authors=authors, **secret)
    desk.put("open", tags=("Ferries",))
    desk.work()
    desk.later(minutes=3)
    assert found(desk, "tag", "merger") is None and found(desk, "author", "whistle-blower") is None
    assert found(desk, "author", "w-7") is None
    assert listed(desk) == ["Ferries"] and listed(desk, prefix="mer") == []
    # A second one that meets it gets the plain address: a number would give the first away.
    desk.put("open", tags=("Merger!",))
    desk.later()
    assert found(desk, "tag", "merger") == ("merger!", "Merger!")


def test_the_end_of_an_embargo_and_a_publication_make_a_tag_known(desk):
    desk.put("ahead", tags=("Merger",), published_at=at(hours=1))
    desk.put("draft", tags=("Verdict",), status="draft")
    desk.work()
    desk.later(hours=2)
    assert found(desk, "tag", "merger") == ("merger", "Merger")
    with desk.database.write() as conn:
        conn.execute(text("UPDATE article SET status = 'published' WHERE id = 'draft'"))
    desk.later()
    assert found(desk, "tag", "verdict") == ("verdict", "Verdict")


def test_a_tag_whose_articles_are_gone_keeps_its_address_and_leaves_the_lists(desk):
    desk.put("a1", tags=("Merger",))
    desk.work()
    withdrawals.withdraw(desk.database, ["a1"], by=DESK)
    desk.later()
    assert found(desk, "tag", "merger") == ("merger", "Merger") and listed(desk) == []


def test_an_address_is_one_read_of_an_index(desk):
    desk.put("a1")
    desk.work()
    with desk.database.read() as conn:
        explain = "EXPLAIN QUERY PLAN" if desk.database.dialect == "sqlite" else "EXPLAIN"
        if desk.database.dialect == "postgresql":
            conn.exec_driver_sql("SET enable_seqscan = off")  # So few rows would be scanned.
        query = f"{explain} SELECT * FROM term WHERE kind = 'tag' AND slug = 'rail'"
        plan = "\n".join(row[-1] for row in conn.exec_driver_sql(query))
    assert "INDEX" in plan.upper() and "SCAN term" not in plan, plan


def test_terms_of_a_store_that_was_filled_without_triggers_are_read_once(desk, clock):
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM term_fill"))
    for number in range(3):
        desk.put(f"a{number}", tags=("Ferries",), published_at=at(hours=-number))
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM change"))  # As if no trigger had been there.
    desk.restart()
    desk.work()
    assert found(desk, "tag", "ferries") == ("ferries", "Ferries")
    with desk.database.read() as conn:
        tags = conn.execute(text("SELECT article_id, key FROM article_term WHERE kind = 'tag' ORDER BY article_id"))
        assert [tuple(row) for row in tags] == [(f"a{number}", "ferries") for number in range(3)]


def test_what_triggers_missed_is_found_by_reading_again_and_marks_the_feeds_of_those_terms(desk, clock):
    desk.put("a1", tags=("rail",))
    desk.work()
    desk.later()
    with desk.database.write() as conn:
        conn.execute(text("UPDATE article_tag SET tag = 'Ferries'"))
        conn.execute(text("DELETE FROM change"))
    assert desk.later() == {}
    desk.regenerator.begin_terms(again=True)
    assert "taiwan" in desk.later()
    assert found(desk, "tag", "ferries") == ("ferries", "Ferries")
    assert Term("tag", "rail") not in {Term(*row) for row in _terms(desk)}


def _rows(desk, statement):
    with desk.database.read() as conn:
        return [tuple(row) for row in conn.execute(text(f"{statement} ORDER BY 1"))]


def _terms(desk):
    with desk.database.read() as conn:
        return [tuple(row) for row in conn.execute(text("SELECT kind, key FROM article_term"))]
