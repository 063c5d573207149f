"""The worker's process dies between any two steps: nothing is lost, nothing stands twice."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from syndication.store.db.database import Database
from syndication.store.tables.publishing import EntryRow
from tests.support.desk import Desk, titles
from tests.support.service import until

# The steps in their order; each dies once just before it and once just after it.
STEPS = [
    "syndication.pipeline.gather:change_queue.read",
    "syndication.pipeline.gather:change_queue.remove",
    "syndication.store.publishing.section_state:request",
    "syndication.pipeline.regenerate:leases.claim",
    "syndication.pipeline.snapshot:published.get_published",
    "syndication.pipeline.snapshot:gather",
    "syndication.render.renderer:Renderer.render",
    "syndication.pipeline.publish:compress",
    "syndication.store.publishing.published:complete",
    "syndication.store.publishing.published:write_documents",
    "syndication.store.publishing.published:write_entries",
    "syndication.store.publishing.published:write_tombstones",
    "syndication.store.publishing.published:write_left_out",
    "commit:1",
    "commit:2",
    "commit:3",
]

SCRIPT = """
import importlib, os, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests.conftest import FakeClock
from tests.support.desk import Desk
from tests.support.newsroom import at
from syndication.store.db.database import Database


url, step, when = sys.argv[1:]

def dying(function):
    def step(*args, **kwargs):
        if when == "before":
            os._exit(77)
        function(*args, **kwargs)
        os._exit(77)
    return step

desk = Desk(Database(url, clock=FakeClock(at(minutes=1))), FakeClock(at(minutes=1)), owner="mortal")
if step.startswith("commit"):
    left = [int(step[-1])]
    @event.listens_for(Engine, "commit")
    def commit(conn):
        left[0] -= 1
        if not left[0]:
            if when == "after":
                conn.exec_driver_sql("COMMIT")
            os._exit(77)
else:
    module, _, name = step.partition(":")
    owner = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, last, dying(getattr(owner, last)))
desk.work()
print("survived")
"""


@pytest.mark.thorough("before")  # After the one step is before the next.
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_death_between_two_steps_loses_nothing(database, clock, step, when):
    desk = Desk(database, clock)
    desk.put("stays")
    desk.put("leaves", sections=("taiwan", "china"))
    desk.work()
    desk.put("comes", sections=("taiwan", "sports"))
    desk.put("leaves", status="withdrawn")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, database.url, step, when],
        capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False,
    )  # fmt: skip
    assert done.returncode == 77, done.stdout + done.stderr
    until(lambda: nothing_under_way(database))
    assert_whole_or_old(desk)
    clock.advance(120)  # The dead worker's lease has run out.
    desk.work()
    clock.advance(1)
    desk.work()
    assert sorted(titles(desk.body("taiwan"))) == ["Story comes", "Story stays"]
    assert titles(desk.body("china")) == []
    assert titles(desk.body("sports")) == ["Story comes"]
    assert sorted(titles(desk.body("all"))) == ["Story comes", "Story stays"]
    assert desk.tombstones("china") == {"leaves": "withdrawn"}
    assert not any(desk.state(slug).pending for slug in desk.sections)


def nothing_under_way(database: Database) -> bool:
    """Whether PostgreSQL has noticed that the dead are dead: until then their locks are held."""
    if database.dialect == "sqlite":
        return True
    others = "datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
    with database.read() as conn:
        return conn.exec_driver_sql(f"SELECT count(*) FROM pg_stat_activity WHERE {others}").scalar_one() == 0


def assert_whole_or_old(desk: Desk) -> None:
    """What is published is the old version or the new one in every format, never something between."""
    with desk.database.read() as conn:
        shown = {
            row.article_id for row in conn.execute(select(EntryRow.article_id).where(EntryRow.section == "taiwan"))
        }
    documents = {format: desk.document("taiwan", format) for format in ("atom", "rss", "json")}
    assert len({document.version for document in documents.values()}) == 1
    for article in ("stays", "comes", "leaves"):
        for document in documents.values():
            assert (f"Story {article}" in document.bodies["identity"].decode()) == (article in shown)
