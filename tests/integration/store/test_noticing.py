"""Noticing changes costs few statements, and records the same as looking at each thing alone."""

from contextlib import closing, contextmanager

import pytest
from sqlalchemy import event, select, text, update

from syndication.model.sitemaps import ARCHIVE, NEWS
from syndication.pipeline.gather import process_changes
from syndication.pipeline.sitemaps import SitemapMaker
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, noticed, withdrawals
from syndication.store.articles.change_kinds import change_kinds
from syndication.store.db.database import Database
from syndication.store.publishing import change_queue, sitemap_state
from syndication.store.tables.articles import ArticleSectionRow
from syndication.store.tables.deliveries import DeliveryRow
from syndication.store.tables.search import SearchChangeRow
from syndication.store.tables.sitemaps import SitemapStateRow
from syndication.store.tables.terms import ArticleTermRow, TermRow
from tests.support.desk import Desk
from tests.support.newsroom import article, at

BY = Actor("desk", "192.0.2.7")

MARCH = "2026-03"


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.maker = SitemapMaker(database, desk.site, "desk")
    desk.maker.register()
    desk.put("old", sections=("taiwan",), tags=["rice"], published_at=at(hours=-1))
    write_sitemaps(desk)
    clock.advance(1)
    return desk


def write_sitemaps(desk):
    desk.work()
    for _ in range(2):  # The search for months finds more.
        desk.clock.advance(11)
        list(desk.maker.steps())


@contextmanager
def statements(database):
    """Yields the statements that are executed, without BEGIN."""
    found = []

    def note(conn, cursor, statement, parameters, context, many):
        if not statement.startswith("BEGIN"):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def notice(desk, now=None):
    """Returns the statements of noticing what waits."""
    moment = now or desk.clock()
    with desk.database.write() as conn, statements(desk.database) as found:
        assert process_changes(conn, desk.regenerator.newsroom, moment, desk.regenerator._foreign, None)
    return found


def requested(desk):
    with desk.database.read() as conn:
        rows = conn.execute(select(SitemapStateRow.part, SitemapStateRow.requested_generation))
        return {row.part: row.requested_generation for row in rows}


def test_a_new_article_is_noticed_with_ten_statements_and_with_nine_while_its_sitemaps_wait(desk):
    desk.put("a1", sections=("taiwan", "china"), tags=["rice"])
    assert len(notice(desk)) <= 10
    desk.put("a2", sections=("taiwan", "china"), tags=["rice"])
    assert len(notice(desk)) <= 9
    assert desk.regenerator.newsroom.sections.keys() - desk.work().keys() == {"sports"}


def test_an_article_that_keeps_its_terms_is_noticed_with_seven_statements(desk):
    desk.put("old", title="Corrected", sections=("taiwan",), tags=["rice"], published_at=at(hours=-1))
    assert len(notice(desk)) <= 8
    desk.put("old", title="Once more", sections=("taiwan",), tags=["rice"], published_at=at(hours=-1))
    assert len(notice(desk)) <= 7


def test_many_articles_are_noticed_with_few_statements_for_each_five_hundred(desk):
    many = [article(f"n{number}", sections=("taiwan",), tags=["rice"]) for number in range(1200)]
    list(articles.put_articles(desk.database, many))
    assert len(notice(desk)) <= 17
    with desk.database.read() as conn:
        assert set(conn.scalars(select(ArticleTermRow.article_id).where(ArticleTermRow.key == "rice"))) >= {
            "n0",
            "n999",
        }
        kinds = conn.execute(select(DeliveryRow.kind, DeliveryRow.articles).where(DeliveryRow.article_id.is_(None)))
        assert kinds.all() == [("many", 1000)]
        assert len(set(conn.scalars(select(SearchChangeRow.article_id)))) == 1200


def test_the_kinds_are_those_of_a_look_at_each_article(desk):
    for id in ("edited", "out", "back", "gone", "unwritten"):
        desk.put(id, sections=("taiwan",))
    desk.later(seconds=2)
    withdrawals.withdraw(desk.database, ["out", "back"], BY)
    desk.later(seconds=2)
    withdrawals.restore(desk.database, ["back"], BY)
    desk.put("edited", title="Corrected", sections=("taiwan",))
    desk.put("new", sections=("taiwan",), published_at=at(hours=-1))
    desk.put("draft", status="draft")
    desk.put("later", published_at=at(days=3))
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'gone'"))
    written = dict.fromkeys(("edited", "out", "back", "gone", "new", "draft", "later", "unwritten"), desk.clock())
    with desk.database.read() as conn:
        found = noticed.read(conn, written, desk.clock(), -1)
        assert found.kinds == change_kinds(conn, written, desk.clock())
    assert found.kinds == {
        "edited": "edited",
        "out": "withdrawn",
        "back": "restored",
        "gone": "deleted",
        "new": "published",
        "draft": "draft",
        "later": "scheduled",
        "unwritten": "edited",
    }


def test_terms_of_a_public_article_have_their_addresses_in_the_same_transaction(desk):
    desk.put("a1", sections=("taiwan",), tags=["tea", "rice"])
    desk.put("later", sections=("taiwan",), tags=["silk"], published_at=at(days=3))
    notice(desk)
    with desk.database.read() as conn:
        assert {"tea", "rice"} <= set(conn.scalars(select(TermRow.key)))
        assert "silk" not in set(conn.scalars(select(TermRow.key)))
        waiting = select(ArticleTermRow.article_id).where(ArticleTermRow.registered == 0).distinct()
        assert conn.scalars(waiting).all() == ["later"]


def test_an_embargo_that_ended_unnoticed_gives_addresses_with_the_next_change(desk):
    desk.put("later", sections=(), tags=["silk"], published_at=at(hours=1))
    notice(desk)
    desk.clock.advance(7200)
    with desk.database.write() as conn:
        conn.execute(text("UPDATE section_state SET next_due = NULL"))
    desk.put("a1", sections=("taiwan",))
    notice(desk)
    with desk.database.read() as conn:
        assert "silk" in set(conn.scalars(select(TermRow.key)))


def test_a_part_of_the_sitemaps_that_waits_is_not_requested_again_but_one_that_is_being_written_is(desk):
    before = requested(desk)
    desk.put("a1", sections=("taiwan",), published_at=at(hours=-1))
    notice(desk)
    waiting = requested(desk)
    assert waiting == before | {NEWS: before[NEWS] + 1, MARCH: before[MARCH] + 1}
    desk.put("a2", sections=("taiwan",), published_at=at(hours=-1))
    notice(desk)
    assert requested(desk) == waiting
    desk.clock.advance(11)
    with desk.database.write() as conn:
        claim = sitemap_state.claim(conn, "desk", desk.maker.fingerprint, desk.clock())
        assert claim.part == NEWS
    desk.put("a3", sections=("taiwan",), published_at=at(hours=-1))
    notice(desk)
    assert requested(desk) == waiting | {NEWS: waiting[NEWS] + 1}
    assert ARCHIVE in waiting


def test_a_link_and_a_withdrawal_that_a_writer_did_not_see_are_mended(desk):
    """As a writer with an old snapshot leaves them on PostgreSQL."""
    for id in ("a1", "a2"):
        desk.put(id, sections=("taiwan",))
    notice(desk)
    with desk.database.write() as conn:
        conn.execute(update(ArticleSectionRow).where(ArticleSectionRow.article_id == "a1").values(status="draft"))
        conn.execute(
            text("INSERT INTO withdrawal (article_id, at) VALUES ('a2', :at)"),
            {"at": desk.clock() if desk.database.dialect == "postgresql" else "2026-03-01T00:00:00.000000Z"},
        )
        conn.execute(
            text("INSERT INTO change (article_id, noticed_at) SELECT id, :at FROM article"), {"at": stamp(desk)}
        )
    notice(desk)
    with desk.database.read() as conn:
        links = conn.execute(select(ArticleSectionRow.article_id, ArticleSectionRow.status)).all()
        assert articles.get_article(conn, "a2").status == "withdrawn"
    assert dict(map(tuple, links)) == {"old": "published", "a1": "published", "a2": "withdrawn"}


def stamp(desk):
    moment = desk.clock()
    return moment if desk.database.dialect == "postgresql" else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_what_is_taken_comes_back_if_the_transaction_fails(desk):
    desk.put("a1", sections=("taiwan",))

    def fail():
        with desk.database.write() as conn:
            assert change_queue.take(conn).article_ids == {"a1"}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with desk.database.write() as conn:
        assert change_queue.take(conn).article_ids == {"a1"}


def test_two_workers_never_take_the_same_changes(postgres_url, clock):
    with closing(Database(postgres_url, clock=clock)) as database:
        list(articles.put_articles(database, [article("a1")]))
        with database.write() as one:
            assert change_queue.take(one).article_ids == {"a1"}
            list(articles.put_articles(database, [article("a2")]))
            with database.write() as other:
                assert change_queue.take(other).article_ids == {"a2"}
