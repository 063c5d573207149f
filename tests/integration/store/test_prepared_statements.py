"""Statements are prepared on connections to the server itself, and on no other."""

import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from faults.stage.pooler import Pooler, missing
from faults.stage.programs import own
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.db.prepared_statements import THRESHOLD
from tests.support.service import until

SENT = text("SELECT count(*) FROM article WHERE id = :id")

NAMES = text("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%count(*) FROM article%'")


@pytest.fixture
def opened():
    """Opens databases, and closes them at the end."""
    found = []

    def open_one(url, **options):
        found.append(Database(url, **options))
        return found[-1]

    yield open_one
    for one in found:
        one.close()


@pytest.fixture
def pooled_url(postgres_url):
    """The address of a transaction pooler in front of the server, which keeps no statements and shares two servers."""
    if reason := missing():
        pytest.skip(reason)
    given = conninfo_to_dict(postgres_url)
    server = {name: given[name] for name in ("host", "dbname", "user")}
    # Not below pytest's own folder, which PgBouncer's user may not enter.
    with tempfile.TemporaryDirectory(prefix="syndication-pooler-") as folder:
        own(Path(folder))
        pooler = Pooler(Path(folder), server, servers=2)
        url = f"postgresql://{given['user']}@127.0.0.1:{pooler.port}/{given['dbname']}"
        try:
            until(lambda: _answers(url))
            yield url
        finally:
            pooler.kill()


def _answers(url):
    try:
        with psycopg.connect(url, prepare_threshold=None) as conn:
            return conn.execute("SELECT 1").fetchone()
    except psycopg.OperationalError:
        return None


def send(database, times):
    for _ in range(times):
        with database.read() as conn:
            assert conn.scalar(SENT, {"id": "a1"}) == 0


def names(database):
    with database.read() as conn:
        return conn.scalars(NAMES).all()


def test_what_is_sent_often_is_prepared(postgres_url, opened):
    database = opened(postgres_url, prepared=True)
    send(database, THRESHOLD)
    assert names(database) == []
    send(database, 2)
    assert len(names(database)) == 1


def test_nothing_is_prepared_unless_it_is_asked_for(postgres_url, opened):
    database = opened(postgres_url)
    send(database, 10)
    assert names(database) == []


def test_nothing_is_prepared_behind_a_pooler(pooled_url, opened):
    database = opened(pooled_url, prepared=True)
    servers = set()
    with psycopg.connect(pooled_url, prepare_threshold=None) as other:
        for number in range(12):
            if number % 2:  # Another client has the server that was used last.
                other.execute("SELECT 1")
            with database.read() as conn:
                servers.add(conn.scalar(text("SELECT pg_backend_pid()")))
                assert conn.scalar(SENT, {"id": "a1"}) == 0
                assert conn.scalars(NAMES).all() == []
            other.rollback()
    assert len(servers) == 2


def test_a_plan_of_a_table_that_was_changed_since_costs_a_connection(postgres_url, opened):
    database = opened(postgres_url, prepared=True)
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("CREATE TABLE thing (value integer)")
        other.execute("INSERT INTO thing VALUES (1)")
        for _ in range(5):
            with database.read() as conn:
                assert conn.scalar(text("SELECT value FROM thing")) == 1
        other.execute("ALTER TABLE thing ALTER value TYPE text")
    with pytest.raises(DatabaseDown), database.read() as conn:
        conn.scalar(text("SELECT value FROM thing"))
    with database.read() as conn:
        assert conn.scalar(text("SELECT value FROM thing")) == "1"
