"""Articles are stored and read back unchanged."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import select, text

from syndication.errors import ArticleError
from syndication.model.values import Author, Enclosure, Image
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, deletions, withdrawals
from syndication.store.db.database import Database
from syndication.store.tables.articles import DeletedArticleRow
from tests.support.desk import Desk
from tests.support.locks import wait_for_a_lock
from tests.support.newsroom import article, at

FULL = article(
    "full",
    authors=(Author("Lin Mei-hua", "lin@daily.example", "https://daily.example/lin", "lin-7"), Author("Wu")),
    sections=("china", "taiwan"),
    tags=("b", "a"),
    language="zh-Hant",
    image=Image("/i.jpg", "A train", "CNA", "Train", 1200, 800),
    enclosures=(Enclosure("/a.mp3", "audio/mpeg", 5_000_000_000, "Listen", 90), Enclosure("/b.pdf", "application/pdf")),
    expires_at=at(days=3, microseconds=1),
    correction="The date was wrong.",
    guid="https://old.example/?p=1",
)


def put(database, *values):
    return {o.article_id: o.outcome for o in articles.put_articles(database, values)}


def test_every_field_of_an_article_is_read_back_unchanged(database):
    assert put(database, FULL) == {"full": "created"}
    with database.read() as conn:
        assert articles.get_article(conn, "full") == FULL


def test_writing_the_same_twice_changes_nothing(database):
    many = [replace(FULL, id=f"a{n}") for n in range(1200)]
    assert set(put(database, *many).values()) == {"created"}
    with database.write() as conn:
        conn.exec_driver_sql("DELETE FROM change")
    assert set(put(database, *many).values()) == {"unchanged"}
    with database.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM change").scalar() == 0


def test_a_changed_article_is_replaced_with_all_its_parts(database):
    put(database, FULL)
    changed = replace(FULL, title="New", authors=(), tags=("c",), image=None, sections=("sports",), enclosures=())
    assert put(database, changed) == {"full": "updated"}
    with database.read() as conn:
        assert articles.get_article(conn, "full") == changed


def test_times_of_any_zone_are_stored_as_the_same_instant(database):
    taipei = timezone(timedelta(hours=8))
    put(database, article(published_at=at().astimezone(taipei)))
    with database.read() as conn:
        stored = articles.get_article(conn, "a1").published_at
    assert stored == at() and stored.utcoffset() == timedelta(0)


@pytest.mark.parametrize("microsecond", [0, 1, 999_499, 999_500, 999_999])
def test_every_microsecond_can_be_stored(database, microsecond):
    moment = at().replace(microsecond=microsecond)
    put(database, article(published_at=moment, updated_at=moment, expires_at=moment))
    with database.read() as conn:
        assert articles.get_article(conn, "a1").published_at == moment


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"published_at": datetime(2026, 1, 1)}, "published_at is 2026-01-01T00:00:00, without a time zone"),
        ({"title": ""}, "title is empty"),
        ({"url": ""}, "url is empty"),
        ({"status": "live"}, "status is 'live': it must be draft, published or withdrawn"),
        ({"published_at": None}, "published_at is missing"),
        ({"id": "a" * 501}, "id is 'aaaaaaaaaaaaaaaaaaaa'…, with 501 characters: it must have at most 500"),
        ({"sections": ("a" * 101,)}, "sections is .* with 101 characters: it must have at most 100"),
        ({"image": Image("/i", width=2**63)}, "image.width is 9223372036854775808"),
        ({"enclosures": (Enclosure("/a", "audio/mpeg", duration=-1),)}, "enclosures.0.duration is -1"),
    ],
)
def test_an_invalid_article_is_rejected_with_the_reason(database, changes, words):
    with pytest.raises(ArticleError, match=words):
        put(database, article(**changes))
    with database.read() as conn:
        assert articles.count_articles(conn) == 0


def test_a_withdrawn_article_stays_out_until_it_is_restored(database):
    put(database, article())
    assert withdrawals.withdraw(database, ["a1", "nobody"], by=Actor("desk", "test")) == ["nobody"]
    assert put(database, article(title="Again")) == {"a1": "kept_out"}
    with database.read() as conn:
        stored = articles.get_article(conn, "a1")
        assert (stored.status, stored.title) == ("withdrawn", "Again")
    assert withdrawals.restore(database, ["a1", "nobody"], by=Actor("desk", "test")) == ["nobody"]
    with database.read() as conn:
        assert articles.get_article(conn, "a1").status == "published"
    assert put(database, article(title="Again")) == {"a1": "unchanged"}


DESK = Actor("desk", "test")


def delete_row(database):
    with database.write() as conn:
        conn.exec_driver_sql("DELETE FROM article")


def test_a_deleted_article_is_created_again_and_said_to_have_been_deleted(database):
    assert next(articles.put_articles(database, [article()])).deleted_at is None
    delete_row(database)
    (done,) = articles.put_articles(database, [article()])
    assert (done.outcome, done.deleted_at is not None) == ("created", True)
    (again,) = articles.put_articles(database, [article(title="Again")])
    assert (again.outcome, again.deleted_at) == ("updated", None)


def test_a_withdrawal_survives_the_deletion_of_the_article(database):
    put(database, article())
    withdrawals.withdraw(database, ["a1"], by=DESK)
    delete_row(database)
    assert put(database, article(title="Again")) == {"a1": "kept_out"}
    with database.read() as conn:
        assert articles.get_article(conn, "a1") == article(title="Again", status="withdrawn")
    assert withdrawals.restore(database, ["a1"], by=DESK) == []
    with database.read() as conn:
        assert articles.get_article(conn, "a1") == article(title="Again")


def test_a_deleted_article_can_be_withdrawn_and_restored(database):
    put(database, article())
    delete_row(database)
    assert withdrawals.withdraw(database, ["a1", "nobody"], by=DESK) == ["nobody"]
    assert put(database, article()) == {"a1": "kept_out"}
    delete_row(database)
    assert withdrawals.restore(database, ["a1"], by=DESK) == ["a1"]
    assert put(database, article()) == {"a1": "created"}


def test_only_deletions_of_articles_without_a_row_are_kept(database):
    put(database, article("a1"), article("a2"))
    delete_row(database)
    put(database, article("a2"))
    with database.write() as conn:
        deletions.prune(conn)
        assert list(conn.scalars(select(DeletedArticleRow.article_id))) == ["a1"]


def test_a_withdrawal_waits_for_a_row_that_is_being_replaced(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    put(database, article())
    with psycopg.connect(postgres_url) as job, ThreadPoolExecutor(1) as pool:
        job.execute("DELETE FROM article")
        job.execute(
            "INSERT INTO article (id, slug, url, title, status, published_at)"
            " VALUES ('a1', 's', '/u', 'T', 'published', now())"
        )
        waiting = pool.submit(withdrawals.withdraw, database, ["a1"], DESK)
        with psycopg.connect(postgres_url, autocommit=True) as watching:
            wait_for_a_lock(watching)
        job.commit()
        assert waiting.result(10) == []
    with database.read() as conn:
        assert articles.get_article(conn, "a1").status == "withdrawn"
        assert withdrawals.get_withdrawal(conn, "a1").by == "desk"
    database.close()


def test_a_row_written_while_its_article_is_withdrawn_is_withdrawn_by_the_worker(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    desk = Desk(database, clock)
    put(database, article())
    delete_row(database)
    with psycopg.connect(postgres_url) as job:
        job.execute(
            "INSERT INTO article (id, slug, url, title, status, published_at)"
            " VALUES ('a1', 's', '/u', 'Story a1', 'published', now())"
        )
        assert withdrawals.withdraw(database, ["a1"], DESK) == []
        desk.work()  # It reads the change of the withdrawal before there is a row.
    desk.later()
    assert "Story a1" not in desk.body("all")
    with database.read() as conn:
        assert articles.get_article(conn, "a1").status == "withdrawn"
    database.close()


def test_the_longest_id_and_section_and_the_largest_numbers_fit(database):
    large = article(
        "".join(chr(0x1F300 + n) for n in range(500)),
        sections=("a" * 100,),
        image=Image("/i.jpg", width=2**53 - 1, height=2**63 - 1),
        enclosures=(Enclosure("/a.mp3", "audio/mpeg", 2**63 - 1, None, 2**53 - 1),),
    )
    put(database, large)
    with database.read() as conn:
        assert articles.get_article(conn, large.id) == large


def test_two_imports_of_the_same_at_once_in_opposite_order(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    many = [article(f"a{n}") for n in range(200)]
    met = threading.Barrier(2)

    def run(values):
        met.wait(10)
        return put(database, *values)

    with ThreadPoolExecutor(2) as pool:
        outcomes = [task.result(60) for task in [pool.submit(run, many), pool.submit(run, many[::-1])]]
    assert sorted({outcome for values in outcomes for outcome in values.values()}) == ["created", "unchanged"]
    with database.read() as conn:
        assert articles.count_articles(conn) == 200
    database.close()


def test_after_an_import_the_planner_knows_its_tables(database):
    put(database, *(article(f"a{n}") for n in range(3)))
    articles.analyze(database)
    if database.dialect == "postgresql":
        with database.read() as conn:
            assert conn.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'article_section'")) == 3


def test_a_restored_draft_is_a_draft(database):
    put(database, article("a1", status="draft"), article("a2"))
    desk = Actor("desk", "test")
    withdrawals.withdraw(database, ["a1", "a2"], by=desk)
    withdrawals.restore(database, ["a1", "a2"], by=desk)
    with database.read() as conn:
        found = articles.load_articles(conn, ["a1", "a2"])
    assert [found[id].status for id in ("a1", "a2")] == ["draft", "published"]


@pytest.mark.parametrize("way", ["put", "update", "insert"])
def test_restore_applies_the_last_status_requested_while_withdrawn(database, way):
    put(database, article("a1"))
    desk = Actor("desk", "test")
    withdrawals.withdraw(database, ["a1"], by=desk)
    if way == "put":
        assert put(database, article("a1", status="draft")) == {"a1": "kept_out"}
    with database.write() as conn:
        if way == "update":
            conn.execute(text("UPDATE article SET status = 'draft'"))
        elif way == "insert":
            conn.execute(text("DELETE FROM article"))
            conn.execute(text("INSERT INTO article (id, slug, url, title) VALUES ('a1', 's', '/u', 'T')"))
    withdrawals.restore(database, ["a1"], by=desk)
    with database.read() as conn:
        assert articles.get_article(conn, "a1").status == "draft"
