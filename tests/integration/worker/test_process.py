"""The worker between its tasks: schedule, nightly reconciliation, and retention."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from syndication.config.loading import load_settings
from syndication.config.schema import WorkerSettings
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, search_index
from syndication.store.processes import poll_counts
from syndication.store.publishing import asked_feeds, documents, previews
from syndication.worker.catch_up import INDEXING_RETRY
from syndication.worker.process import RECENT, Worker
from syndication.worker.quiet import QuietWait
from syndication.worker.schedule import build_scheduler, schedule_due
from syndication.worker.tasks import Task, TaskQueue
from syndication.worker.time_share import TimeShare
from tests.support.newsroom import article, at


@pytest.fixture
def worker(database, clock, tmp_path):
    (tmp_path / "syndication.toml").write_text(
        "[worker]\ntombstone_days = 999999999\n[editors]\naudit_days = 999999999"
    )
    (tmp_path / "sections.toml").write_text(
        "".join(f"[[section]]\nslug = '{slug}'\ntitle = '{slug}'\n" for slug in ("taiwan", "china", "sports"))
    )
    worker = Worker(load_settings(tmp_path / "syndication.toml", {}), database)
    worker.regenerator.register()
    worker._drain()
    clock.advance(1)
    yield worker
    worker._stopping.set()


def put(worker, id="a1", **changes):
    list(articles.put_articles(worker.database, [article(id, **changes)]))


def night(worker, clock):
    """Returns what the reconciliation logs, more than an hour after the last regeneration."""
    clock.advance(RECENT.total_seconds() + 1)
    with capture_logs() as logs:
        worker._reconcile()
    return {entry["event"]: entry.get("sections") for entry in logs if "reconcil" in entry["event"]}


def test_a_quiet_night_finds_nothing(worker, clock):
    assert night(worker, clock) == {"reconciled": 4}


def test_a_missed_change_is_found_and_logged(worker, clock):
    put(worker, sections=("taiwan",))
    with worker.database.write() as conn:
        conn.exec_driver_sql("DELETE FROM change")  # As if no trigger had noticed it.
    assert night(worker, clock) == {"reconciliation_found_changes": ["taiwan", "all"]}


def test_what_is_published_during_the_night_is_no_alarm(worker, clock, monkeypatch):
    real = worker.regenerator._read

    def read(slug, *rest):
        if slug == "all":
            put(worker, sections=("taiwan",))
        return real(slug, *rest)

    monkeypatch.setattr(worker.regenerator, "_read", read)
    assert night(worker, clock).keys() == {"reconciled"}


def test_a_change_that_waits_already_is_no_alarm(worker, clock):
    put(worker, sections=("taiwan",))
    worker.regenerator.process_changes()
    put(worker, "a2", sections=("china",))
    assert night(worker, clock).keys() == {"reconciled"}


def test_an_embargo_that_ends_during_the_night_is_no_alarm(worker, clock):
    put(worker, sections=("taiwan",), published_at=at(minutes=50))
    worker._drain()
    assert night(worker, clock).keys() == {"reconciled"}


def test_a_batch_of_changes_and_a_section_take_turns(worker, clock, monkeypatch):
    monkeypatch.setattr("syndication.store.publishing.change_queue.AT_ONCE", 4)
    steps = []
    notice, regenerate = worker.regenerator.process_changes, worker.regenerator._regenerate

    def noticing(**options):
        number = notice(**options)
        steps.append("batch" if number else "look")
        return number

    monkeypatch.setattr(worker.regenerator, "process_changes", noticing)
    monkeypatch.setattr(worker.regenerator, "_regenerate", lambda slug: steps.append(slug) or regenerate(slug))
    for n in range(6):
        put(worker, f"a{n}", sections=("taiwan",))
    worker._drain()
    assert steps[:4] == ["batch", "taiwan", "batch", "all"]
    assert "batch" in steps[4:] and steps[-1] == "look"


def test_a_huge_retention_time_does_not_overflow(worker):
    worker._prune()


def test_housekeeping_deletes_poll_counts_after_eight_days(worker, clock):
    with worker.database.write() as conn:
        poll_counts.add_polls(conn, {("taiwan", at(days=-day)): poll_counts.PollSums(1) for day in range(12)})
    worker._prune()
    with worker.database.read() as conn:
        left = poll_counts.read_polls(conn, ["taiwan"], at(days=-30))["taiwan"]
    assert set(left) == {at(days=-day) for day in range(8)}  # It is a second after noon.


def alarm(due, now):
    """Returns the seconds until the worker's next scheduled task."""
    tasks = TaskQueue()
    scheduler = build_scheduler(WorkerSettings(), tasks, lambda: None)
    scheduler.start(paused=True)
    try:
        schedule_due(scheduler, tasks, due, now)
        job = scheduler.get_job("due")
        return job.next_run_time - datetime.now(UTC)
    finally:
        scheduler.shutdown()


def test_a_moment_at_the_end_of_the_calendar_is_no_overflow():
    assert timedelta(hours=23) < alarm(datetime.max.replace(tzinfo=UTC), at()) <= timedelta(days=1, seconds=1)


def test_a_near_moment_rings_in_its_time():
    assert timedelta(seconds=50) < alarm(at(minutes=1), at()) < timedelta(seconds=62)


def test_an_article_that_expires_at_the_end_of_the_calendar_is_published(worker, clock):
    put(worker, expires_at=datetime.max.replace(tzinfo=UTC))
    worker.scheduler.start(paused=True)
    try:
        worker._do(frozenset({Task.GATHER}))
        assert worker.scheduler.get_job("due") is not None
    finally:
        worker.scheduler.shutdown()


def test_a_sitemap_that_is_due_at_the_end_of_the_calendar_is_no_overflow(worker, clock):
    worker.sitemaps.register()
    put(worker, published_at=at(days=-30), expires_at=datetime.max.replace(tzinfo=UTC))
    worker.catch_up.index_quiet = resting(0)
    worker.scheduler.start(paused=True)
    try:
        for _ in range(4):
            worker._do(frozenset({Task.GATHER}))
            clock.advance(30)
        assert worker.catch_up.due_in > threading.TIMEOUT_MAX > worker._pause()
    finally:
        worker.scheduler.shutdown()


def preview_requests(worker, clock, number):
    with worker.database.write() as conn:
        for who in range(number):
            previews.request(conn, {"section": "taiwan", "changes": []}, "taiwan", Actor(f"t{who}", "-"), clock())


def steps(worker, monkeypatch):
    """Records the order in which the worker checks for changes, publishes sections and answers previews."""
    order = []
    for owner, name, step in (
        (worker.regenerator, "process_changes", "look"),
        (worker.regenerator, "_regenerate", "section"),
        (worker.previewer, "_answer", "preview"),
    ):
        real = getattr(owner, name)
        monkeypatch.setattr(
            owner, name, lambda *a, _real=real, _step=step, **k: (order.append(_step), _real(*a, **k))[1]
        )
    return order


def test_publishing_goes_before_the_previews_that_wait(worker, clock, monkeypatch):
    preview_requests(worker, clock, 8)
    put(worker, sections=("taiwan", "china", "sports"))
    worker.preview_share = TimeShare(share=1.0)  # As if previews cost nothing: only the order is tested.
    order = steps(worker, monkeypatch)
    worker._drain()
    assert order.index("section") < order.index("preview")
    assert order.count("section") == 4 and order.count("preview") == 8
    assert all(after == "look" for step, after in pairwise(order) if step == "preview")


def test_previews_have_a_share_of_the_time(worker, clock):
    preview_requests(worker, clock, 8)
    worker.preview_share = TimeShare(share=1e-6)
    worker._drain()
    with worker.database.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM preview WHERE finished_at IS NOT NULL").scalar() == 1
    assert worker._pause() > 0  # It returns to the waiting previews.


def test_feeds_of_readers_have_a_share_of_the_time_and_hold_up_no_section(worker, clock):
    combinations = ["taiwan+china", "taiwan+sports", "china+sports"]
    with worker.database.write() as conn:
        for slug in combinations:
            asked_feeds.ask(conn, slug, "combination", "", "", clock(), 10, 10)
    worker.reader_share = TimeShare(share=1e-6)
    worker._drain()
    assert len(published(worker) & set(combinations)) == 1
    assert worker._pause() > 0, "it returns to the others"
    clock.advance(2)
    put(worker, sections=("taiwan",))
    assert {outcome.section for outcome in worker._drain()} == {"taiwan", "all"}
    worker.reader_share = TimeShare(share=1.0)
    worker._drain()
    assert set(combinations) <= published(worker)


def published(worker):
    with worker.database.read() as conn:
        return set(documents.read_versions(conn))


def test_the_share_is_of_the_time_that_it_took():
    share = TimeShare(share=0.2)
    assert share.wait(0) == 0
    share.record(10, 12)
    assert share.wait(12) == pytest.approx(8) and share.wait(20) == 0


def waits_for_later(worker):
    with worker.database.read() as conn:
        parts, _ = worker.sitemaps.waiting(conn)
    return bool(parts.marks), worker.regenerator.look().to_index is not None


def test_sitemaps_and_the_search_index_wait_until_publishing_is_quiet(worker, clock):
    worker.sitemaps.register()
    worker._drain()
    worker.catch_up.work(worker._look())
    assert waits_for_later(worker) == (False, False) and worker.catch_up.due_in is None, "at the start at once"
    worker.catch_up.sitemaps_quiet, worker.catch_up.index_quiet = resting(1000), resting(1000)
    clock.advance(30)
    put(worker, sections=("taiwan",))
    assert {outcome.section for outcome in worker._drain()} == {"taiwan", "all"}
    worker.catch_up.work(worker._look())
    assert waits_for_later(worker) == (True, True)
    assert 900 < worker.catch_up.due_in < 1001 and worker._pause() < 1001
    worker.catch_up.sitemaps_quiet, worker.catch_up.index_quiet = resting(0), resting(0)
    worker.catch_up.work(worker._look())
    assert waits_for_later(worker) == (False, False)


def test_commits_wake_a_worker_that_rests_and_none_that_works(worker):
    worker._resting.set()
    waking = threading.Thread(target=worker._wake)
    waking.start()
    try:
        assert worker.tasks.take_all(5) == {Task.GATHER}, "it may have missed some before it started"
        worker._resting.clear()
        put(worker)
        worker.tasks.take_all(1.5)  # It was waiting already.
        put(worker, "a2")
        assert not worker.tasks.take_all(0.5)
        worker._resting.set()
        assert worker.tasks.take_all(5) == {Task.GATHER}
    finally:
        worker._stopping.set()
        waking.join(5)


def resting(seconds):
    wait = QuietWait(seconds, seconds)
    wait.done(0)
    return wait


def test_a_change_between_two_steps_is_published_before_the_next(worker, clock, monkeypatch):
    monkeypatch.setattr("syndication.worker.process.STEP_SECONDS", 0)
    worker.sitemaps.register()
    before, real = [], worker.sitemaps.steps

    def steps():
        for number, _ in enumerate(real()):
            if number == 1:
                clock.advance(2)
                put(worker, sections=("taiwan",))
            yield
            before.append(worker.regenerator.look().publishing)

    monkeypatch.setattr(worker.sitemaps, "steps", steps)
    worker.catch_up.write_sitemaps()
    assert len(before) > 2 and not any(before)


def test_an_index_that_fails_is_tried_again_after_a_rest(worker, monkeypatch):
    put(worker)
    worker._drain()

    def fail(_):
        raise ValueError("no place")

    monkeypatch.setattr(search_index, "index_next", fail)
    with capture_logs() as logs:
        worker.catch_up.index_articles()
    assert [entry["event"] for entry in logs] == ["indexing_failed"]
    assert INDEXING_RETRY - 1 < worker.catch_up.waits(worker._look())[1] <= INDEXING_RETRY
