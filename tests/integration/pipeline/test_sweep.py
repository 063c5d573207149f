"""A sweep finds what no trigger noticed, and nothing that is merely on its way, on both databases."""

import sqlite3
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update

from syndication.pipeline.sweep import Sweeper
from syndication.store import triggers
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.db.database import sqlite_path
from syndication.store.publishing import section_state, sweeps
from syndication.store.publishing.section_state import section_status
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from syndication.store.tables.publishing import SectionStateRow
from tests.support.desk import Desk, hold, titles
from tests.support.newsroom import at

IDS = [f"a{n}" for n in range(4)]
INTERVAL = timedelta(minutes=5)


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    desk.restart()
    for n, id in enumerate(IDS):
        desk.put(id, published_at=at(hours=-1, minutes=-n), updated_at=at(hours=-1, minutes=-n))
    desk.later()
    clock.advance(1)
    return desk


@contextmanager
def unnoticed(desk):
    """Yields a connection whose writes no trigger notices."""
    with desk.database.write() as conn:
        triggers.drop_triggers(conn)
        yield conn
        triggers.create_triggers(conn)


def insert_unnoticed(conn, id, published_at, status="published"):
    values = {"id": id, "slug": id, "url": f"/{id}", "title": f"Story {id}", "html": "", "status": status}
    conn.execute(ArticleRow.__table__.insert().values(**values, published_at=published_at))
    conn.execute(ArticleSectionRow.__table__.insert().values(article_id=id, section="taiwan"))


def sweep(desk, owner="desk", **policy):
    """Sweeps as a worker does, after the last sweep's interval; returns the outcomes of what it requested."""
    desk.clock.advance(300)
    desk.work()
    return sweep_now(desk, owner, **policy)


def sweep_now(desk, owner="desk", **policy):
    sweeper = Sweeper(desk.database, desk.regenerator.newsroom, owner, INTERVAL, **policy)
    outcomes = {}
    for _ in sweeper.sweep():
        outcomes |= desk.work()
    return outcomes


def suspected(desk):
    with desk.database.read() as conn:
        rows = conn.execute(select(SectionStateRow.section).where(SectionStateRow.suspected_generation.is_not(None)))
        return {row.section for row in rows}


def missed(desk):
    return {slug: desk.state(slug).missed_entries for slug in desk.sections if desk.state(slug).missed_at}


def test_an_unnoticed_article_appears_and_is_reported(desk):
    with unnoticed(desk) as conn:
        insert_unnoticed(conn, "new", at(minutes=-5))
    assert desk.work() == {}
    outcomes = sweep(desk)
    assert titles(desk.body("taiwan"))[0] == titles(desk.body("all"))[0] == "Story new"
    assert missed(desk) == {"all": 1, "taiwan": 1} and suspected(desk) == set()
    assert {slug: outcome.missed for slug, outcome in outcomes.items()} == {"all": 1, "taiwan": 1}
    assert sweep(desk) == {}


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"status": "draft"}, ["a0", "a2", "a3"]),
        ({"published_at": at(minutes=-10)}, ["a1", "a0", "a2", "a3"]),
        ({"expires_at": at(minutes=-1)}, ["a0", "a2", "a3"]),
        ({"title": "Story corrected", "updated_at": at(seconds=1)}, ["a0", "corrected", "a2", "a3"]),
        ({"guid": "https://old.example/1", "updated_at": at(seconds=1)}, ["a0", "a1", "a2", "a3"]),
    ],
    ids=["unpublished", "moved in time", "expired", "corrected", "renamed"],
)
def test_an_unnoticed_update_reaches_the_feeds_and_is_reported(desk, values, shown):
    with unnoticed(desk) as conn:
        conn.execute(update(ArticleRow).where(ArticleRow.id == "a1").values(values))
    sweep(desk)
    assert titles(desk.body("taiwan")) == titles(desk.body("all")) == [f"Story {id}" for id in shown]
    assert missed(desk) == {"all": 1, "taiwan": 1}
    assert sweep(desk) == {}


def test_an_unnoticed_deletion_leaves_the_feeds_and_is_reported(desk):
    with unnoticed(desk) as conn:
        conn.execute(delete(ArticleSectionRow).where(ArticleSectionRow.article_id == "a1"))
        conn.execute(delete(ArticleRow).where(ArticleRow.id == "a1"))
    sweep(desk)
    assert titles(desk.body("taiwan")) == ["Story a0", "Story a2", "Story a3"]
    assert desk.tombstones() == {"a1": "deleted"} and missed(desk) == {"all": 1, "taiwan": 1}


def test_a_withdrawn_article_written_again_unnoticed_leaves_the_feeds(desk):
    withdrawals.withdraw(desk.database, ["a1"], Actor("mei", "a test"))
    desk.later()
    with unnoticed(desk) as conn:
        conn.execute(update(ArticleRow).where(ArticleRow.id == "a1").values(status="published"))
        conn.execute(update(ArticleSectionRow).where(ArticleSectionRow.article_id == "a1").values(status="published"))
        section_state.request(conn, ["taiwan"], desk.clock())  # Something else regenerates one of its feeds.
    desk.later()
    sweep(desk)
    assert "Story a1" not in desk.everything() and missed(desk) == {"taiwan": 1}
    assert sweep(desk) == {}


def test_an_old_draft_published_unnoticed_is_found_by_its_link(desk):
    desk.put("old", status="draft", published_at=at(days=-9), updated_at=at(days=-9))
    desk.later()
    for n in range(30):  # The feed of all articles has no room for it.
        desk.put(f"b{n}", sections=("sports",), published_at=at(minutes=-n), updated_at=at(minutes=-n))
    desk.later()
    with unnoticed(desk) as conn:
        conn.execute(update(ArticleRow).where(ArticleRow.id == "old").values(status="published"))
    sweep(desk)
    assert titles(desk.body("taiwan"))[-1] == "Story old" and missed(desk) == {"taiwan": 1}


def test_an_unnoticed_embargo_ends_in_its_second(desk):
    with unnoticed(desk) as conn:
        insert_unnoticed(conn, "new", at(minutes=20))
    sweep(desk)
    assert desk.regenerator.look().next_due == at(minutes=20)
    assert "Story new" not in desk.everything() and missed(desk) == {"all": 1, "taiwan": 1}
    desk.clock.now = at(minutes=20)
    desk.work()
    assert titles(desk.body("taiwan"))[0] == "Story new"


def test_an_unnoticed_expiry_ends_in_its_second(desk):
    with unnoticed(desk) as conn:
        conn.execute(update(ArticleRow).where(ArticleRow.id == "a0").values(expires_at=at(minutes=20)))
    sweep(desk)
    assert desk.regenerator.look().next_due == at(minutes=20) and missed(desk) == {"all": 1, "taiwan": 1}
    assert sweep(desk) == {}


def test_a_quiet_newsroom_is_swept_without_a_trace(desk):
    before = [desk.state(slug) for slug in desk.sections]
    assert sweep(desk) == {} and suspected(desk) == set() and missed(desk) == {}
    assert [desk.state(slug) for slug in desk.sections] == before
    with desk.database.read() as conn:
        assert sweeps.last_finished(conn) == desk.clock()


def test_a_queued_change_is_not_suspected(desk):
    desk.clock.advance(300)
    desk.put("new", published_at=at(minutes=-5), updated_at=at(minutes=-5))
    for _ in Sweeper(desk.database, desk.regenerator.newsroom, "desk", INTERVAL).sweep():
        assert suspected(desk) == set()
    desk.work()
    assert missed(desk) == {}


def test_a_section_waiting_for_its_regeneration_is_not_suspected(desk):
    desk.clock.advance(300)
    desk.put("new", published_at=at(minutes=-5), updated_at=at(minutes=-5))
    desk.regenerator.process_changes()
    for _ in Sweeper(desk.database, desk.regenerator.newsroom, "desk", INTERVAL).sweep():
        assert suspected(desk) == set()


def test_an_embargo_that_ends_this_second_is_not_suspected(desk):
    desk.put("new", published_at=at(minutes=20), updated_at=at(minutes=20))
    desk.later()
    desk.clock.now = at(minutes=20)
    for _ in Sweeper(desk.database, desk.regenerator.newsroom, "desk", INTERVAL).sweep():
        assert suspected(desk) == set()


def test_a_held_section_is_not_suspected(desk):
    hold(desk, 3600)
    with desk.database.write() as conn:
        conn.execute(delete(ArticleRow))
    assert desk.work()["taiwan"].held == 4
    assert sweep(desk, hold=timedelta(hours=1)) == {} and suspected(desk) == set()


def test_an_unnoticed_truncation_is_held_and_reported(desk):
    hold(desk)
    before = desk.document()
    with unnoticed(desk) as conn:
        conn.execute(delete(ArticleSectionRow))
        conn.execute(delete(ArticleRow))
    outcomes = sweep(desk, hold=timedelta(minutes=1))
    assert desk.document() == before and section_status(desk.state()) == "held"
    assert outcomes["taiwan"].missed == 4 and missed(desk) == {"all": 4, "taiwan": 4}


def test_a_hold_that_a_clock_set_back_prolongs_is_shortened(desk):
    hold(desk)
    with desk.database.write() as conn:
        conn.execute(delete(ArticleRow))
    desk.work()
    desk.clock.advance(-3600)
    sweep_now(desk, hold=timedelta(minutes=1))
    assert desk.state().hold.until == desk.clock() + timedelta(minutes=1) and missed(desk) == {}


def test_a_clock_set_back_makes_no_section_suspected(desk):
    desk.clock.advance(-7200)
    assert sweep_now(desk) == {} and suspected(desk) == set()


def test_an_article_left_out_is_not_suspected(desk):
    desk.put("bad", url="https://[broken", published_at=at(minutes=-5), updated_at=at(minutes=-5))
    desk.later()
    assert "bad" in desk.left_out()
    assert sweep(desk) == {} and suspected(desk) == set()


def test_a_time_that_no_program_can_read_stops_no_sweep(desk):
    with unnoticed(desk) as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("UPDATE article SET updated_at = '0000-01-01T00:00:00.000000Z' WHERE id = 'a1'")
        else:
            conn.exec_driver_sql(
                "ALTER TABLE article DROP CONSTRAINT ck_article_expires_at_is_in_the_years_1_to_9999;"
                "UPDATE article SET expires_at = 'infinity' WHERE id = 'a1'"
            )
    sweep(desk)
    assert desk.left_out().keys() == {"a1"} and missed(desk) == {"all": 1, "taiwan": 1}
    assert sweep(desk) == {}


def test_a_full_window_is_compared_to_its_last_place(desk):
    for n in range(30):
        hours = -1 if n < 12 else -48
        desk.put(f"b{n}", published_at=at(hours=hours, minutes=-n), updated_at=at(hours=-1))
    desk.later()
    assert sweep(desk) == {} and missed(desk) == {}
    desk.later(hours=24)
    assert sweep(desk) == {} and missed(desk) == {}


def test_a_suspicion_that_changes_nothing_is_not_reported(desk):
    with desk.database.write() as conn:
        conn.execute(text("UPDATE entry SET article_updated_at = NULL"))
    outcomes = sweep(desk)
    assert {outcome.result for outcome in outcomes.values()} == {"unchanged"}
    assert missed(desk) == {} and suspected(desk) == set()
    assert sweep(desk) == {}


def test_workers_sweep_one_at_a_time(desk):
    desk.clock.advance(300)
    first = Sweeper(desk.database, desk.regenerator.newsroom, "first", INTERVAL).sweep()
    next(first)
    assert list(Sweeper(desk.database, desk.regenerator.newsroom, "second", INTERVAL).sweep()) == []
    assert len(list(first)) > 0
    assert list(Sweeper(desk.database, desk.regenerator.newsroom, "second", INTERVAL).sweep()) == []
    desk.clock.advance(300)
    assert list(Sweeper(desk.database, desk.regenerator.newsroom, "second", INTERVAL).sweep()) != []


def test_a_dead_workers_sweep_is_taken_over(desk):
    desk.clock.advance(300)
    next(Sweeper(desk.database, desk.regenerator.newsroom, "first", INTERVAL).sweep())
    desk.clock.advance(300)
    assert list(Sweeper(desk.database, desk.regenerator.newsroom, "second", INTERVAL).sweep()) != []


def test_triggers_disabled_on_postgresql_hide_nothing_for_long(postgres_desk):
    desk = postgres_desk
    with desk.database.write() as conn:
        for table in ("article", "article_section"):
            conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    with desk.database.write() as conn:
        insert_unnoticed(conn, "new", at(minutes=-5))
    assert desk.work() == {}
    sweep(desk)
    assert titles(desk.body("taiwan")) == ["Story new"] and missed(desk) == {"all": 1, "taiwan": 1}


def test_a_truncation_that_is_reloaded_is_not_suspected(postgres_desk):
    desk = postgres_desk
    for id in IDS:
        desk.put(id)
    desk.later(seconds=2)
    desk.clock.advance(300)
    rows = []
    loading = desk.database.engine.connect()
    with loading.begin():
        for table in (ArticleRow, ArticleSectionRow):
            rows.append((table, [dict(row) for row in loading.execute(select(table.__table__)).mappings()]))
        loading.execute(text("TRUNCATE article CASCADE"))
        found: list[set[str]] = []
        sweeping = threading.Thread(target=lambda: (sweep_now(desk), found.append(suspected(desk))))
        sweeping.start()
        with desk.database.read() as conn:
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not conn.scalar(waits):
                pass
        for table, values in rows:
            loading.execute(table.__table__.insert(), values)
    loading.close()
    sweeping.join(30)
    assert found == [set()] and missed(desk) == {}


def test_a_backup_restored_under_the_service_is_compared(sqlite_desk, tmp_path):
    desk = sqlite_desk
    for id in IDS:
        desk.put(id)
    desk.later(seconds=2)
    path = sqlite_path(desk.database.url)
    with sqlite3.connect(path) as live, sqlite3.connect(tmp_path / "other.db") as other:
        live.backup(other)
    other.execute("PRAGMA foreign_keys = OFF")
    triggers_of = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers_of:
        other.execute(f"DROP TRIGGER {name}")
    other.execute("DELETE FROM article WHERE id = 'a0'")
    other.execute("DELETE FROM article_section WHERE article_id = 'a0'")
    for _, statement in triggers_of:
        other.execute(statement)
    other.commit()
    with sqlite3.connect(path) as live:
        other.backup(live)
    live.close()
    other.close()
    sweep(desk)
    assert "Story a0" not in desk.everything() and missed(desk) == {"all": 1, "taiwan": 1}


def test_a_busy_newsroom_is_never_suspected(desk):
    """Writers, a worker and sweeps race; every difference that a sweep sees in one snapshot is on its way."""
    stop = threading.Event()

    def write():
        n = 0
        while not stop.is_set():
            n += 1
            desk.put(f"b{n % 7}", title=f"Story {n}", published_at=at(minutes=-n % 50), updated_at=at(minutes=-n % 50))

    def work():
        while not stop.is_set():
            desk.clock.advance(1)
            desk.work()

    threads = [threading.Thread(target=write), threading.Thread(target=work)]
    for thread in threads:
        thread.start()
    try:
        for n in range(15):
            sweeper = Sweeper(desk.database, desk.regenerator.newsroom, f"w{n}", timedelta(0))
            for _ in sweeper.sweep():
                assert suspected(desk) == set()
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def postgres_desk(postgres_url, clock):
    yield from _desk(postgres_url, clock)


@pytest.fixture
def sqlite_desk(sqlite_url, clock):
    yield from _desk(sqlite_url, clock)


def _desk(url, clock):
    from syndication.store.db.database import Database

    database = Database(url, clock=clock)
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    yield desk
    database.close()
