"""From every earlier revision to this one, with what was in the database."""

import uuid

import psycopg
import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from syndication.errors import StoreError
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.migrations.runner import _config, check, head, migrate, revisions
from syndication.store.publishing import change_queue
from syndication.store.tables.articles import ArticleSectionRow
from tests.newsroom import at
from tests.test_store_engine import KILLED, python

EARLIER = revisions()[-2::-1]


def test_the_names_of_the_files_tell_the_revisions_as_they_are():
    scripts = ScriptDirectory.from_config(_config())
    assert [script.revision for script in scripts.walk_revisions()] == revisions()[::-1]
    assert scripts.get_current_head() == head()


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, tmp_path):
    """A database without a table."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.db'}")
        yield database
        database.close()
        return
    base = request.getfixturevalue("postgres_server")
    name = f"old{uuid.uuid4().hex}"
    with psycopg.connect(base.format(name="postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        database = Database(base.format(name=name))
        yield database
        database.close()
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


NOON = "'2026-03-14T12:00:00.000000Z'"

ROWS = """
    INSERT INTO article (id, slug, url, title, html, published_at, status)
        VALUES ('a1', 's', '/u', 'Old', '<p>', {noon}, 'published');
    INSERT INTO article (id, slug, url, title, status) VALUES ('a2', 's', '/u', 'Out', 'withdrawn');
    INSERT INTO withdrawal (article_id, reason, at, by) VALUES ('a2', 'withdrawn', {noon}, 'desk');
    INSERT INTO article_section (article_id, section, published_at, status)
        VALUES ('a1', 'taiwan', {noon}, 'published');
    INSERT INTO article_author (article_id, position, name) VALUES ('a1', 0, 'Lin');
    INSERT INTO article_tag (article_id, position, tag) VALUES ('a1', 0, 'rail');
    INSERT INTO article_image (article_id, url, width, height) VALUES ('a1', '/i.jpg', 1200, 800);
    INSERT INTO article_enclosure (article_id, position, url, media_type, length, duration)
        VALUES ('a1', 0, '/a.mp3', 'audio/mpeg', 5000000000, 90);
    INSERT INTO section_state (section, fingerprint) VALUES ('taiwan', 'f');
    INSERT INTO change (article_id, noticed_at) VALUES ('a1', {noon})
"""

# One of ours, as an earlier program made it and this one does not, and one of the newsroom's own.
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER syndication_old AFTER UPDATE ON article BEGIN SELECT 1; END",
        "CREATE TRIGGER newsroom_own AFTER UPDATE ON article BEGIN SELECT 1; END",
    ),
    "postgresql": (
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER syndication_old AFTER UPDATE ON article FOR EACH ROW EXECUTE FUNCTION nothing()",
        "CREATE TRIGGER newsroom_own AFTER UPDATE ON article FOR EACH ROW EXECUTE FUNCTION nothing()",
    ),
}


def bring_to(database, revision):
    with database.write() as conn:
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
        for statement in ROWS.format(noon=NOON).split(";\n"):
            conn.exec_driver_sql(statement)
        for statement in TRIGGERS[database.dialect]:
            conn.exec_driver_sql(statement)


def everything(conn):
    """Every row of every table, by column, but for what migrations write of themselves."""
    tables = set(inspect(conn).get_table_names()) - {"alembic_version", "compatible"}
    found = {}
    for table in tables:
        for row in conn.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings():
            found.setdefault(table, []).append({name: value for name, value in row.items() if value is not None})
    return found


def triggers(conn):
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if conn.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    return set(conn.scalars(text(query)))


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("revision", EARLIER)
def test_an_earlier_database_becomes_this_one_with_all_that_was_in_it(old, revision, killed):
    bring_to(old, revision)
    with old.read() as conn:
        before = everything(conn)
    old.close()
    if killed:
        process = python(KILLED, old.url)
        process.communicate()
        assert process.returncode == 77
        with old.read() as conn:
            assert MigrationContext.configure(conn).get_current_revision() == revision
            assert everything(conn) == before
    assert migrate(old) == (revision, head())
    check(old)
    with old.write() as conn:
        assert everything(conn) == before
        assert "newsroom_own" in triggers(conn) and "syndication_old" not in triggers(conn)
        change_queue.remove(conn, change_queue.read(conn).seqs)
        conn.execute(text("UPDATE article_tag SET tag = 'new'"))
        conn.exec_driver_sql(f"UPDATE article SET status = 'published', published_at = {NOON} WHERE id = 'a2'")
        assert change_queue.read(conn).article_ids == {"a1", "a2"}
        assert articles.get_article(conn, "a2").status == "withdrawn"


def test_links_of_an_earlier_database_learn_when_their_articles_expire(old):
    bring_to(old, "0003")
    with old.write() as conn:
        conn.exec_driver_sql(f"UPDATE article SET expires_at = {NOON} WHERE id = 'a1'")
        conn.exec_driver_sql("INSERT INTO article_section (article_id, section) VALUES ('a2', 'taiwan')")
    migrate(old)
    with old.read() as conn:
        found = dict(conn.execute(select(ArticleSectionRow.article_id, ArticleSectionRow.expires_at)).all())
    assert found == {"a1": at(), "a2": None}


@pytest.mark.parametrize("moment", ["infinity", "20000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"])
def test_a_time_that_cannot_be_read_is_named_before_anything_is_migrated(old, moment):
    if old.dialect == "sqlite":
        moment = "0000-03-14T12:00:00.000000Z"
    bring_to(old, "0002")
    with old.write() as conn:
        conn.exec_driver_sql(f"UPDATE article SET expires_at = '{moment}' WHERE id = 'a1'")
    with pytest.raises(StoreError, match=r"article\.expires_at of 'a1' is a time outside of the years 1 to 9999"):
        migrate(old)
    with old.write() as conn:
        assert MigrationContext.configure(conn).get_current_revision() == "0002"
        conn.exec_driver_sql("UPDATE article SET expires_at = NULL")
    migrate(old)
    check(old)
