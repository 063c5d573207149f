"""A newsroom of real processes, what can go wrong with it, and every place that says so."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import lxml.html
import psycopg

from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.processes import purge_queue, web_processes, workers
from syndication.store.processes.workers import HEARTBEAT
from syndication.store.publishing.section_state import list_states
from tests.service.test_dashboard import Visitor
from tests.support.caches import Cache
from tests.support.newsroom import article
from tests.support.service import Service, environ, until

SETTINGS = """
[site]
title = "The Daily Example"
base_url = "https://feeds.daily.example"
authority = "daily.example"
home_url = "https://www.daily.example"
[purge]
url = "{cache}"
headers = {{ Surrogate-Key = "{{key}}" }}
retry_seconds = 0.1
[worker]
retry_max = 2
"""

SECTIONS = "".join(f'[[section]]\nslug = "{slug}"\ntitle = "{slug.capitalize()}"\n' for slug in ("taiwan", "world"))

STORIES = 6
"""Stories of the section World, of which most can vanish."""

HOLD_LOCK = """
import sqlite3, sys
lock = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
lock.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
"""Another program with SQLite's lock, until its input ends."""

HOLD_TABLES = """
import psycopg, sys
with psycopg.connect(sys.argv[1]) as conn:
    conn.execute("LOCK TABLE worker, web_process, section_state, article, change IN EXCLUSIVE MODE")
    print("locked", flush=True)
    sys.stdin.read()
"""
"""Another program that holds what every process of the service writes to; reading works."""

SQLITE_TRIGGER = """CREATE TRIGGER guard BEFORE INSERT ON feed_version WHEN NEW.section = 'taiwan'
BEGIN SELECT RAISE(ABORT, 'a secret of Night train 1'); END"""

POSTGRESQL_TRIGGER = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.section = 'taiwan' THEN RAISE EXCEPTION 'a secret of %', NEW; END IF; RETURN NEW; END $$;
CREATE TRIGGER guard BEFORE INSERT ON feed_version FOR EACH ROW EXECUTE FUNCTION refuse()"""


@dataclass(slots=True)
class Page:
    """A page of the dashboard, as its reader sees it."""

    status: int
    tree: Any

    @property
    def words(self) -> str:
        """The visible text of the main part."""
        return " ".join(self.tree.xpath("string(//main)").split())

    @property
    def dot(self) -> str:
        """The severity of the verdict in the navigation, "" on a page without one."""
        found = self.tree.xpath("//a[@id='verdict-link']/@class")
        return found[0].removeprefix("health ") if found else ""

    def states(self, where: str) -> list[str]:
        """Returns the labels of states in a part of the page."""
        return [" ".join(one.text_content().split()) for one in self.tree.xpath(f"{where}//*[@class]")
                if "state" in one.get("class").split()]  # fmt: skip


@dataclass(slots=True)
class Done:
    """A command that ended: its exit code and everything that it printed."""

    code: int
    words: str


@dataclass
class TroubledNewsroom:
    """A worker, two web processes, a CDN cache and their database; the dashboard is asked at the first web process."""

    folder: Path
    url: str
    cache: Cache
    _running: dict[str, Service] = field(default_factory=dict)
    _visitor: Visitor | None = None

    def __post_init__(self) -> None:
        config = self.folder / "config"
        config.mkdir()
        (config / "syndication.toml").write_text(SETTINGS.format(cache=self.cache.url))
        (config / "sections.toml").write_text(SECTIONS)
        self.database = Database(self.url, timeout=30)

    def start(self, name: str) -> Service:
        """Starts ``worker``, ``web`` or ``other``, the second web process."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        env = {"SYNDICATION_CONFIG": str(self.folder / "config/syndication.toml")}
        port = self._running[name].port if name in self._running else 0
        self._running[name] = Service(folder, "worker" if name == "worker" else "web", url=self.url, env=env, port=port)
        return self._running[name]

    def stop(self, name: str) -> None:
        """Stops a process as an operator does."""
        self._running[name].stop()

    def close(self) -> None:
        """Stops everything."""
        for one in self._running.values():
            one.stop()
        self.database.close()

    @property
    def web(self) -> Service:
        """The web process that is asked."""
        return self._running["web"]

    def put(self, id: str, **changes: Any) -> None:
        """Writes a story, by default an hour old, in the section Taiwan."""
        values = {"published_at": datetime.now(UTC) - timedelta(hours=1)} | changes
        for _ in articles.put_articles(self.database, [article(id, **values)]):
            pass

    def fill(self) -> None:
        """Writes the stories of the two sections, and waits until they are served and purged everywhere."""
        self.put("a1", title="Night train 1")
        for number in range(STORIES):
            self.put(f"world-{number}", sections=("world",))
        until(self.is_well, 150)

    def is_well(self) -> bool:
        """Whether every process runs and nothing waits anywhere."""
        with self.database.read() as conn:
            now = self.database.now(conn)
            running = workers.list_alive(conn, now), web_processes.list_alive(conn, now)
            states = list_states(conn)
            quiet = not any(state.pending or state.is_failing or state.hold for state in states)
            waiting = purge_queue.list_waiting(conn)
        return (
            [len(some) for some in running] == [1, 2]
            and len({web.publication for web in running[1]}) == 1
            and len(states) == 3
            and quiet
            and not waiting
            and self.run("status").code == 0
        )

    def pid_of(self, name: str) -> int:
        """Returns the process that records the heartbeats of ``worker`` or ``other``."""
        started = self._running[name].process.pid
        with self.database.read() as conn:
            now = self.database.now(conn)
            known = [one.pid for one in (*workers.list_alive(conn, now), *web_processes.list_alive(conn, now))]
        (found,) = [pid for pid in known if pid == started or _parent(pid) == started]
        return found

    def run(self, *arguments: str) -> Done:
        """Runs a command."""
        done = next(iter(self._running.values())).run(*arguments)
        return Done(done.returncode, " ".join((done.stdout + done.stderr).split()))

    def run_lines(self, *arguments: str) -> list[str]:
        """Runs a command, and returns the lines that it printed."""
        return next(iter(self._running.values())).run(*arguments).stdout.splitlines()

    def api(self, path: str, method: str = "GET") -> tuple[int, Any]:
        """Asks the API."""
        answer = self.web.get(f"/api/v1{path}", {"Authorization": f"Bearer {self.web.token('desk')}"}, method)
        return answer.status, json.loads(answer.body)

    @property
    def visitor(self) -> Visitor:
        """Somebody with all permissions, who is logged in."""
        if self._visitor is None:
            self._visitor = Visitor(self.web)
            done = self._visitor.post("/login", name="mei", password=self.web.user("mei"))
            assert done.status == 303
        return self._visitor

    def page(self, path: str) -> Page:
        """Opens a page of the dashboard."""
        answer = self.visitor.get(path)
        return Page(answer.status, lxml.html.document_fromstring(answer.body))

    def send(self, path: str, **fields: str) -> Page:
        """Sends a form, and follows to the page that it leads to."""
        answer = self.visitor.post(path, **fields)
        if answer.status == 303:
            return self.page(answer.headers["location"].removeprefix("/editors"))
        return Page(answer.status, lxml.html.document_fromstring(answer.body))

    # What can go wrong.

    @contextlib.contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Stops processes, and starts them again."""
        for name in names:
            self.stop(name)
        try:
            yield
        finally:
            for name in names:
                self.start(name)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stops a process in the middle of what it does, for longer than others believe that it is only late."""
        until(self._has_settled)  # One that has just started might be the one that replaces it.
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: self._is_silent(pid))
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lets another program hold the database's lock until no process could record its heartbeat."""
        sqlite = self.database.dialect == "sqlite"
        script, address = (HOLD_LOCK, self.url.removeprefix("sqlite:///")) if sqlite else (HOLD_TABLES, self.url)
        with subprocess.Popen(
            [sys.executable, "-c", script, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ()
        ) as other:
            try:
                assert other.stdout is not None and other.stdout.readline() == b"locked\n"
                until(lambda: not self._reporting())
                yield
            finally:
                other.communicate()

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """Lets a trigger of the database refuse each new version of the section Taiwan, and corrects a story there."""
        sqlite = self.database.dialect == "sqlite"
        self.execute(SQLITE_TRIGGER if sqlite else POSTGRESQL_TRIGGER)
        try:
            self.put("a1", title=f"Night train {time.time()}")
            until(lambda: self._state("taiwan").is_failing and not self._state("all").pending)
            yield
        finally:
            self.execute("DROP TRIGGER guard" if sqlite else "DROP TRIGGER guard ON feed_version; DROP FUNCTION refuse")

    @contextlib.contextmanager
    def unpurged(self) -> Iterator[None]:
        """Lets the cache refuse purges until a worker gives up, after a correction of the section Taiwan."""
        self.cache.answers = [403]
        try:
            self.put("a1", title=f"Night train {time.time()}")
            until(lambda: self._given_up() >= {"taiwan", "all"})
            yield
        finally:
            self.cache.answers = [200]
            self.put("a1", title=f"Night train {time.time()}")

    @contextlib.contextmanager
    def left_out(self) -> Iterator[None]:
        """Publishes a story that no feed can show."""
        self.put("wrong", url="http://[")
        try:
            until(lambda: self._state("taiwan").left_out)
            yield
        finally:
            self.execute("DELETE FROM article WHERE id = 'wrong'")

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Deletes most stories of the section World behind the service's back."""
        self.execute("DELETE FROM article WHERE id LIKE 'world-%' AND id <> 'world-0'")
        try:
            until(lambda: self._state("world").is_held)
            yield
        finally:
            for number in range(1, STORIES):
                self.put(f"world-{number}", sections=("world",))

    def execute(self, statement: str) -> None:
        """Runs SQL as another program would."""
        if self.database.dialect == "sqlite":
            with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)) as conn:
                conn.execute("PRAGMA foreign_keys = ON")
                conn.execute(statement)
                conn.commit()
        else:
            with psycopg.connect(self.url) as conn:
                conn.execute(statement)  # type: ignore[arg-type]

    def _state(self, section: str) -> Any:
        with self.database.read() as conn:
            return list_states(conn, [section])[0]

    def _given_up(self) -> set[str]:
        with self.database.read() as conn:
            return {one.section for one in purge_queue.list_waiting(conn) if one.given_up_at is not None}

    def _reporting(self) -> Mapping[str, int]:
        with self.database.read() as conn:
            now = self.database.now(conn)
            return {one.id: one.pid for one in (*workers.list_alive(conn, now), *web_processes.list_alive(conn, now))}

    def _has_settled(self) -> bool:
        with self.database.read() as conn:
            now = self.database.now(conn)
            webs = web_processes.list_alive(conn, now)
        return all(one.seen_at > other.started_at + 2 * HEARTBEAT for one in webs for other in webs)

    def _is_silent(self, pid: int) -> bool:
        return pid not in self._reporting().values()


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
