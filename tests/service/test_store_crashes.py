"""A worker is killed between any two steps: nothing is lost, and nothing is published twice."""

import importlib
import os
from typing import Any

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.engine import Engine

from syndication.store.db.database import Database
from syndication.store.tables.publishing import EntryRow
from tests.conftest import FakeClock
from tests.support.desk import Desk, titles
from tests.support.forks import exit_code_of
from tests.support.newsroom import at
from tests.support.service import until

# The steps in their order; a process is killed just before and just after each.
STEPS = [
    "syndication.pipeline.gather:change_queue.take",
    "syndication.pipeline.gather:noticed.read",
    "syndication.pipeline.gather:terms.write_terms",
    "syndication.pipeline.gather:search_index.note_changes",
    "syndication.store.publishing.section_state:request",
    "syndication.pipeline.gather:record_gathered",
    "syndication.pipeline.regenerate:leases.claim",
    "syndication.pipeline.snapshot:read_section",
    "syndication.pipeline.snapshot:gather",
    "syndication.render.renderer:Renderer.render",
    "syndication.pipeline.publish:compress_feed",
    "syndication.store.publishing.published:complete",
    "syndication.store.publishing.published:write_documents",
    "syndication.store.publishing.entry_rows:write_entries",
    "syndication.store.publishing.published:write_tombstones",
    "syndication.store.publishing.published:write_left_out",
    "commit:1",
    "commit:2",
    "commit:3",
]

KILLED = 77
"""The exit code of a process that died at its step."""


def work_and_die(url: str, step: str, when: str) -> None:
    """Works as a worker does, and ends this process just before or just after the step."""
    clock = FakeClock(at(minutes=1))
    desk = Desk(Database(url, clock=clock), clock, owner="mortal")
    if step.startswith("commit"):
        _die_at_commit(int(step[-1]), when)
    else:
        _die_at_call(step, when)
    desk.work()


def _die_at_commit(number: int, when: str) -> None:
    left = [number]

    @event.listens_for(Engine, "commit")
    def commit(conn: Connection) -> None:
        left[0] -= 1
        if not left[0]:
            if when == "after":
                conn.exec_driver_sql("COMMIT")
            os._exit(KILLED)


def _die_at_call(step: str, when: str) -> None:
    module, _, name = step.partition(":")
    owner = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    function = getattr(owner, last)

    def dying(*args: Any, **kwargs: Any) -> None:
        if when == "after":
            function(*args, **kwargs)
        os._exit(KILLED)

    setattr(owner, last, dying)


@pytest.mark.thorough("before", "sqlite")  # After the one step is before the next.
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_worker_killed_between_two_steps_loses_nothing(database, clock, step, when):
    desk = Desk(database, clock)
    desk.put("stays")
    desk.put("leaves", sections=("taiwan", "china"))
    desk.work()
    desk.put("comes", sections=("taiwan", "sports"))
    desk.put("leaves", status="withdrawn")
    assert exit_code_of(work_and_die, database.url, step, when) == KILLED
    until(lambda: nothing_under_way(database))
    assert_whole_or_old(desk)
    clock.advance(120)  # The killed worker's lease has expired.
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
    """Returns whether PostgreSQL has noticed that the killed process is gone: until then its locks are held."""
    if database.dialect == "sqlite":
        return True
    others = "datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
    with database.read() as conn:
        return conn.exec_driver_sql(f"SELECT count(*) FROM pg_stat_activity WHERE {others}").scalar_one() == 0


def assert_whole_or_old(desk: Desk) -> None:
    """Asserts that every format shows the old version or the new one, never something between."""
    with desk.database.read() as conn:
        shown = {
            row.article_id for row in conn.execute(select(EntryRow.article_id).where(EntryRow.section == "taiwan"))
        }
    documents = {format: desk.document("taiwan", format) for format in ("atom", "rss", "json")}
    assert len({document.version for document in documents.values()}) == 1
    for article in ("stays", "comes", "leaves"):
        for document in documents.values():
            assert (f"Story {article}" in document.identity.decode()) == (article in shown)
