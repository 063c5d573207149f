"""Pairs of values are looked up by an index, on both databases, also more of them than one statement takes."""

import pytest
from sqlalchemy import event

from syndication.model.selection import Term
from syndication.store.articles import term_registry
from syndication.store.publishing import documents, latency
from tests.support.desk import Desk

MANY = {f"s{n}": 1 for n in range(600)}


@pytest.mark.parametrize(
    "look",
    [
        lambda conn: documents.load_some(conn, [(slug, "atom") for slug in MANY]),
        lambda conn: latency.read_noticed(conn, MANY),
        lambda conn: latency.read_requested(conn, MANY),
        lambda conn: term_registry.get_terms(conn, [Term("tag", slug) for slug in MANY]),
    ],
    ids=["documents", "noticed", "requested", "terms"],
)
def test_pairs_are_looked_up_by_an_index(sqlite_database, look):
    queries = []
    with sqlite_database.read() as conn:
        event.listen(conn, "before_cursor_execute", lambda c, cursor, sql, values, *_: queries.append((sql, values)))
        look(conn)
        asked = [query for query in queries if query[0].startswith("SELECT")]
        plans = [[row[-1] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {q}", p)] for q, p in asked]
    # A list without ids is a constant that is scanned.
    scans = [step for plan in plans for step in plan if step.startswith("SCAN") and "CONSTANT" not in step]
    assert len(plans) >= 2 and not [step for step in scans if not step.startswith("SCAN (subquery")], plans[0]


def test_documents_are_found_by_pairs(database, clock):
    desk = Desk(database, clock)
    desk.put("a1")
    desk.restart()
    desk.work()
    with database.read() as conn:
        found = documents.load_some(conn, [("taiwan", "atom"), ("all", "json"), ("taiwan", "nothing"), ("none", "rss")])
        assert {(one.section, one.format) for one in found} == {("taiwan", "atom"), ("all", "json")}
        assert documents.load_some(conn, []) == []
