"""The heartbeat of a web process, with the versions it serves; also in real processes."""

import json
import os
import signal
import threading
import time

import psycopg
import pytest
from structlog.testing import capture_logs

from syndication.serve.catalogue import Catalogue
from syndication.store.db.database import Database
from syndication.store.processes import purge_queue, web_processes
from syndication.store.processes.workers import ALIVE_WITHIN
from syndication.store.publishing.publication_numbers import last_number
from syndication.web.document_loader import DocumentLoader
from syndication.web.heartbeat import HeartbeatThread
from tests.support.desk import Desk
from tests.support.hung_postgresql import frozen
from tests.support.service import running, until


@pytest.fixture
def desk(database_url):
    """A newsroom with the database's own clock."""
    database = Database(database_url)
    yield Desk(database, None)
    database.close()


def watching(desk: Desk) -> DocumentLoader:
    return DocumentLoader(
        desk.database, Catalogue.empty(desk.site, desk.sections, {}, frozenset()), lambda counter: None
    )


def alive(database: Database) -> list[web_processes.WebProcess]:
    with database.read() as conn:
        return web_processes.list_alive(conn, database.now(conn))


def test_what_is_served_is_told_at_once_if_a_cache_waits_for_it_and_the_end_too(desk):
    loader = watching(desk)
    presence = HeartbeatThread(desk.database, loader, every=3600)
    presence._thread.start()
    first = until(lambda: alive(desk.database))[0]
    assert (first.pid, first.loaded_at, first.started_at) == (os.getpid(), None, first.seen_at)
    desk.work()
    with desk.database.write() as conn:
        purge_queue.enqueue(conn, "taiwan", 1, desk.database.now(conn))
    loader.load()
    second = until(lambda: next((web for web in alive(desk.database) if web.loaded_at), None))
    assert (second.serves, second.loaded_at) == ({"taiwan": 1}, loader.loaded_at)
    with desk.database.read() as conn:
        assert second.publication == loader.publication == last_number(conn) > 0
    assert second.started_at == first.started_at
    presence.stop()
    assert alive(desk.database) == []


def test_only_what_caches_wait_for_is_told_and_only_once(desk):
    desk.work()
    loader = watching(desk)
    loader.load()
    assert loader.versions_to_purge == {} and not loader.changed_event.is_set()
    with desk.database.write() as conn:
        for section in ("taiwan", "china"):
            purge_queue.enqueue(conn, section, 1, desk.database.now(conn))
    loader.load()
    assert loader.versions_to_purge == {"taiwan": 1, "china": 1} and loader.changed_event.is_set()
    loader.changed_event.clear()
    with desk.database.write() as conn:
        purge_queue.record_success(conn, ("taiwan", 1), desk.database.now(conn))
    loader.load()
    assert loader.versions_to_purge == {"china": 1} and not loader.changed_event.is_set()


def test_a_section_that_a_process_does_not_have_keeps_no_cache_waiting(desk):
    desk.work()
    del desk.sections["china"]
    loader = watching(desk)
    with desk.database.write() as conn:
        purge_queue.enqueue(conn, "china", 1, desk.database.now(conn))
    loader.load()
    assert loader.versions_to_purge == {"china": 1} and "china" not in loader.catalogue.versions()


def test_without_any_wake_up_what_is_published_is_served_within_seconds(desk):
    """Simulates a pooler that drops notifications."""
    desk.work()
    loader = watching(desk)
    loader.start()
    try:
        until(lambda: loader.catalogue.versions().get("taiwan") == 1)
        if desk.database.dialect == "postgresql":
            with psycopg.connect(desk.database.url) as conn:
                conn.execute("ALTER TABLE document DISABLE TRIGGER ALL")
        desk.put("a1")
        until(lambda: (desk.work(), loader.catalogue.versions()["taiwan"])[1] == 2)
    finally:
        loader.stop()


def test_a_database_that_is_away_is_told_once_and_ends_no_thread(clock):
    away = Database("postgresql://secret:word@127.0.0.1:1/news", clock=clock)
    loader = DocumentLoader(away, Catalogue.empty(None, {}, {}, frozenset()), lambda counter: None)
    presence = HeartbeatThread(away, loader, every=0.01)
    with capture_logs() as logs:
        presence._thread.start()
        until(lambda: logs)
        time.sleep(0.3)  # Some more beats, which are neither told nor the end.
        assert presence._thread.is_alive()
        presence.stop()
    assert logs == [{"event": "heartbeat_not_recorded", "error": "DatabaseDown", "log_level": "warning"}]
    away.close()


def test_a_database_that_hangs_delays_the_stop_by_a_second_at_most(postgres_url):
    database = Database(postgres_url)
    loader = DocumentLoader(database, Catalogue.empty(None, {}, {}, frozenset()), lambda counter: None)
    presence = HeartbeatThread(database, loader, every=0.05)
    presence._thread.start()
    until(lambda: alive(database))
    with frozen(postgres_url):
        stopping = threading.Thread(target=presence.stop)
        stopping.start()
        stopping.join(10)
        assert not stopping.is_alive()
    presence._thread.join(10)
    database.close()


@pytest.mark.thorough
def test_real_web_processes_come_and_go(tmp_path, database_url):
    env = {"SYNDICATION_SERVER__WORKERS": "2"}
    database = Database(database_url)
    with running(tmp_path, url=database_url, env=env) as service:
        service.ready(60)
        until(lambda: [web for web in alive(database) if web.loaded_at is not None] and len(alive(database)) == 2)
        assert "Workers: 1. Web processes: 2." in service.run("status").stdout
        told = json.loads(service.run("status", "--json").stdout)["web"]
        assert {web["pid"] for web in told} == {web.pid for web in alive(database)}
        until(lambda: b"syndication_web_processes_running 2.0" in service.get("/metrics").body)
        # A killed process is restarted; its old record expires a few seconds later.
        before = alive(database)[0]
        os.kill(before.pid, signal.SIGKILL)
        until(lambda: before.id not in {web.id for web in alive(database)}, ALIVE_WITHIN.total_seconds() + 10)
        until(lambda: len(alive(database)) == 2)
    assert alive(database) == []
    database.close()
