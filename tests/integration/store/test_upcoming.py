"""Scheduled changes in the order of time: index walks, with pagination, without drafts."""

import pytest
from sqlalchemy import insert, update

from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.articles.upcoming import EVENTS, query_events, read_upcoming
from syndication.store.tables.articles import ArticleRow
from tests.support.api import when
from tests.support.desk import Desk
from tests.support.newsroom import at, section


@pytest.fixture
def desk(database, clock):
    return Desk(database, clock)


def ask(desk, limit=50, after=None):
    with desk.database.snapshot() as conn:
        return read_upcoming(conn, desk.selections, desk.database.now(conn), limit, after)


def told(desk):
    return [(item.at, item.event, item.article_id, item.sections) for item in ask(desk)[0]]


def test_embargoes_and_expiries_come_in_the_order_of_time_with_their_sections(desk):
    desk.put("later", published_at=at(hours=3), sections=("china", "typo"))
    desk.put("soon", published_at=at(hours=1), expires_at=at(hours=2))
    desk.put("leaves", expires_at=at(minutes=30), sections=())
    assert told(desk) == [
        (at(minutes=30), "leaves", "leaves", ("all",)),
        (at(hours=1), "appears", "soon", ("all", "taiwan")),
        (at(hours=2), "leaves", "soon", ("all", "taiwan")),
        (at(hours=3), "appears", "later", ("all", "china")),
    ]
    assert ask(desk)[0][0].title == "Story leaves"


def test_a_section_says_when_it_is_due_also_for_the_age_of_an_entry(desk):
    desk.sections = {"taiwan": section("taiwan", entries=1)}
    desk.restart()
    desk.put("a1", published_at=at(hours=-1))
    desk.put("a2", published_at=at(hours=-2))
    desk.work()
    assert told(desk) == [(at(hours=22), "section-due", None, ("taiwan",))]
    desk.sections = {"china": section("china")}
    assert told(desk) == []


def test_a_renamed_section_appears_under_its_new_name(desk):
    desk.sections["island"] = section("island", formerly=("taiwan",))
    del desk.sections["taiwan"]
    desk.put("a1", published_at=at(hours=1))
    assert told(desk) == [(at(hours=1), "appears", "a1", ("all", "island"))]


def test_changes_that_will_not_happen_are_excluded(desk, clock):
    desk.put("draft", status="draft", published_at=at(hours=1), expires_at=at(hours=2))
    desk.put("out", published_at=at(hours=1), expires_at=at(hours=2))
    withdrawals.withdraw(desk.database, ["out"], by=Actor("desk", "test"))
    desk.put("never", published_at=at(hours=2), expires_at=at(hours=1))
    desk.put("public", published_at=at(), expires_at=None)
    desk.put("expired", expires_at=at())
    assert told(desk) == []
    desk.put("now", published_at=at(seconds=1))
    assert len(told(desk)) == 1
    clock.advance(1)
    assert told(desk) == []


def test_listed_changes_happen(desk, clock):
    desk.put("a1", published_at=at(hours=1), expires_at=at(hours=2))
    desk.work()
    assert desk.document().version == 1
    for _ in range(2):
        item = next(item for item in ask(desk)[0] if item.event != "section-due")
        clock.now = item.at
        desk.work()
        assert ("article/a1<" in desk.body()) == (item.event == "appears")
    assert told(desk) == []


def test_every_item_is_on_exactly_one_page_also_at_the_same_moment(desk):
    for n in range(4):
        for id in (f"A{n}", f"a{n}", f"é {n}"):
            desk.put(id, published_at=at(hours=1), expires_at=at(hours=1 + n))
        desk.put(f"b{n}", published_at=at(hours=-1), expires_at=at(hours=1))
    desk.work()
    whole = ask(desk, limit=200)[0]
    assert {item.event for item in whole} == set(EVENTS)
    assert [item.at for item in whole] == sorted(item.at for item in whole)
    for limit in (1, 3, 7):
        page, after = ask(desk, limit)
        found = page
        while after is not None:
            page, after = ask(desk, limit, after)
            assert len(page) == limit or after is None
            found = found + page
        assert found == whole


INDEXES = {"appears": "ix_article_newest", "leaves": "ix_article_expiry"}


def test_each_kind_is_a_walk_of_one_index_that_stops(database):
    values = {"slug": "s", "url": "/u", "title": "t", "html": "x" * 500, "status": "published"}
    rows = [
        {"id": f"a{n}", "published_at": at(minutes=n - 2000), "expires_at": at(hours=n), **values} for n in range(3000)
    ]
    with database.write() as conn:
        conn.execute(insert(ArticleRow), rows)
        conn.execute(update(ArticleRow).where(ArticleRow.id.like("a%7")).values(expires_at=None))
        conn.exec_driver_sql("ANALYZE")
    for what, index in INDEXES.items():
        for since in (None, (at(hours=1), "appears", "a1")):
            plan = planned(database, query_events(what, ["taiwan"], at(), since).limit(51))
            assert index in plan, plan
            assert "Sort" not in plan and "TEMP B-TREE" not in plan, plan
            assert "SCAN" not in plan and "Seq Scan" not in plan, plan


def planned(database, query):
    explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    with database.read() as conn:
        compiled = query.compile(conn, compile_kwargs={"literal_binds": True})
        return "\n".join(row[-1] for row in conn.exec_driver_sql(f"{explain} {compiled}".replace("%", "%%")))


def test_the_api_pages_through_upcoming_changes_for_previewers(api):
    api.put("a1", title="EMBARGO one", published_at=when(hours=1))
    api.put("b/2", title="EMBARGO two", published_at=when(hours=1), expires_at=when(hours=2))
    api.put("draft", published_at=None)
    api.desk.work()
    said = api.get("/upcoming", ("preview",))
    assert said.status == 200 and said.next is None
    assert said.json["items"][:2] == [
        {"at": when(hours=1), "event": "appears", "sections": ["all", "taiwan"],
         "article": {"id": id, "title": f"EMBARGO {name}"}} for id, name in (("a1", "one"), ("b/2", "two"))
    ]  # fmt: skip
    assert [(item["event"], item["article"]) for item in said.json["items"][2:]] == [
        ("section-due", None), ("section-due", None), ("leaves", {"id": "b/2", "title": "EMBARGO two"}),
    ]  # fmt: skip
    pages = api.pages("/upcoming?limit=1", ("preview",))
    assert [item for page in pages for item in page.json["items"]] == said.json["items"]


@pytest.mark.parametrize("after", ["x", "IA", "MjAyNi0wMy0xNFQxMjowMDowMCswMDowMCBub3RoaW5nIGE", "é"])
def test_an_invalid_cursor_is_rejected(sqlite_api, after):
    said = sqlite_api.get(f"/upcoming?after={after}")
    assert said.kind == "invalid" and "follow the link" in said.json["detail"]


def test_without_preview_no_upcoming_change_is_shown(api):
    api.put("secret-id", title="SECRET", published_at=when(hours=1))
    others = ("read", "write", "regenerate", "feeds", "admin")
    said = api.get("/upcoming", others)
    assert said.kind == "scope" and b"SECRET" not in said.body and b"secret-id" not in said.body
