"""Statements are prepared on connections to the server itself, and on no other."""

import os
import shutil
import subprocess

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from syndication.store.db.database import Database, DatabaseDown
from syndication.store.db.prepared_statements import THRESHOLD
from tests.support.service import free_port, until

PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin"

PROGRAM = shutil.which("pgbouncer", path=PATHS)

# Two servers, so that transactions that follow each other may have different ones.
CONFIGURATION = """
[databases]
{dbname} = host={host} dbname={dbname} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = extra_float_digits, options
"""

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
def pooled_url(postgres_url, tmp_path):
    """The address of a transaction pooler in front of the server, which keeps no statements."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is missing: apt-get install pgbouncer")
    given = conninfo_to_dict(postgres_url)
    port, settings = free_port(), tmp_path / "pgbouncer.ini"
    settings.write_text(CONFIGURATION.format(port=port, **given))
    settings.chmod(0o644)
    # Root's server runs as another user, who alone may enter the folder of its socket; PgBouncer refuses to be root.
    owner = os.stat(given["host"]).st_uid
    with (tmp_path / "pgbouncer.log").open("wb") as log:
        command = [PROGRAM, "/dev/stdin"]
        with settings.open("rb") as read:
            process = subprocess.Popen(command, stdin=read, stdout=log, stderr=log, user=owner or None, cwd="/")
    url = f"postgresql://{given['user']}@127.0.0.1:{port}/{given['dbname']}"
    try:
        until(lambda: _answers(url))
        yield url
    finally:
        process.kill()
        process.wait()


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
