"""A worker is killed with kill -9 between any two steps of a look at another database: nothing is lost or repeated."""

import os
import signal
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event

from syndication.sources.look import Looker
from syndication.sources.sql.reader import SqlLook, SqlReader
from syndication.store.access.audit_log import list_entries
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from tests.conftest import FakeClock
from tests.support.foreign_newsroom import ForeignNewsroom
from tests.support.forks import exit_code_of
from tests.support.newsroom import at
from tests.support.service import until

SLUGS = {"taiwan": "taiwan"}

READS = ["fingerprint", "window", "read", "public_ids", "page"]
"""What a look asks the other database, in the order of the look."""

COMMITS = 6
"""Of a look that stores, withdraws and sweeps, without that of the claim: the last test counts them."""

STEPS = [*((name, "at") for name in READS), *((n, when) for n in range(COMMITS) for when in ("before", "after"))]


def looker(database, table, owner, started_at):
    return Looker(database, table, SqlReader(table, SLUGS), owner, "settings", started_at=started_at)


def look(database, follower, owner):
    with database.write() as conn:
        now = database.now(conn)
        state = source_states.claim(conn, "cms", owner, now, timedelta(seconds=30))
    assert state is not None
    return follower.look(state).outcome


def die(*_) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def look_and_die(url, table, step, when) -> None:
    """Looks as a worker does that has just been started, and kills this process at the step."""
    clock = FakeClock(at(minutes=1))
    database = Database(url, clock=clock)
    follower = looker(database, table, "mortal", clock.now)
    if isinstance(step, str):
        setattr(SqlLook, step, die)
    else:
        die_at_commit(database, step + 1, when)
    look(database, follower, "mortal")


def die_at_commit(database: Database, left: int, when: str) -> None:
    """Kills this process at the commit with this number; that of the claim has the number 0."""

    @event.listens_for(database.engine, "commit")
    def commit(conn: Connection) -> None:
        nonlocal left
        if left == 0:
            if when == "after":
                conn.exec_driver_sql("COMMIT")
            die()
        left -= 1


@pytest.fixture
def cms(database, new_url, tmp_path) -> ForeignNewsroom:
    """The other newsroom, on a database of the store's kind."""
    sqlite = database.dialect == "sqlite"
    cms = ForeignNewsroom(f"sqlite:///{tmp_path}/cms.db" if sqlite else new_url("postgresql"))
    for number in range(1, 11):
        cms.publish(number)
    return cms


@pytest.fixture
def follower(database, cms):
    """A worker that has looked before, and looks again later: it has no sweep to begin."""
    with database.write() as conn:
        source_states.register(conn, "cms", "sql")
        now = database.now(conn)
    follower = looker(database, cms.table(), "survivor", now - timedelta(days=1))
    assert look(database, follower, "survivor") == "changed"
    yield follower
    follower.reader.close()


def act(cms) -> None:
    cms.publish(11)
    cms.do("UPDATE story SET headline = 'Changed' WHERE number = 1")
    cms.do("UPDATE story SET live = 0 WHERE number = 2")
    cms.do("DELETE FROM story WHERE number = 3")


# Between a commit and the next one nothing is written: a death there leaves what one after the commit leaves.
@pytest.mark.thorough("before", "at", "sqlite")
@pytest.mark.parametrize(("step", "when"), STEPS)
def test_worker_killed_during_a_look_loses_nothing(database, clock, cms, follower, step, when):
    act(cms)
    with database.write() as conn:
        source_states.release_lease(conn, "survivor")
    assert exit_code_of(look_and_die, database.url, cms.table(), step, when) == -signal.SIGKILL
    until(lambda: nothing_under_way(database))
    assert_rows_stand_for_articles(database)
    clock.advance(120)  # The killed worker's lease has expired.
    assert look(database, follower, "survivor") in {"changed", "unchanged"}
    with database.read() as conn:
        found = articles.load_articles(conn, [str(number) for number in range(1, 12)])
        acts = Counter((entry.target, entry.act) for entry in list_entries(conn, 100))
        state = source_states.get(conn, "cms")
    assert {id for id, story in found.items() if story.status == "withdrawn"} == {"2", "3"}
    assert len(found) == 11 and found["1"].title == "Changed"
    assert (acts["2", "withdraw"], acts["3", "withdraw"], acts["11", "put"]) == (1, 1, 1)
    assert state.articles == 9 and state.held_since is None
    assert state.sweep_began_at is None or state.swept_at >= state.sweep_began_at, "the sweep went on"
    assert look(database, follower, "survivor") == "unchanged"


def nothing_under_way(database: Database) -> bool:
    """Returns whether PostgreSQL has noticed that the killed process is gone: until then its locks are held."""
    if database.dialect == "sqlite":
        return True
    others = "datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
    with database.read() as conn:
        return conn.exec_driver_sql(f"SELECT count(*) FROM pg_stat_activity WHERE {others}").scalar_one() == 0


def assert_rows_stand_for_articles(database: Database) -> None:
    """Asserts that what is recorded as seen is stored: a row that is public has an article that is public."""
    with database.read() as conn:
        public = source_rows.public_ids(conn, "cms")
        found = articles.load_articles(conn, sorted(public))
    assert {id for id, story in found.items() if story.status == "published"} == public


def test_number_of_commits_of_a_look_is_as_tried(database, clock, cms, follower):
    act(cms)
    commits = 0
    clock.advance(60)
    newcomer = looker(database, cms.table(), "survivor", clock.now)

    @event.listens_for(database.engine, "commit")
    def commit(conn: Connection) -> None:
        nonlocal commits
        commits += 1

    assert look(database, newcomer, "survivor") == "changed"
    newcomer.reader.close()
    assert commits == 1 + COMMITS
