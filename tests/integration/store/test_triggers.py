"""Every write is captured in the writer's own transaction, however it is made."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import psycopg
import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from syndication.model.values import Enclosure, Image
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, withdrawals
from syndication.store.db.database import Database
from syndication.store.db.types import utc_text
from syndication.store.migrations.runner import check, migrate
from syndication.store.publishing import change_queue
from syndication.store.tables.articles import (
    ArticleRow,
    ArticleSectionRow,
    AuthorRow,
    DeletedArticleRow,
    EnclosureRow,
    ImageRow,
    TagRow,
    WithdrawalRow,
)
from syndication.store.tables.publishing import ChangeRow
from syndication.store.triggers import changed_triggers, create_triggers, missing_triggers
from tests.support.locks import wait_for_a_lock
from tests.support.newsroom import article, at

VALUES = {"id": "a1", "slug": "s", "url": "/u", "title": "T", "status": "published", "published_at": at()}


def noticed(database) -> set[str | None]:
    """Returns the articles in the queue, and empties it."""
    with database.write() as conn:
        found = set(conn.scalars(select(ChangeRow.article_id)))
        conn.execute(delete(ChangeRow))
        return found


def put(database, *ids, **values):
    list(articles.put_articles(database, [article(id, **values) for id in ids]))
    noticed(database)


def status(database, id="a1"):
    with database.read() as conn:
        return conn.scalar(select(ArticleRow.status).where(ArticleRow.id == id))


def link(database, id="a1"):
    with database.read() as conn:
        query = select(ArticleSectionRow.section, ArticleSectionRow.status, ArticleSectionRow.published_at)
        return [tuple(row) for row in conn.execute(query.where(ArticleSectionRow.article_id == id))]


def test_an_orm_commit_is_noticed(database):
    with Session(database.engine) as session:
        session.add(
            ArticleRow(**VALUES, sections=[ArticleSectionRow(section="taiwan")], tags=[TagRow(position=0, tag="x")])
        )
        session.commit()
    assert noticed(database) == {"a1"}
    with Session(database.engine) as session:
        session.get_one(ArticleRow, "a1").title = "New"
        session.commit()
    assert noticed(database) == {"a1"}


def test_core_bulk_statements_are_noticed(database):
    put(database, "a1", "a2", "a3")
    with database.write() as conn:
        conn.execute(update(ArticleRow).where(ArticleRow.id != "a3").values(title="Bulk"))
    assert noticed(database) == {"a1", "a2"}


def test_an_upsert_is_noticed_whether_it_inserts_or_updates(database):
    dialect = sqlite if database.dialect == "sqlite" else postgresql
    for title in ("one", "two"):
        statement = dialect.insert(ArticleRow).values(**{**VALUES, "title": title})
        with database.write() as conn:
            conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"title": title}))
        assert noticed(database) == {"a1"}


def test_a_changed_primary_key_is_noticed_under_both_names(database):
    put(database, "a1", tags=("x",))
    with database.write() as conn:
        conn.execute(update(ArticleRow).values(id="b1"))
    assert noticed(database) == {"a1", "b1"}
    with database.read() as conn:
        assert articles.get_article(conn, "b1").tags == ("x",)


def test_a_deleted_row_is_recorded_and_returns_as_it_is_written(database):
    put(database, "a1", tags=("x",))
    with database.write() as conn:
        conn.execute(delete(ArticleRow))
    assert noticed(database) == {"a1"}
    with database.read() as conn:
        assert conn.scalars(select(DeletedArticleRow.article_id)).all() == ["a1"]
        assert conn.execute(select(WithdrawalRow.article_id)).all() == []
        assert conn.scalar(select(TagRow.tag)) is None
    with database.write() as conn:
        conn.execute(insert(ArticleRow).values(**VALUES))
    assert status(database) == "published" and noticed(database) == {"a1"}


@pytest.mark.parametrize("table", [ArticleSectionRow, AuthorRow, TagRow, ImageRow, EnclosureRow])
def test_every_table_that_a_feed_reads_is_watched(database, table):
    file = (Enclosure("/a.mp3", "audio/mpeg"),)
    put(database, "a1", "a2", image=Image("/i.jpg"), enclosures=file)
    columns = {ArticleSectionRow: "section", AuthorRow: "name", TagRow: "tag"}
    change = {columns.get(table, "url"): "changed"}
    with database.write() as conn:
        conn.execute(update(table).where(table.article_id == "a1").values(**change))
    assert noticed(database) == {"a1"}
    with database.write() as conn:
        conn.execute(delete(table).where(table.article_id == "a1"))
    assert noticed(database) == {"a1"}
    with database.write() as conn:
        conn.execute(update(table).values(article_id="a1"))
    assert noticed(database) == {"a1", "a2"}


def test_a_cascade_is_noticed(database):
    put(database, "a1")
    with database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'a1'"))
        assert conn.scalar(select(ArticleSectionRow.section)) is None
    assert noticed(database) == {"a1"}


def test_a_transaction_that_is_rolled_back_leaves_no_trace(database):
    with pytest.raises(IntegrityError), database.write() as conn:
        conn.execute(insert(ArticleRow), [VALUES, VALUES])
    assert noticed(database) == set()


def test_links_follow_the_article(database):
    put(database, "a1")
    assert link(database) == [("taiwan", "published", at(hours=-1))]
    with database.write() as conn:
        conn.execute(update(ArticleRow).values(published_at=at(hours=2), status="draft"))
    assert link(database) == [("taiwan", "draft", at(hours=2))]
    with database.write() as conn:
        conn.execute(insert(ArticleSectionRow).values(article_id="a1", section="china", status="published"))
    assert {status for _, status, _ in link(database)} == {"draft"}
    with database.write() as conn:
        conn.execute(update(ArticleSectionRow).values(status="published", published_at=at(days=-9)))
    assert {tuple(values) for _, *values in link(database)} == {("draft", at(hours=2))}


def expiries(database):
    with database.read() as conn:
        return set(conn.scalars(select(ArticleSectionRow.expires_at)))


def test_links_know_when_the_article_expires(database):
    put(database, "a1", expires_at=at(hours=1))
    assert expiries(database) == {at(hours=1)}
    for moment in (at(hours=2), None, at(hours=-1)):
        with database.write() as conn:
            conn.execute(update(ArticleRow).values(expires_at=moment))
            conn.execute(insert(ArticleSectionRow).values(article_id="a1", section=f"s{moment.hour if moment else 0}"))
        assert expiries(database) == {moment}
    with database.write() as conn:
        conn.execute(update(ArticleSectionRow).values(expires_at=at(days=9)))
    assert expiries(database) == {at(hours=-1)}


@pytest.mark.parametrize("way", ["update", "upsert", "orm", "put", "replace"])
def test_a_withdrawn_article_stays_out_after_any_write(database, way):
    put(database, "a1")
    withdrawals.withdraw(database, ["a1"], by=Actor("desk", "test"))
    if way == "update":
        with database.write() as conn:
            conn.execute(update(ArticleRow).values(status="published"))
    elif way == "upsert":
        dialect = sqlite if database.dialect == "sqlite" else postgresql
        statement = dialect.insert(ArticleRow).values(**VALUES)
        with database.write() as conn:
            conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"status": "published"}))
    elif way == "orm":
        with Session(database.engine) as session:
            session.get_one(ArticleRow, "a1").status = "published"
            session.commit()
    elif way == "replace":
        with database.write() as conn:
            conn.execute(delete(ArticleRow))
            conn.execute(insert(ArticleRow).values(**VALUES))
            conn.execute(insert(ArticleSectionRow).values(article_id="a1", section="taiwan"))
    else:
        put(database, "a1", title="Again")
    assert status(database) == "withdrawn"
    assert {status for _, status, _ in link(database)} == {"withdrawn"}


def test_a_withdrawal_follows_a_changed_id(database):
    put(database, "a1")
    withdrawals.withdraw(database, ["a1"], by=Actor("desk", "test"))
    with database.write() as conn:
        conn.execute(update(ArticleRow).values(id="b1"))
        conn.execute(update(ArticleRow).values(status="published"))
    assert status(database, "b1") == "withdrawn"


def test_the_id_that_a_withdrawn_article_had_stays_out_too(database):
    put(database, "a1")
    withdrawals.withdraw(database, ["a1"], by=Actor("desk", "test"))
    with database.write() as conn:
        conn.execute(update(ArticleRow).values(id="b1"))
    with database.read() as conn:
        assert conn.execute(select(WithdrawalRow.article_id, WithdrawalRow.by)).all() == [
            ("a1", "desk"),
            ("b1", "desk"),
        ]
    put(database, "a1")
    assert (status(database, "a1"), status(database, "b1")) == ("withdrawn", "withdrawn")


INSERT = (
    "INSERT INTO article (id, slug, url, title, status, published_at) VALUES ('a1', 's', '/u', 'T', 'published', now())"
)
UPSERT = f"{INSERT} ON CONFLICT (id) DO UPDATE SET status = 'published'"


@pytest.mark.parametrize("level", ["READ_COMMITTED", "REPEATABLE_READ"])
@pytest.mark.parametrize("statement", [INSERT, UPSERT])
def test_a_story_that_is_being_withdrawn_and_deleted_does_not_come_back(postgres_url, clock, statement, level):
    database = Database(postgres_url, clock=clock)
    put(database, "a1")
    with psycopg.connect(postgres_url) as deleting, psycopg.connect(postgres_url) as writing:
        writing.isolation_level = psycopg.IsolationLevel[level]
        writing.execute("SELECT 1 FROM article")
        deleting.execute("UPDATE article SET status = 'withdrawn'")
        deleting.execute("DELETE FROM article")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(writing.execute, statement)
            with psycopg.connect(postgres_url, autocommit=True) as watching:
                wait_for_a_lock(watching)
            deleting.commit()
            try:
                waiting.result(10)
            except psycopg.errors.SerializationFailure:
                assert level == "REPEATABLE_READ"
                writing.rollback()
    assert status(database) == ("withdrawn" if level == "READ_COMMITTED" else None)
    database.close()


def test_a_repeatable_read_can_write_new_articles(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    with psycopg.connect(postgres_url) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.execute(INSERT)
    assert status(database) == "published"
    with database.read() as conn:
        assert conn.execute(select(WithdrawalRow.article_id)).all() == []
    database.close()


def test_a_hand_typed_withdrawal_counts(database):
    put(database, "a1")
    with database.write() as conn:
        conn.execute(text("UPDATE article SET status = 'withdrawn' WHERE id = 'a1'"))
        conn.execute(text("UPDATE article SET status = 'published' WHERE id = 'a1'"))
    assert status(database) == "withdrawn"


def test_only_what_was_read_is_deleted_from_the_queue(database):
    put(database, "a1")
    with database.write() as conn:
        conn.execute(update(ArticleRow).values(title="1"))
    with database.write() as conn:
        read = change_queue.take(conn)
        conn.execute(update(ArticleRow).values(title="2"))
    assert read.article_ids == noticed(database) == {"a1"}


def test_a_missing_trigger_is_detected_and_recreated(database):
    with database.write() as conn:
        on = " ON article_tag" if database.dialect == "postgresql" else ""
        name = "syndication_article_tag_changed" if on else "syndication_article_tag_updated"
        conn.execute(text(f"DROP TRIGGER {name}{on}"))
    with database.read() as conn:
        assert missing_triggers(conn) == [name]
    with pytest.raises(Exception, match=f"lacks the trigger {name}.*syndication migrate"):
        check(database)
    with database.write() as conn:
        create_triggers(conn)
    check(database)


def test_a_trigger_that_differs_from_this_programs_is_detected(database):
    with database.write() as conn:
        if database.dialect == "postgresql":
            on, empty = " ON article_tag", " AFTER INSERT ON article_tag EXECUTE FUNCTION syndication_child()"
            name, function = "syndication_article_tag_changed", "syndication_stays_out"
            body = "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
            conn.execute(text(f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger {body}"))
        else:
            on, empty = "", " AFTER UPDATE ON article_tag BEGIN SELECT 1; END"
            name = "syndication_article_tag_updated"
        conn.exec_driver_sql(f"DROP TRIGGER {name}{on}")
        conn.exec_driver_sql(f"CREATE TRIGGER {name}{empty}")
        if database.dialect == "postgresql":
            conn.exec_driver_sql(f"ALTER TABLE article_tag ENABLE ALWAYS TRIGGER {name}")
    with database.read() as conn:
        assert missing_triggers(conn) == []
        found = changed_triggers(conn)
    assert found == ([name] if database.dialect == "sqlite" else ["syndication_article_stays_out", name])
    with pytest.raises(Exception, match=f"{name} of this program"):
        check(database)
    migrate(database)
    check(database)


def shell(database: Database, script: str) -> None:
    """Types ``script`` into the sqlite3 shell, which has foreign keys off."""
    path = database.url.removeprefix("sqlite:///")
    done = subprocess.run(["sqlite3", "-bail", path], input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


ROW = f"'a1', 's', '/u', 'Typed', 'published', '{utc_text(at().astimezone(UTC))}'"
COLUMNS = "id, slug, url, title, status, published_at"


def test_a_hand_typed_sqlite_session_is_noticed(sqlite_database):
    shell(sqlite_database, f"INSERT INTO article ({COLUMNS}) VALUES ({ROW});")
    assert noticed(sqlite_database) == {"a1"}
    shell(sqlite_database, "INSERT INTO article_section (article_id, section) VALUES ('a1', 'taiwan');")
    assert noticed(sqlite_database) == {"a1"}
    assert link(sqlite_database) == [("taiwan", "published", at())]
    shell(sqlite_database, "DELETE FROM article;")
    assert noticed(sqlite_database) == {"a1"}
    assert link(sqlite_database) == []


SETTINGS = ["", "PRAGMA recursive_triggers = ON;", "PRAGMA foreign_keys = ON;"]


@pytest.mark.parametrize("setting", SETTINGS)
def test_replace_is_noticed_and_is_no_withdrawal(sqlite_database, setting):
    put(sqlite_database, "a1", "a2")
    both = f"({ROW}), ({ROW.replace('a1', 'a2')})"
    shell(sqlite_database, f"{setting} REPLACE INTO article ({COLUMNS}) VALUES {both};")
    assert noticed(sqlite_database) == {"a1", "a2"}
    assert {status(sqlite_database), status(sqlite_database, "a2")} == {"published"}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("delete", ["", "DELETE FROM article;"])
def test_replacing_a_withdrawn_article_keeps_it_withdrawn(sqlite_database, setting, delete):
    put(sqlite_database, "a1")
    withdrawals.withdraw(sqlite_database, ["a1"], by=Actor("desk", "test"))
    shell(sqlite_database, f"{setting} {delete} REPLACE INTO article ({COLUMNS}) VALUES ({ROW});")
    assert status(sqlite_database) == "withdrawn"


def test_replace_that_displaces_another_row_by_its_rowid_is_noticed_for_both(sqlite_database):
    put(sqlite_database, "a0")
    with sqlite_database.read() as conn:
        rowid = conn.exec_driver_sql("SELECT rowid FROM article").scalar()
    shell(sqlite_database, f"REPLACE INTO article (rowid, {COLUMNS}) VALUES ({rowid}, {ROW});")
    assert noticed(sqlite_database) == {"a0", "a1"}


@pytest.mark.parametrize("conflict", ["IGNORE", "REPLACE", "FAIL", "ROLLBACK"])
def test_an_outer_conflict_clause_does_not_change_what_the_triggers_mean(sqlite_database, conflict):
    put(sqlite_database, "a1")
    withdrawals.withdraw(sqlite_database, ["a1"], by=Actor("desk", "test"))
    noticed(sqlite_database)
    shell(sqlite_database, f"UPDATE OR {conflict} article SET title = 'New', status = 'published';")
    assert noticed(sqlite_database) == {"a1"}
    assert status(sqlite_database) == "withdrawn"


@pytest.mark.parametrize(
    "moment",
    ["2026-03-14 08:00:00", "2026-03-14T08:00:00Z", "2026-03-14T08:00:00.000000+08:00", "2026-02-30T08:00:00.000000Z"],
)
def test_a_hand_typed_time_of_another_form_is_refused_not_misread(sqlite_database, moment):
    put(sqlite_database, "a1")
    with pytest.raises(IntegrityError, match="published_at_is_utc"), sqlite_database.write() as conn:
        conn.execute(text("UPDATE article SET published_at = :moment"), {"moment": moment})


@pytest.mark.parametrize("column", ["published_at", "updated_at", "expires_at"])
@pytest.mark.parametrize("moment", ["infinity", "-infinity", "20000-01-01 00:00+00", "0044-03-15 00:00+00 BC"])
def test_a_time_that_no_program_can_read_is_refused(postgres_url, clock, column, moment):
    database = Database(postgres_url, clock=clock)
    put(database, "a1")
    with pytest.raises(IntegrityError, match=f"{column}_is_in_the_years_1_to_9999"), database.write() as conn:
        conn.execute(text(f"UPDATE article SET {column} = '{moment}'"))
    with database.write() as conn:
        conn.execute(text(f"UPDATE article SET {column} = '9999-12-31 23:59:59.999999+00'"))
        conn.execute(text(f"UPDATE article SET {column} = '0001-01-01 00:00:00+00'"))
    with database.read() as conn:
        assert getattr(articles.get_article(conn, "a1"), column).year == 1
    database.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE article SET updated_at = '0000-01-01T00:00:00.000000Z'", "article.updated_at must be in the years"),
        ("UPDATE article SET title = x'616263'", "article.title must be text, not a BLOB"),
        ("UPDATE article SET html = x'616263'", "article.html must be text, not a BLOB"),
        ("UPDATE article SET expires_at = cast('2026-03-14T08:00:00.000000Z' AS blob)", "article.expires_at must be"),
        ("UPDATE article_tag SET tag = x'616263'", "article_tag.tag must be text, not a BLOB"),
        ("UPDATE article_image SET width = 'wide'", "article_image.width must be a whole number"),
        ("UPDATE article_image SET height = 1.5", "article_image.height must be a whole number"),
        ("INSERT INTO article_author VALUES ('a1', 7, x'61', NULL, NULL, NULL)", "article_author.name must be text"),
        ("UPDATE OR IGNORE article SET title = x'616263'", "article.title must be text"),
    ],
)
def test_values_that_no_program_can_read_are_rejected_by_sqlite(sqlite_database, statement, words):
    put(sqlite_database, "a1", image=Image("/i.jpg"))
    with pytest.raises(IntegrityError, match=words), sqlite_database.write() as conn:
        conn.exec_driver_sql(statement)


@pytest.mark.parametrize("slug", ["Taiwan", "arts & leisure", "-x", "a--b", "", "é"])
def test_a_section_that_is_no_slug_is_refused(database, slug):
    put(database, "a1")
    with pytest.raises(IntegrityError), database.write() as conn:
        conn.execute(insert(ArticleSectionRow).values(article_id="a1", section=slug))


def test_a_raw_session_with_another_search_path_is_noticed(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    put(database, "a1")
    with psycopg.connect(postgres_url) as conn:
        conn.execute("CREATE SCHEMA elsewhere")
        conn.execute("SET search_path = elsewhere")
        conn.execute("UPDATE public.article SET title = 'Typed'")
        conn.execute("UPDATE public.article_tag SET tag = 'typed'")
    assert noticed(database) == {"a1"}
    database.close()


@pytest.mark.parametrize("table", ["article CASCADE", "article_section", "article_tag", "article_image"])
def test_truncate_is_noticed(postgres_url, clock, table):
    database = Database(postgres_url, clock=clock)
    put(database, "a1")
    with psycopg.connect(postgres_url) as conn:
        conn.execute(f"TRUNCATE {table}")
    assert None in noticed(database)
    if table.startswith("article "):
        with database.read() as conn:
            assert conn.scalars(select(DeletedArticleRow.article_id)).all() == ["a1"]
        put(database, "a1")
        assert status(database) == "published"
    database.close()
