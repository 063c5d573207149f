"""The running worker: its schedule, and its recovery after it was frozen."""

import contextlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from syndication.config.loading import load_settings
from syndication.config.schema import WorkerSettings
from syndication.store import triggers
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, withdrawals
from syndication.store.db.database import Database
from syndication.store.processes import workers
from syndication.store.publishing import documents, section_state
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from syndication.store.tables.publishing import DocumentRow, TombstoneRow, WorkerRow
from syndication.store.triggers import create_triggers
from syndication.worker.process import Worker
from syndication.worker.schedule import ClockStepDetector, build_scheduler, schedule_due, set_jobs
from syndication.worker.tasks import Task, TaskQueue
from tests.support.newsroom import article, at
from tests.support.service import until


@contextlib.contextmanager
def working(database, **environ):
    """A worker in its own thread, on the test's database and clock; its log lines are collected."""
    environ = {f"SYNDICATION_WORKER__{key.upper()}": value for key, value in environ.items()}
    settings = load_settings(environ=environ | {"SYNDICATION_DATABASE__URL": database.url})
    with capture_logs() as logs:
        worker = Worker(settings, database)
        thread = threading.Thread(target=worker.run)
        thread.start()
        worker.logs = logs
        try:
            until(lambda: not pending(database))
            yield worker
        finally:
            worker.stop()
            thread.join(20)
        assert not thread.is_alive()


def pending(database):
    with database.read() as conn:
        found = section_state.list_states(conn)
    return len(found) < 15 or any(state.pending for state in found)


def body(database, slug="taiwan"):
    with database.read() as conn:
        return b"".join(d.identity for d in documents.load_documents(conn, [slug]))


def said(worker, event):
    return [line for line in worker.logs if line["event"] == event]


def without_triggers(database, statement):
    """Writes without notifying workers, as a restored backup or a promoted replica may."""
    with database.write() as conn:
        if database.dialect == "postgresql":
            conn.execute(text("ALTER TABLE article DISABLE TRIGGER USER"))
            conn.execute(statement)
            create_triggers(conn)
            return
        names = conn.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'article'"))
        for name in names.all():
            conn.exec_driver_sql(f'DROP TRIGGER "{name}"')
        conn.execute(statement)
        create_triggers(conn)


def test_the_reconciliation_finds_and_logs_an_unnoticed_change(database, clock):
    list(articles.put_articles(database, [article("a1"), article("a2", sections=("world",))]))
    with working(database) as worker:
        clock.advance(7200)
        without_triggers(database, update(ArticleRow).where(ArticleRow.id == "a1").values(title="Unnoticed"))
        worker.tasks.put(Task.GATHER)
        worker.tasks.put(Task.HOUSEKEEP)
        assert b"Unnoticed" not in body(database)
        worker.tasks.put(Task.RECONCILE)
        until(lambda: said(worker, "reconciliation_found_changes"))
        (line,) = said(worker, "reconciliation_found_changes")
        assert line["log_level"] == "error" and sorted(line["sections"]) == ["all", "taiwan"]
        assert b"Unnoticed" in body(database)


def test_a_reconciliation_without_differences_writes_no_version(database, clock):
    list(articles.put_articles(database, [article("a1")]))
    with working(database) as worker:
        with database.read() as conn:
            before = documents.read_versions(conn)
        clock.advance(7200)
        worker.tasks.put(Task.RECONCILE)
        until(lambda: said(worker, "reconciled"))
        assert said(worker, "reconciled")[0]["sections"] == 15
        # Another worker's reconciliation starts a little later: it does not repeat recent work.
        clock.advance(60)
        worker.tasks.put(Task.RECONCILE)
        until(lambda: len(said(worker, "reconciled")) == 2)
        assert said(worker, "reconciled")[1]["sections"] == 0
        with database.read() as conn:
            assert documents.read_versions(conn) == before
        assert not said(worker, "reconciliation_found_changes")


def test_the_reconciliation_repairs_a_damaged_document(database, clock):
    list(articles.put_articles(database, [article("a1")]))
    with working(database) as worker:
        clock.advance(7200)
        with database.write() as conn:
            conn.execute(update(DocumentRow).where(DocumentRow.section == "taiwan").values(digest="damaged"))
        worker.tasks.put(Task.RECONCILE)
        until(lambda: said(worker, "reconciliation_found_changes"))
        assert said(worker, "reconciliation_found_changes")[0]["sections"] == ["taiwan"]
        with database.read() as conn:
            assert "damaged" not in {d.digest for d in documents.load_documents(conn, ["taiwan"])}


def test_housekeeping_deletes_only_old_tombstones_and_dead_workers(database, clock):
    list(articles.put_articles(database, [article("old"), article("young")]))
    with working(database, tombstone_days="3") as worker:
        clock.advance(1)
        withdrawals.withdraw(database, ["old"], by=Actor("the test", "test"))
        until(lambda: b"Story old" not in body(database) and not pending(database))
        with database.write() as conn:
            workers.record_heartbeat(conn, workers.WorkerProcess("dead", "elsewhere", 1, clock(), clock()))
        clock.advance(2 * 86400)
        withdrawals.withdraw(database, ["young"], by=Actor("the test", "test"))
        until(lambda: b"Story young" not in body(database) and not pending(database))
        with database.write() as conn:
            workers.record_heartbeat(conn, workers.WorkerProcess("silent", "elsewhere", 2, clock(), clock()))

        def left():
            with database.read() as conn:
                stones = set(conn.scalars(select(TombstoneRow.article_id)))
                return stones, set(conn.scalars(select(WorkerRow.id))) - {worker.id}

        assert left() == ({"old", "young"}, {"dead", "silent"})
        # Three days and an hour after "old", which is a day and an hour after "young" and after the silent one.
        clock.advance(86400 + 3600)
        with database.write() as conn:
            workers.record_heartbeat(conn, workers.WorkerProcess("silent", "elsewhere", 2, clock(), clock()))
        worker.tasks.put(Task.HOUSEKEEP)
        until(lambda: left() != ({"old", "young"}, {"dead", "silent"}))
        assert left() == ({"young"}, {"silent"})
        until(lambda: not pending(database))
        assert b'article/young" when' in body(database) and b'article/old" when' not in body(database)
        clock.advance(7200)
        worker.tasks.put(Task.RECONCILE)
        until(lambda: said(worker, "reconciled") or said(worker, "reconciliation_found_changes"))
        assert not said(worker, "reconciliation_found_changes"), "what was pruned is published already"


def test_the_schedule_has_the_documented_jobs_with_their_options():
    scheduler = build_scheduler(WorkerSettings(reconcile_at="03:30"), TaskQueue(), lambda: None)
    scheduler.start(paused=True)
    try:
        jobs = {job.id: job for job in scheduler.get_jobs()}
        assert jobs.keys() == {"gather", "sweep", "reconcile", "housekeep", "heartbeat"}
        assert all(job.coalesce and job.max_instances == 1 and job.misfire_grace_time is None for job in jobs.values())
        nightly = jobs["reconcile"].trigger.get_next_fire_time(None, at(hours=0))
        assert nightly == datetime(2026, 3, 15, 3, 30, tzinfo=UTC)
    finally:
        scheduler.shutdown()


def test_a_date_job_rings_when_its_moment_comes_and_never_before():
    tasks = TaskQueue()
    scheduler = build_scheduler(WorkerSettings(safety_net=3600.0), tasks, lambda: None)
    scheduler.start()
    try:
        # The database's clock is an hour ahead of this machine's: only the difference counts.
        began = datetime.now(UTC)
        now = began + timedelta(hours=1)
        schedule_due(scheduler, tasks, now + timedelta(seconds=0.5), now)
        assert tasks.take_all(10) == {Task.GATHER}
        assert timedelta(seconds=0.5) <= datetime.now(UTC) - began < timedelta(seconds=5)
        until(lambda: scheduler.get_job("due") is None)
    finally:
        scheduler.shutdown()


def test_a_changed_due_moment_fires_once_and_a_removed_one_never():
    tasks = TaskQueue()
    scheduler = build_scheduler(WorkerSettings(safety_net=3600.0), tasks, lambda: None)
    scheduler.start()
    try:
        now = datetime.now(UTC)
        schedule_due(scheduler, tasks, now + timedelta(hours=2), now)
        schedule_due(scheduler, tasks, now + timedelta(seconds=0.2), now)
        assert tasks.take_all(10) == {Task.GATHER}
        schedule_due(scheduler, tasks, now + timedelta(hours=2), now)
        assert scheduler.get_job("due") is not None
        schedule_due(scheduler, tasks, None, now)
        assert scheduler.get_job("due") is None
        # A moment in the past fires at once: a machine that slept is late, not silent.
        schedule_due(scheduler, tasks, now - timedelta(hours=2), now)
        assert tasks.take_all(10) == {Task.GATHER}
        until(lambda: scheduler.get_job("due") is None)
    finally:
        scheduler.shutdown()


@pytest.fixture
def real_time(database_url):
    database = Database(database_url)
    yield database
    database.close()


def test_a_worker_publishes_at_the_due_moment_without_any_other_wake_up(real_time, monkeypatch):
    """The thread that wakes it and the safety net are removed: only the date job is left."""
    monkeypatch.setattr(Worker, "_wake", lambda self: None)
    with real_time.read() as conn:
        moment = real_time.now(conn) + timedelta(seconds=4)
    list(articles.put_articles(real_time, [article("due", published_at=moment, updated_at=None)]))
    with working(real_time, safety_net="3600"):
        seen = until(lambda: b"article/due" in body(real_time) and datetime.now(UTC))
    assert moment <= seen < moment + timedelta(seconds=5)


def test_a_worker_sweeps_and_reports_what_was_missed(real_time):
    with working(real_time, sweep_seconds="1") as worker:
        with real_time.write() as conn:
            triggers.drop_triggers(conn)
            values = {"id": "unseen", "slug": "s", "url": "/s", "title": "T", "status": "published"}
            conn.execute(ArticleRow.__table__.insert().values(published_at=at(), **values))
            conn.execute(ArticleSectionRow.__table__.insert().values(article_id="unseen", section="taiwan"))
            triggers.create_triggers(conn)
        until(lambda: b"article/unseen" in body(real_time) and b"article/unseen" in body(real_time, "all"))
        until(lambda: any(log["event"] == "swept" and log["suspected"] == 2 for log in worker.logs))
    missed = {(log["section"], log["entries"]) for log in worker.logs if log["event"] == "changes_missed"}
    assert missed == {("all", 1), ("taiwan", 1)}


@pytest.mark.parametrize("by", [-3600, 3600, -2, 2])
def test_a_clock_that_is_set_is_noticed_once(by):
    shown, steady = [1_000.0], [5.0]
    steps = ClockStepDetector(lambda: shown[0], lambda: steady[0])
    for passing in (0.5, 100.0):
        shown[0], steady[0] = shown[0] + passing, steady[0] + passing
        assert not steps.has_stepped()
    shown[0] += by
    assert steps.has_stepped() and not steps.has_stepped()


def test_a_gradual_clock_correction_is_no_step():
    shown, steady = [1_000.0], [5.0]
    steps = ClockStepDetector(lambda: shown[0], lambda: steady[0])
    for _ in range(100):
        shown[0], steady[0] = shown[0] + 0.9, steady[0] + 1.0
        assert not steps.has_stepped()


def test_jobs_are_timed_from_now_after_they_are_set_again():
    tasks, beats = TaskQueue(), []
    settings = WorkerSettings(safety_net=0.1)
    scheduler = build_scheduler(settings, tasks, lambda: beats.append(1))
    scheduler.start()
    try:
        # As after the clock was set back by an hour.
        for job in scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
        tasks.take_all(0.0)
        assert not tasks.take_all(0.3)
        set_jobs(scheduler, settings, tasks, lambda: beats.append(2))
        assert tasks.take_all(5.0) == {Task.GATHER}
        until(lambda: beats == [2])
    finally:
        scheduler.shutdown()
