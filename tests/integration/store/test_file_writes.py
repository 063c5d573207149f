"""A SQLite file is looked at when it was written: seldom while nothing happens, and where the system tells nothing."""

import threading
import time

import pytest

from syndication.store.articles import articles
from syndication.store.db import file_writes
from syndication.store.db.database import WORK
from syndication.store.db.listen import Waker
from tests.support.newsroom import article


def settled(database):
    """Returns a waker that has seen everything."""
    waker = Waker(database, WORK)
    while waker.wait(0.2):
        pass
    return waker


def test_commit_is_seen_by_its_write_alone(sqlite_database, monkeypatch):
    monkeypatch.setattr(file_writes, "QUIET", 60.0)
    waker = settled(sqlite_database)
    threading.Timer(0.3, lambda: list(articles.put_articles(sqlite_database, [article()]))).start()
    started = time.monotonic()
    assert waker.wait(50)
    assert time.monotonic() - started < 40
    waker.close()


def test_log_that_was_removed_and_made_again_is_watched(sqlite_database, monkeypatch):
    monkeypatch.setattr(file_writes, "QUIET", 60.0)
    waker = settled(sqlite_database)
    with sqlite_database.read() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    while waker.wait(0.2):
        pass
    list(articles.put_articles(sqlite_database, [article()]))
    assert waker.wait(50)
    waker.close()


@pytest.mark.parametrize("refused", [ImportError, OSError(24, "Too many open files"), AttributeError])
def test_system_that_reports_no_writes_is_looked_at(sqlite_database, monkeypatch, refused):
    def none_left():
        raise refused

    monkeypatch.setattr("inotify_simple.INotify", none_left)
    waker = settled(sqlite_database)
    list(articles.put_articles(sqlite_database, [article()]))
    assert waker.wait(5)
    waker.close()


def test_other_files_of_the_folder_cause_few_looks(sqlite_database, tmp_path, monkeypatch):
    path = tmp_path / "watched.db"
    path.touch()
    writes = file_writes.FileWrites(path, 0.005)
    time.sleep(file_writes.SETTLE)
    pauses = []
    monkeypatch.setattr(file_writes.time, "sleep", pauses.append)
    (tmp_path / "service.log").write_text("a line")
    writes.wait(5)
    assert pauses == [0.005]
    path.write_text("a page")
    writes.wait(5)
    assert pauses == [0.005]
    writes.close()


def test_next_write_ends_a_long_pause(sqlite_database, monkeypatch):
    monkeypatch.setattr(file_writes, "SETTLE", 60.0)
    waker = settled(sqlite_database)
    list(articles.put_articles(sqlite_database, [article()]))
    assert waker.wait(5)
    # Without another write, the next pause would be as long as this one.
    assert not waker.wait(3)
    threading.Timer(0.2, lambda: list(articles.put_articles(sqlite_database, [article("a2")]))).start()
    started = time.monotonic()
    assert waker.wait(10)
    assert time.monotonic() - started < 2
    waker.close()
