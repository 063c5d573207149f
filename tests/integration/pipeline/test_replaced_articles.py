"""Rows that are deleted and inserted again in one transaction are replaced: readers see nothing of it."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import delete, insert, inspect, select, text
from sqlalchemy.orm import Session

from syndication.model.values import Enclosure, Image
from syndication.store.db.database import Database
from syndication.store.publishing import published
from syndication.store.tables.articles import (
    ArticleRow,
    ArticleSectionRow,
    AuthorRow,
    EnclosureRow,
    ImageRow,
    TagRow,
)
from tests.support.desk import Desk
from tests.support.locks import wait_for_a_lock
from tests.support.newsroom import at

CHILDREN = (ArticleSectionRow, AuthorRow, TagRow, ImageRow, EnclosureRow)
TABLES = (ArticleRow, *CHILDREN)
NAMES = ", ".join(table.__tablename__ for table in TABLES)


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    fill(desk)
    return desk


def fill(desk):
    """Publishes articles with rows in every table: with a guid, a correction, under embargo, withdrawn."""
    more = {"image": Image("/i.jpg"), "enclosures": (Enclosure("/a.mp3", "audio/mpeg"),)}
    desk.put("a1", sections=("taiwan", "china"), **more)
    desk.put("a2", guid="https://old.example/?p=2", updated_at=at(minutes=-5), **more)
    desk.put("a3", published_at=at(hours=1))
    desk.put("a4", status="withdrawn")
    desk.put("a5", sections=("china",), updated_at=None)
    desk.work()
    desk.put("a5", sections=("china",), updated_at=None, correction="It was wrong.")
    desk.later()


def state(desk):
    """Returns what readers see of every section, with the version, and its tombstones."""
    with desk.database.read() as conn:
        found = {slug: published.get_published(conn, slug) for slug in desk.sections}
    return {
        slug: (one.version, one.digests, one.entries, one.next_due, desk.tombstones(slug))
        for slug, one in found.items()
    }


def rows(conn):
    return {table: [dict(row) for row in conn.execute(select(table.__table__)).mappings()] for table in TABLES}


def insert_all(conn, found):
    for table, values in found.items():
        conn.execute(insert(table), values)


def by_sql(database, clear):
    with database.write() as conn:
        found = rows(conn)
        clear(conn)
        insert_all(conn, found)


def by_orm(database):
    with Session(database.engine) as session:
        found = list(session.scalars(select(ArticleRow)))
        for one in found:
            for child in (*one.sections, *one.authors, *one.tags, *one.enclosures, *filter(None, [one.image])):
                inspect(child).mapper.class_  # noqa: B018  # loads it before it is detached
        copies = [
            ArticleRow(**{column.key: getattr(one, column.key) for column in inspect(ArticleRow).column_attrs})
            for one in found
        ]
        children = [
            type(child)(**{column.key: getattr(child, column.key) for column in inspect(type(child)).column_attrs})
            for one in found
            for child in (*one.sections, *one.authors, *one.tags, *one.enclosures, *filter(None, [one.image]))
        ]
        for one in found:
            session.delete(one)
        session.flush()
        session.add_all([*copies, *children])
        session.commit()


def delete_articles(conn):
    conn.execute(delete(ArticleRow))


def delete_children(conn):
    for table in CHILDREN:
        conn.execute(delete(table))


WAYS = {
    "DELETE and INSERT": lambda database: by_sql(database, delete_articles),
    "ORM": by_orm,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_row_deleted_and_inserted_in_one_transaction_changes_nothing(desk, way):
    before = state(desk)
    WAYS[way](desk.database)
    assert {outcome.result for outcome in desk.later().values()} == {"unchanged"}
    assert state(desk) == before


@pytest.mark.parametrize("table", CHILDREN)
def test_a_child_row_deleted_and_inserted_in_one_transaction_changes_nothing(desk, table):
    before = state(desk)
    with desk.database.write() as conn:
        found = rows(conn)[table]
        conn.execute(delete(table))
        conn.execute(insert(table), found)
    assert {outcome.result for outcome in desk.later().values()} == {"unchanged"}
    assert state(desk) == before


def test_a_row_inserted_again_later_has_the_entry_that_it_had(desk):
    with desk.database.write() as conn:
        found = rows(conn)
        conn.execute(delete(ArticleRow))
    before = state(desk)
    desk.later()
    assert desk.tombstones() == {"a1": "deleted", "a2": "deleted"}
    with desk.database.write() as conn:
        insert_all(conn, found)
    desk.later()
    after = state(desk)
    for slug in desk.sections:
        shown = [
            {id: (one.entry_id, one.position, one.digest, one.published_at) for id, one in found[slug][2].items()}
            for found in (before, after)
        ]
        assert shown[0] == shown[1] and desk.tombstones(slug) == {}, slug


@pytest.mark.parametrize("setting", ["", "PRAGMA recursive_triggers = ON;", "PRAGMA foreign_keys = ON;"])
def test_insert_or_replace_of_every_row_changes_nothing(sqlite_database, clock, setting):
    desk = Desk(sqlite_database, clock)
    fill(desk)
    before = state(desk)
    keep = "".join(f"CREATE TEMP TABLE old_{one.__tablename__} AS SELECT * FROM {one.__tablename__};" for one in TABLES)
    write = "".join(
        f"INSERT OR REPLACE INTO {one.__tablename__} SELECT * FROM old_{one.__tablename__};" for one in TABLES
    )
    script = f"{setting} BEGIN; {keep} {write} COMMIT;"
    path = sqlite_database.url.removeprefix("sqlite:///")
    subprocess.run(["sqlite3", "-bail", path], input=script, text=True, check=True)
    assert {outcome.result for outcome in desk.later().values()} == {"unchanged"}
    assert state(desk) == before


@pytest.fixture
def postgres_desk(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    desk = Desk(database, clock)
    fill(desk)
    yield desk
    database.close()


def test_truncate_and_reload_in_one_transaction_changes_nothing(postgres_desk):
    before = state(postgres_desk)
    by_sql(postgres_desk.database, lambda conn: conn.execute(text(f"TRUNCATE {NAMES}")))
    assert {outcome.result for outcome in postgres_desk.later().values()} == {"unchanged"}
    assert state(postgres_desk) == before


def test_a_feed_regenerated_during_truncate_and_reload_loses_nothing(postgres_desk, postgres_url):
    desk = postgres_desk
    before = state(desk)
    with desk.database.read() as conn:
        found = rows(conn)
    with desk.database.write() as conn:
        conn.execute(text("UPDATE section_state SET requested_generation = requested_generation + 1"))
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url, autocommit=True) as watching:
        with desk.database.write() as conn:
            conn.execute(text(f"TRUNCATE {NAMES}"))
            insert_all(conn, found)
            working = pool.submit(desk.later)
            wait_for_a_lock(watching)
        assert {outcome.result for outcome in working.result(30).values()} == {"unchanged"}
    assert state(desk) == before
