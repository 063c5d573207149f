"""Web processes are woken by commits that publish, and by no others; what is lost is seen a moment later."""

import threading
import time

import pytest

from syndication.store.articles import articles
from syndication.store.db import file_signal
from syndication.store.db.database import DOCUMENTS
from syndication.store.db.listen import Waker
from syndication.store.publishing.publication_numbers import take_number
from tests.support.newsroom import article


def publish(database):
    with database.write() as conn:
        take_number(conn)


@pytest.fixture
def waker(sqlite_database):
    """A waker that has seen everything, and a log that exists: its creation would be an event."""
    list(articles.put_articles(sqlite_database, [article("a0")]))
    waker = Waker(sqlite_database, DOCUMENTS)
    while waker.wait(0.3):
        pass
    yield waker
    waker.close()


def test_publication_wakes_at_once(sqlite_database, waker, monkeypatch):
    monkeypatch.setattr(file_signal, "QUIET", 60.0)
    threading.Timer(0.3, publish, [sqlite_database]).start()
    started = time.monotonic()
    assert waker.wait(50)
    assert time.monotonic() - started < 10


def test_definition_of_a_feed_wakes_at_once(sqlite_database, waker, monkeypatch):
    monkeypatch.setattr(file_signal, "QUIET", 60.0)

    def define():
        with sqlite_database.write() as conn:
            take_number(conn)
            sqlite_database.notify(conn, DOCUMENTS)

    threading.Timer(0.3, define).start()
    assert waker.wait(50)


def test_other_commits_are_seen_at_the_next_look(sqlite_database, waker, monkeypatch):
    monkeypatch.setattr(file_signal, "QUIET", 60.0)
    threading.Timer(0.2, lambda: list(articles.put_articles(sqlite_database, [article()]))).start()
    started = time.monotonic()
    assert waker.wait(1)  # The look at the end of the wait.
    assert time.monotonic() - started >= 1


def test_transaction_that_is_rolled_back_wakes_nobody(sqlite_database, monkeypatch):
    touched = []
    monkeypatch.setattr("syndication.store.db.database.touch", touched.append)

    def fail():
        with sqlite_database.write() as conn:
            take_number(conn)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    list(articles.put_articles(sqlite_database, [article()]))  # On the same connection.
    assert touched == []
    publish(sqlite_database)
    assert len(touched) == 1


def test_lost_signal_costs_a_moment(sqlite_database, waker, monkeypatch):
    monkeypatch.setattr("syndication.store.db.database.touch", lambda _path: None)
    threading.Timer(0.2, publish, [sqlite_database]).start()
    started = time.monotonic()
    assert waker.wait(10)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("refused", [ImportError, OSError(24, "Too many open files"), AttributeError])
def test_system_that_reports_nothing_is_looked_at(sqlite_database, monkeypatch, refused):
    def none_left():
        raise refused

    monkeypatch.setattr("inotify_simple.INotify", none_left)
    waker = Waker(sqlite_database, DOCUMENTS)
    while waker.wait(0.1):
        pass
    publish(sqlite_database)
    started = time.monotonic()
    assert waker.wait(10)
    assert time.monotonic() - started < 5
    waker.close()


def test_other_files_of_the_folder_cause_few_looks(tmp_path, monkeypatch):
    path = tmp_path / "watched.db"
    path.touch()
    signal = file_signal.FileSignal(path, 0.005)
    pauses = []
    monkeypatch.setattr(file_signal.time, "sleep", pauses.append)
    (tmp_path / "service.log").touch()
    file_signal.touch(tmp_path / "service.log")
    signal.wait(5)
    assert pauses == [0.005]
    file_signal.touch(path)
    signal.wait(5)
    assert pauses == [0.005]
    signal.close()
