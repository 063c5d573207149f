"""A worker that is stopped for longer than its lease, and woken again, does no harm to what others did meanwhile."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.publishing import documents, section_state
from tests.support.newsroom import article
from tests.support.service import environ, running, until

# A worker that stops itself, like one whose machine was suspended, the first time that it comes to a step
# while the file is there.
FREEZING = """
import importlib, os, signal, sys
from pathlib import Path
from syndication.cli import main

module, _, name = sys.argv[1].partition(":")
flag = Path("freeze")
owner = importlib.import_module(module)
*path, last = name.split(".")
for part in path:
    owner = getattr(owner, part)
original = getattr(owner, last)

def freezing(*args, **kwargs):
    if flag.exists():
        flag.unlink()
        os.kill(os.getpid(), signal.SIGSTOP)
    return original(*args, **kwargs)

setattr(owner, last, freezing)
main(["worker"])
"""


class Mortal:
    """A worker process that freezes at a step."""

    def __init__(self, folder: Path, url: str, step: str) -> None:
        self.folder = folder
        env = environ(SYNDICATION_DATABASE__URL=url, SYNDICATION_WORKER__LEASE="1")
        self.log = folder / "frozen.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", FREEZING, step], cwd=folder, env=env, stdout=log, stderr=log
            )

    def frozen(self) -> bool:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def freeze_at_the_next(self, act) -> None:
        (self.folder / "freeze").touch()
        act()
        until(self.frozen)

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


@contextlib.contextmanager
def freezing(folder: Path, url: str, step: str):
    worker = Mortal(folder, url, step)
    try:
        yield worker
    finally:
        worker.wake()
        worker.process.terminate()
        assert worker.process.wait(20) == 0, worker.log.read_text()


class Watch:
    """The database as everybody else sees it."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.seen: dict[str, int] = {}

    def put(self, *ids: str) -> None:
        list(articles.put_articles(self.database, [article(id) for id in ids]))

    def shows(self, *ids: str) -> bool:
        """Whether every format of the section has these articles; versions never go back meanwhile."""
        with self.database.snapshot() as conn:
            versions = documents.read_versions(conn)
            found = documents.load_documents(conn, ["taiwan"])
        assert all(versions[slug] >= version for slug, version in self.seen.items())
        self.seen = versions
        assert len({document.version for document in found}) <= 1
        bodies = [document.identity for document in found]
        return bool(bodies) and all(f"article/{id}".encode() in body for id in ids for body in bodies)

    def settled(self) -> bool:
        with self.database.read() as conn:
            states = section_state.list_states(conn)
        return len(states) == 15 and not any(state.pending for state in states)

    def failures(self) -> int:
        with self.database.read() as conn:
            return sum(state.failures for state in section_state.list_states(conn))


@pytest.fixture
def watch(database_url):
    watch = Watch(database_url)
    yield watch
    watch.database.close()


@pytest.mark.thorough("postgresql")
@pytest.mark.parametrize(
    "step",
    [
        pytest.param("syndication.render.renderer:Renderer.render", id="render", marks=pytest.mark.thorough),
        pytest.param("syndication.pipeline.publish:new_version", id="compressed"),
    ],
)
def test_a_worker_frozen_beyond_its_lease_is_overtaken_and_overwrites_nothing(tmp_path, database_url, watch, step):
    with freezing(tmp_path, database_url, step) as frozen:
        until(watch.settled)
        frozen.freeze_at_the_next(lambda: watch.put("first"))
        # Another worker takes the section when the lease has run out, with what came since.
        with running(tmp_path, "worker", url=database_url) as other:
            watch.put("second")
            until(lambda: watch.shows("first", "second"))
            until(watch.settled)
            frozen.wake()
            until(lambda: "overtaken" in frozen.log.read_text())
            assert watch.shows("first", "second")
            # Both go on working.
            watch.put("third")
            until(lambda: watch.shows("first", "second", "third"))
            until(watch.settled)
            assert other.run("status").stdout.startswith("No web process is running")  # Nothing else is wrong.
        watch.put("fourth")
        until(lambda: watch.shows("first", "second", "third", "fourth"))
        assert watch.failures() == 0


def test_a_worker_frozen_while_it_writes_holds_postgresql_for_seconds_only(tmp_path, postgres_url):
    watch = Watch(postgres_url)
    with freezing(tmp_path, postgres_url, "syndication.store.publishing.published:write_documents") as frozen:
        until(watch.settled)
        frozen.freeze_at_the_next(lambda: watch.put("first"))
        with running(tmp_path, "worker", url=postgres_url):
            watch.put("second")
            until(lambda: watch.shows("first", "second"), 30)
            until(watch.settled)
            frozen.wake()
            watch.put("third")
            until(lambda: watch.shows("first", "second", "third"))
            until(watch.settled)
            # It lost its connection and what it was writing, which is no section's fault.
            until(lambda: "database_down" in frozen.log.read_text())
            assert "failed" not in frozen.log.read_text()
        watch.put("fourth")
        until(lambda: watch.shows("first", "second", "third", "fourth"))
    watch.database.close()


def test_a_worker_frozen_while_it_writes_goes_on_where_it_was_on_sqlite(tmp_path, sqlite_url):
    watch = Watch(sqlite_url)
    with freezing(tmp_path, sqlite_url, "syndication.store.publishing.published:write_documents") as frozen:
        until(watch.settled)
        frozen.freeze_at_the_next(lambda: watch.put("first"))
        assert not watch.shows("first")  # Nothing of an unfinished version is seen.
        with running(tmp_path, "worker", url=sqlite_url):
            frozen.wake()
            until(lambda: watch.shows("first"))
            watch.put("second")
            until(lambda: watch.shows("first", "second"))
            until(watch.settled)
        assert watch.failures() == 0
    watch.database.close()
