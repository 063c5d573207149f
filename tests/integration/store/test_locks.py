"""A database that somebody else has locked is told from one that is quiet."""

import sqlite3

import psycopg
import pytest

from syndication.store.db import locks
from syndication.store.db.database import Database
from syndication.store.db.locks import is_locked
from tests.support.locks import wait_for_a_lock


def test_a_locked_file_is_named_and_stays_usable(sqlite_url):
    database = Database(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    assert not is_locked(database)
    other.execute("BEGIN IMMEDIATE")
    assert is_locked(database)
    other.execute("COMMIT")
    assert not is_locked(database)
    with database.write() as conn:
        assert conn.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000
    other.close()
    database.close()


def test_a_session_that_waits_for_a_lock_is_noticed(postgres_url, monkeypatch):
    monkeypatch.setattr(locks, "BLOCKED_SECONDS", 0.0)
    database = Database(postgres_url)
    address = postgres_url
    with psycopg.connect(address) as holder, psycopg.connect(address) as waiter, psycopg.connect(address) as watcher:
        holder.execute("LOCK TABLE worker IN ACCESS EXCLUSIVE MODE")
        assert not is_locked(database)
        import threading

        def wait():
            with pytest.raises(psycopg.errors.QueryCanceled):
                waiter.execute("SELECT * FROM worker")

        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_for_a_lock(watcher)
        assert is_locked(database)
        waiter.cancel()
        waiting.join()
        waiter.rollback()
        assert not is_locked(database)
    database.close()
