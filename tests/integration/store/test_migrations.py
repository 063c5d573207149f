"""Upgrades from one release to the next keep the data."""

import uuid

import psycopg
import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.migrations.runner import _config, check, head, migrate, revisions
from syndication.store.publishing import change_queue
from tests.integration.store.test_database import KILLED, python
from tests.support.future import NEXT, TODAY, program


def test_file_names_match_the_revisions():
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
    INSERT INTO withdrawal (article_id, at, by) VALUES ('a2', {noon}, 'desk');
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
    """Returns every row of every table, by column, except those that migrations write about themselves."""
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


def kept(before, after):
    """Returns the earlier columns of the current rows: a newer program may have added tables and columns."""
    return {
        table: [{name: now[name] for name in row} for row, now in zip(rows, after[table], strict=True)]
        for table, rows in before.items()
    }


@pytest.mark.parametrize("killed", [False, True])
def test_an_upgrade_keeps_all_that_was_in_the_database(old, killed, tmp_path):
    bring_to(old, TODAY)
    with old.read() as conn:
        before = everything(conn)
    old.close()
    with program(NEXT, tmp_path):
        if killed:
            process = python(f"VERSIONS = {str(tmp_path / f'versions-{NEXT}')!r}\n{KILLED}", old.url)
            process.communicate()
            assert process.returncode == 77
            with old.read() as conn:
                assert MigrationContext.configure(conn).get_current_revision() == TODAY
                assert everything(conn) == before
        assert migrate(old) == (TODAY, NEXT) == (TODAY, head())
        check(old)
        with old.write() as conn:
            assert kept(before, everything(conn)) == before
            assert "newsroom_own" in triggers(conn) and "syndication_old" not in triggers(conn)
            change_queue.take(conn)
            conn.execute(text("UPDATE article_tag SET tag = 'new'"))
            conn.exec_driver_sql(f"UPDATE article SET status = 'published', published_at = {NOON} WHERE id = 'a2'")
            assert change_queue.take(conn).article_ids == {"a1", "a2"}
            assert articles.get_article(conn, "a2").status == "withdrawn"
