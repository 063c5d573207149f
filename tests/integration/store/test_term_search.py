"""The search for tags and authors: any word of them, in any script, and of public articles alone."""

import pytest
from sqlalchemy import text

from syndication.model.selection import Term
from syndication.model.values import Author
from syndication.store.access.audit_log import Actor
from syndication.store.articles import term_search, withdrawals
from syndication.store.articles.term_registry import FOUND
from syndication.store.articles.term_search import search_terms
from tests.support.desk import Desk
from tests.support.newsroom import at

DESK = Actor("desk", "test")

HOSTILE = ["", " ", "%", "_", "\\", "'; DROP TABLE term; --", "\x00", "\ud800", "\U0010ffff", "-", "a" * 100_000, "🙈",
           "a " * 50_000, "\u202e", "%_%"]  # fmt: skip


@pytest.fixture
def desk(database, clock):
    return Desk(database, clock)


def found(desk, query, kinds=FOUND, limit=20):
    with desk.database.read() as conn:
        return [one.name for one in search_terms(conn, kinds, query, desk.clock.now, limit)]


def test_any_word_finds_a_term_in_any_spelling_and_the_best_come_first(desk):
    desk.put("a1", tags=("Green  Energy", "Energy", "Energy prices of the north", "Café", "臺灣渡輪", "Energize"))
    desk.put("a2", tags=("हिन्दी समाचार", "ΑΘΉΝΑ"), authors=(Author("Åsa Öberg"), Author("Energy Desk")))
    desk.work()
    assert found(desk, "ENERGY") == [
        "Energy", "Energy Desk", "Green  Energy", "Energy prices of the north",
    ]  # fmt: skip
    assert set(found(desk, "energ")) == {"Energize", *found(desk, "energy")}
    assert found(desk, "energy green") == found(desk, "gre-ener") == ["Green  Energy"]
    assert found(desk, "ｃａｆｅ") == found(desk, "cafe\u0301") == ["Café"]
    assert found(desk, "渡輪") == found(desk, "臺灣") == ["臺灣渡輪"]
    assert found(desk, "समाचार") == ["हिन्दी समाचार"] and found(desk, "αθήνα") == ["ΑΘΉΝΑ"]
    assert found(desk, "oberg") == ["Åsa Öberg"] and found(desk, "nergy") == found(desk, "energy oberg") == []
    assert found(desk, "energy", ("author",)) == ["Energy Desk"] and found(desk, "energy", ()) == []
    assert found(desk, "energy", limit=1) == ["Energy"]


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
def test_nothing_of_what_is_not_public_is_found(desk, secret):
    desk.put("secret", tags=("Merger",), authors=(Author("Merger Desk"),), **secret)
    desk.put("open", tags=("Ferries",))
    desk.work()
    desk.later(minutes=3)
    assert found(desk, "mer") == [] and found(desk, "ferries") == ["Ferries"]
    with desk.database.read() as conn:
        assert conn.scalar(text("SELECT count(*) FROM term_word WHERE word LIKE 'mer%'")) == 0


def test_a_withdrawal_and_an_expiry_take_a_term_out_at_once(desk):
    desk.put("a1", tags=("Merger",))
    desk.put("a2", tags=("Merge",), expires_at=at(hours=1))
    desk.put("a3", tags=("Mercury",), published_at=at(hours=1))
    desk.work()
    assert found(desk, "mer") == ["Merge", "Merger"]
    withdrawals.withdraw(desk.database, ["a1"], by=DESK)
    assert found(desk, "mer") == ["Merge"]
    desk.later(hours=2)
    assert found(desk, "mer") == ["Mercury"]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query[:12]))
def test_hostile_words_find_nothing_and_break_nothing(desk, query):
    desk.put("a1", tags=("100 % _percent_", "Ferries"))
    desk.work()
    assert found(desk, query) in ([], ["100 % _percent_"]) and found(desk, "percent") == ["100 % _percent_"]


def test_a_search_reads_a_range_of_the_index_and_no_more_than_its_bound(desk, monkeypatch):
    desk.put("a1", tags=tuple(f"rail {number}" for number in range(20)))
    desk.work()
    with desk.database.read() as conn:
        explain = "EXPLAIN QUERY PLAN" if desk.database.dialect == "sqlite" else "EXPLAIN"
        if desk.database.dialect == "postgresql":
            conn.exec_driver_sql("SET enable_seqscan = off")  # So few rows would be scanned.
            conn.exec_driver_sql("SET enable_bitmapscan = off")
        query = f"{explain} SELECT kind, key FROM term_word WHERE word >= 'rail' AND word < 'raim' ORDER BY word"
        plan = "\n".join(row[-1] for row in conn.exec_driver_sql(query))
    assert "ix_term_word_search" in plan and "sort" not in plan.lower() and "b-tree for order" not in plan.lower()
    monkeypatch.setattr(term_search, "MAX_READ", 3)
    assert len(found(desk, "rail")) == 3 and found(desk, "rail 17") == ["rail 17"]


def test_a_term_that_was_registered_keeps_what_it_is_found_by(desk):
    desk.put("a1", tags=("C",))
    desk.put("a2", tags=("C++", "C#"))
    desk.work()
    assert sorted(found(desk, "c")) == ["C", "C#", "C++"]
    with desk.database.read() as conn:
        one = search_terms(conn, FOUND, "c", desk.clock.now)[0]
    assert (one.term, one.slug) == (Term("tag", "c"), "c")
