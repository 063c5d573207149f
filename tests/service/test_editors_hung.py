"""Editors whose database hangs are told so in bounded time, and go on when it answers again."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from sqlalchemy import make_url, text

from syndication.store.db.database import Database, DatabaseDown
from tests.support.api import Api
from tests.support.hung_postgresql import frozen
from tests.support.service import running, until

PATIENCE = 1.0

SOON = 15.0
"""Seconds: a silence of 1.2, an attempt to connect anew of five, and a busy machine."""


@contextlib.contextmanager
def within(seconds: float):
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


@pytest.fixture
def patient(postgres_url, clock):
    database = Database(postgres_url, clock=clock, timeout=PATIENCE)
    yield database
    database.close()


def test_a_statement_that_takes_too_long_is_ended_and_its_connection_goes_on(patient):
    with patient.read() as conn:
        before = conn.scalar(text("SELECT pg_backend_pid()"))
    with within(SOON), pytest.raises(DatabaseDown, match="took too long to answer"), patient.read() as conn:
        conn.execute(text("SELECT pg_sleep(60)"))
    with patient.read() as conn:
        assert conn.scalar(text("SELECT pg_backend_pid()")) == before
        assert conn.scalar(text("SELECT pg_sleep(0.3) IS NULL")) is False


def test_a_lock_that_is_not_given_up_is_told_as_one(patient, postgres_url):
    with psycopg.connect(postgres_url) as other:
        other.execute("LOCK TABLE token")
        words = "is locked by another process"
        with within(SOON), pytest.raises(DatabaseDown, match=words), patient.read() as conn:
            conn.execute(text("SELECT 1 FROM token"))


def test_a_worker_takes_as_long_as_it_needs(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    with database.read() as conn:
        assert conn.scalar(text("SHOW statement_timeout")) == "0"
        assert conn.connection.driver_connection.patience.seconds == float("inf")
    database.close()


def test_the_api_says_that_a_frozen_postgresql_does_not_answer(patient, clock, postgres_url):
    api = Api(patient, clock)
    assert api.put("a1").status == 201
    with frozen(postgres_url):
        for ask in (lambda: api.get("/articles/a1"), lambda: api.put("a2"), lambda: api.get("/status")):
            with within(SOON):
                said = ask()
            assert (said.status, said.kind, said.headers["Retry-After"]) == (503, "database-down", "5")
    assert api.get("/articles/a1").status == 200 and api.put("a2").status == 201


class Swallowing:
    """A network between a program and its server: ``swallow`` makes it take what is sent, and bring nothing."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._server = f"{parsed.query['host']}/.s.PGSQL.{parsed.port or 5432}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = parsed.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
        self.swallow = threading.Event()
        self._sockets = [self._listener]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    self._threads.append(threading.Thread(target=self._carry, args=ends))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with source, contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.swallow.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()


def test_a_network_that_swallows_everything_is_noticed(postgres_url, clock):
    network = Swallowing(postgres_url)
    database = Database(network.url, clock=clock, timeout=PATIENCE)
    with database.read() as conn:
        assert conn.scalar(text("SELECT 1")) == 1
    network.swallow.set()
    with within(SOON), pytest.raises(DatabaseDown), database.read() as conn:
        conn.execute(text("SELECT 1"))
    network.swallow.clear()
    with database.read() as conn:
        assert conn.scalar(text("SELECT 1")) == 1
    database.close()
    network.close()


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
held.execute("COMMIT")
"""

STORY = {"title": "T", "url": "/s", "sections": ["taiwan"], "published_at": "2026-03-14T08:00:00Z"}


@contextlib.contextmanager
def frozen_writer(url: str):
    """A process that stopped in the middle of writing to SQLite."""
    command = [sys.executable, "-c", HOLD, url.removeprefix("sqlite:///")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "held\n"
        writer.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            writer.send_signal(signal.SIGCONT)
            writer.communicate("go on\n")


def test_a_frozen_writer_of_sqlite_keeps_writers_waiting_so_long_and_readers_once(sqlite_url, clock):
    database = Database(sqlite_url, clock=clock, timeout=PATIENCE)
    api = Api(database, clock)
    reader, writer = api.token("read"), api.token("write")
    with frozen_writer(sqlite_url):
        assert api.get("/sections", secret=reader).status == 200
        with within(0.9 * PATIENCE):
            assert api.get("/sections", secret=reader).status == 200, "who reads waits for the record of that once"
        for _ in range(2):
            with within(SOON):
                said = api.ask("PUT", "/articles/a1", STORY, secret=writer)
            assert (said.status, said.kind) == (503, "database-down")
    assert api.ask("PUT", "/articles/a1", STORY, secret=writer).status == 201
    database.close()


@pytest.mark.thorough
def test_the_web_process_gives_its_editors_such_a_database(tmp_path, postgres_url):
    """For real, with the seconds that there are: without them a request would wait until the server goes on."""
    with running(tmp_path, url=postgres_url) as service:
        service.ready()
        secret = service.token("cms")
        as_cms = {"Authorization": f"Bearer {secret}"}
        assert service.get("/api/v1/sections", as_cms).status == 200
        with frozen(postgres_url):
            waiting = http.client.HTTPConnection("127.0.0.1", service.port, timeout=40)
            waiting.request("GET", "/api/v1/sections", headers=as_cms)
            answer = waiting.getresponse()
            assert (answer.status, answer.getheader("Retry-After")) == (503, "5")
            waiting.close()
            assert service.get("/feeds/taiwan.atom").status == 200
        until(lambda: service.get("/api/v1/sections", as_cms).status == 200)
