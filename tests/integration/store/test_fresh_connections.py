"""A connection that has just answered is used again without a question; one that may be broken is asked before."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from syndication.store.db import timeouts
from syndication.store.db.database import Database
from syndication.store.tables.publishing import PublicationRow


@pytest.fixture
def opened(postgres_url, monkeypatch):
    """A database of its own, and its pings so far."""
    pings = []
    ask = PGDialect_psycopg.do_ping

    def counted(dialect, connection):
        pings.append(connection)
        return ask(dialect, connection)

    monkeypatch.setattr(PGDialect_psycopg, "do_ping", counted)
    database = Database(postgres_url)
    yield database, pings
    database.close()


def read(database):
    with database.read() as conn:
        conn.execute(select(PublicationRow.number)).all()
        return conn.scalar(text("SELECT pg_backend_pid()"))


def test_connection_that_has_just_answered_is_not_asked(opened):
    database, pings = opened
    assert len({read(database) for _ in range(3)}) == 1
    assert pings == []


def test_connection_that_was_idle_is_asked(opened, monkeypatch):
    database, pings = opened
    first = read(database)
    monkeypatch.setattr(timeouts, "FRESH_SECONDS", -1.0)
    assert read(database) == first
    assert len(pings) == 1


def test_connection_that_its_server_ended_is_replaced_before_it_is_used(opened):
    database, _ = opened
    ended = read(database)
    other = Database(database.url)
    with other.read() as conn:
        conn.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": ended})
    other.close()
    assert read(database) != ended
