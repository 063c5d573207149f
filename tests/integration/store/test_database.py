"""Opening the database, migrating it, and waiting for it."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from syndication.errors import ConfigError, StoreError
from syndication.store.articles import articles
from syndication.store.db.database import WORK, Database, DatabaseDown, SerializationConflict
from syndication.store.db.listen import Waker
from syndication.store.migrations.runner import check, head, migrate
from syndication.store.tables import publishing, search
from syndication.store.tables.articles import ArticleRow, Base
from syndication.store.triggers import missing_triggers
from tests.support.newsroom import article

ROOT = Path(__file__).parents[3]


def put(database, *values):
    list(articles.put_articles(database, values))


def test_a_snapshot_sees_one_state(database):
    put(database, article("a1"))
    with database.snapshot() as conn:
        before = conn.scalar(select(ArticleRow.title))
        writer = threading.Thread(target=put, args=(database, article("a1", title="New")))
        writer.start()
        writer.join(10)
        assert conn.scalar(select(ArticleRow.title)) == before
    with database.read() as conn:
        assert conn.scalar(select(ArticleRow.title)) == "New"


def test_a_writer_takes_its_lock_at_the_start(sqlite_database):
    with sqlite_database.write():
        other = sqlite3.connect(sqlite_database.url.removeprefix("sqlite:///"), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def waits_for_the_disk(database, conn):
    database.now(conn)
    if database.dialect == "sqlite":
        return conn.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
    return conn.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


@pytest.fixture
def real_time(database):
    """The database with its own clock and with commits that wait for the disk, unlike those of other tests."""
    opened = Database(database.url)
    if opened.dialect == "postgresql":
        event.listen(opened.engine, "connect", lambda raw, _: raw.execute("SET synchronous_commit = on"))
    yield opened
    opened.close()


def test_only_what_would_be_done_again_does_not_wait_for_the_disk(real_time):
    for _ in range(2):  # On the same connection.
        with real_time.write_again() as conn:
            assert not waits_for_the_disk(real_time, conn)
        with real_time.write() as conn:
            assert waits_for_the_disk(real_time, conn)


def test_a_glance_begins_no_transaction_and_what_follows_on_its_connection_does(database):
    def is_in_transaction(conn):
        raw = conn.connection.dbapi_connection
        return raw.in_transaction if database.dialect == "sqlite" else raw.info.transaction_status.name == "INTRANS"

    for _ in range(2):
        with database.glance() as conn:
            conn.execute(select(ArticleRow.id)).all()
            assert not is_in_transaction(conn)
        with database.read() as conn:
            conn.execute(select(ArticleRow.id)).all()
            assert is_in_transaction(conn)


def test_no_text_of_an_article_is_in_an_error(database):
    put(database, article("a1", title="Embargoed"))
    with pytest.raises(DBAPIError) as caught, database.write() as conn:
        conn.execute(insert(ArticleRow).values(id="a1", slug="s", url="/u", title="Embargoed"))
    # PostgreSQL's own DETAIL may quote a row, which is why a driver's message is never logged.
    shown = str(caught.value).split("DETAIL")[0]
    assert "Embargoed" not in shown and "/u" not in shown


def test_a_naive_time_is_refused(database):
    with pytest.raises(Exception, match="has no time zone"), database.write() as conn:
        conn.execute(update(ArticleRow).values(published_at=datetime(2026, 1, 1)))


@pytest.mark.parametrize("url", ["nonsense", "mysql://h/x", "sqlite://", "sqlite:///:memory:"])
def test_an_unsupported_database_address_is_rejected_with_the_reason(url):
    with pytest.raises(ConfigError, match=r"database\.url"):
        Database(url)


@pytest.mark.parametrize("url", ["postgres:/u:secret@h/x", "u:secret@h", "postgresql://u:secret@h:port/x"])
def test_an_invalid_address_is_reported_without_its_password(url):
    with pytest.raises(ConfigError, match=r"database\.url") as caught:
        Database(url)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def _is_of_both(_object, name, *_):
    """SQLite has its full-text table instead of PostgreSQL's index of words."""
    return not name.startswith("article_words") and name != "ix_article_search_words"


def test_the_migrated_tables_are_those_of_the_models(database):
    assert publishing and search
    with database.read() as conn:
        options = {"include_object": _is_of_both} if database.dialect == "sqlite" else {}
        assert compare_metadata(MigrationContext.configure(conn, opts=options), Base.metadata) == []
        assert missing_triggers(conn) == []


def test_migrating_again_changes_nothing(database):
    put(database, article())
    assert migrate(database) == (head(), head())
    check(database)
    with database.read() as conn:
        assert articles.count_articles(conn) == 1


def test_another_revision_is_refused_in_one_sentence(database):
    with database.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(
        StoreError, match=f"is at revision 0000, which this program, of revision {head()}, does not support"
    ):
        check(database)


KILLED = """
import os, sys
from pathlib import Path
from syndication.store.migrations import runner as module
from syndication.store.db.database import Database
module.create_triggers = lambda conn: os._exit(77)
if "VERSIONS" in globals():  # Those of a newer program.
    module.VERSIONS.append(Path(VERSIONS))
module.migrate(Database(sys.argv[1]))
"""

TWICE = """
import sys
from syndication.store.db.database import Database
from syndication.store.migrations.runner import migrate
print(migrate(Database(sys.argv[1])))
"""


def python(script, url, **options):
    return subprocess.Popen(
        [sys.executable, "-c", script, url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request, tmp_path):
    """A database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    base = request.getfixturevalue("postgres_server")
    name = f"bare{os.getpid()}"
    with psycopg.connect(base.format(name="postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
        yield base.format(name=name)
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_migration_killed_half_way_has_done_nothing_and_runs_again(bare_url):
    killed = python(KILLED, bare_url)
    killed.communicate()
    assert killed.returncode == 77
    database = Database(bare_url)
    with database.read() as conn:
        assert MigrationContext.configure(conn).get_current_revision() is None
    assert migrate(database) == (None, head())
    check(database)
    database.close()


def test_two_concurrent_migrations_run_once(bare_url):
    both = [python(TWICE, bare_url), python(TWICE, bare_url)]
    outputs = sorted(process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert outputs == sorted([f"(None, '{head()}')\n", f"('{head()}', '{head()}')\n"])


def test_a_waker_sees_the_commit_of_another_connection_and_nothing_else(database):
    waker = Waker(database, WORK)
    assert waker.wait(2), "at first anything may have changed"
    for attempt in range(5):  # A busy machine may be late once, and without a notification all would be.
        while waker.wait(0.2):
            pass
        started = time.monotonic()
        commit = threading.Timer(0.05, put, args=(database, article(title=f"Story {attempt}")))
        commit.start()
        in_time = waker.wait(0.9) and time.monotonic() - started < 0.9
        commit.join()
        if in_time:
            break
    assert in_time
    waker.close()


def test_a_waker_holds_no_transaction_so_that_the_wal_can_end(sqlite_database):
    waker = Waker(sqlite_database, WORK)
    waker.wait(1)
    for n in range(20):
        put(sqlite_database, article(f"a{n}"))
        waker.wait(1)
    other = sqlite3.connect(sqlite_database.url.removeprefix("sqlite:///"))
    sqlite_database.close()
    assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    other.close()
    waker.close()


def test_a_waker_survives_the_loss_of_its_connection(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    waker = Waker(database, WORK)
    waker.wait(2)
    with database.write() as conn:
        query = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1'"
        )
        conn.execute(text(f"{query} AND datname = current_database()"))
    deadline = time.monotonic() + 10
    put(database, article())
    while not waker.wait(0.2):
        assert time.monotonic() < deadline
    waker.close()
    database.close()


def test_a_read_only_connection_is_reopened(sqlite_database):
    """A connection opened while the file was read-only stays read-only."""
    with sqlite_database.read() as conn:
        conn.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(DatabaseDown, match="is read-only"):
        put(sqlite_database, article())
    put(sqlite_database, article())


@pytest.mark.parametrize("timeout", [0.1, 0.5, 2.0])
def test_a_waker_without_notifications_checks_each_second_with_any_timeout(postgres_url, timeout):
    database = Database(postgres_url)
    waker = Waker(database, "nobody_notifies_here")
    assert waker.wait(timeout)
    for _ in range(2):
        woken, deadline = time.monotonic(), time.monotonic() + 3
        while not waker.wait(timeout):
            assert time.monotonic() < deadline
        assert time.monotonic() - woken > 0.5
    waker.close()
    database.close()


def test_a_connection_in_use_is_closed_when_it_is_given_back_to_a_closed_database(database):
    closed = []
    event.listen(database.engine, "close", lambda dbapi, _record: closed.append(dbapi))
    with database.read() as conn:
        ours = conn.connection.dbapi_connection
        database.close()
        assert ours not in closed
        assert conn.exec_driver_sql("SELECT 1").scalar() == 1
    assert closed[-1] is ours


def test_a_locked_database_is_an_expected_failure(sqlite_database, monkeypatch):
    impatient = Database(sqlite_database.url)
    with impatient.read() as conn:
        conn.exec_driver_sql("PRAGMA busy_timeout = 0")
    with sqlite_database.write(), pytest.raises(DatabaseDown, match="SQLITE_BUSY"), impatient.write():
        pass
    impatient.close()


def test_a_full_or_missing_database_is_down_and_a_refused_statement_is_not(sqlite_database):
    with sqlite_database.write() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count = 1")
        with pytest.raises(DatabaseDown, match="no space left on its disk"):
            conn.exec_driver_sql("CREATE TABLE large AS SELECT randomblob(1000000)")
    with pytest.raises(DBAPIError), sqlite_database.read() as conn:
        conn.exec_driver_sql("SELECT nothing")
    away = Database(f"{sqlite_database.url}.folder/x.db")
    shutil.rmtree(f"{sqlite_database.url.removeprefix('sqlite:///')}.folder")
    with pytest.raises(DatabaseDown, match="cannot be opened"), away.read():
        pass


def test_text_that_is_not_utf_8_stops_no_reader(sqlite_database):
    put(sqlite_database, article("a1"))
    with sqlite_database.write() as conn:
        conn.exec_driver_sql("UPDATE article SET title = cast(x'C328' AS text)")
    with sqlite_database.read() as conn:
        assert articles.get_article(conn, "a1").title == "\ufffd("


def test_a_lost_connection_is_down_and_the_next_one_is_opened(postgres_url):
    database = Database(postgres_url)
    with pytest.raises(DatabaseDown), database.read() as conn:
        conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with database.read() as conn:
        pid = conn.scalar(text("SELECT pg_backend_pid()"))
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with database.read() as conn:
        assert conn.scalar(text("SELECT pg_backend_pid()")) != pid
    database.close()


def test_no_server_and_no_connection_left_are_down(postgres_url):
    with pytest.raises(DatabaseDown, match="does not answer"), Database("postgresql://u:p@127.0.0.1:1/x").read():
        pass
    database = Database(postgres_url)
    database.engine.pool._timeout = 0.1
    taken = [database.engine.connect() for _ in range(15)]
    with pytest.raises(DatabaseDown, match="no connection left"), database.read():
        pass
    for conn in taken:
        conn.close()
    database.close()


def test_a_deadlock_is_a_conflict_and_is_retried(postgres_url):
    database = Database(postgres_url)
    put(database, article("a1"), article("a2"))
    met, caught = threading.Barrier(2), []

    def change(first, second):
        try:
            with database.write() as conn:
                conn.execute(update(ArticleRow).where(ArticleRow.id == first).values(title="x"))
                met.wait(10)
                conn.execute(update(ArticleRow).where(ArticleRow.id == second).values(title="y"))
        except SerializationConflict as error:
            caught.append(error)

    both = [threading.Thread(target=change, args=ids) for ids in (("a1", "a2"), ("a2", "a1"))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)
    assert len(caught) == 1
    database.close()


def test_a_waker_finds_a_database_of_any_name(tmp_path, clock):
    for name in ("a#b", "100%", "a b"):
        database = Database(f"sqlite:///{tmp_path / name}.db", clock=clock)
        migrate(database)
        waker = Waker(database, WORK)
        assert waker.wait(2)
        while waker.wait(0.1):
            pass
        put(database, article())
        assert waker.wait(2)
        waker.close()
        database.close()
    database = Database(f"sqlite:///{tmp_path}/c%3Fd.db", clock=clock)
    migrate(database)
    waker = Waker(database, WORK)
    assert waker.wait(2) and (tmp_path / "c?d.db").exists()
    waker.close()
    database.close()
