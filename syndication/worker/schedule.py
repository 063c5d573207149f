"""The worker's schedule: every APScheduler job is in this file.

The scheduler's thread only adds tasks to the worker's queue, and the main thread does the work, because feedgen sets
the process's locale and must run in one thread. The heartbeat is the one exception: it must continue while the main
thread is busy with a long rebuild.

    gather      every ``safety_net`` seconds, in case a wake-up is lost
    due         at the next scheduled change of a feed, as a date job
    sweep       every ``sweep_seconds``: looks for changes that nobody noticed, by ids and times
    reconcile   nightly: renders everything again, and should find no difference
    housekeep   hourly: deletes old tombstones and dead workers
    heartbeat   every two seconds

All jobs use this machine's clock. If it is set back, every job would wait until it has caught up; if it is set forward,
the scheduler would not wake up. So the worker checks ``ClockStepDetector`` and calls ``set_jobs`` again.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_EXECUTED,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    EVENT_JOB_SUBMITTED,
    JobEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from syndication.config.schema import WorkerSettings
from syndication.metrics.worker import JOBS
from syndication.store.processes.workers import HEARTBEAT
from syndication.worker.tasks import Task, TaskQueue

LATE = timedelta(seconds=1)
"""A job that starts this long after its time counts as late."""

OUTCOMES = {
    EVENT_JOB_EXECUTED: "done",
    EVENT_JOB_ERROR: "failed",
    EVENT_JOB_MISSED: "missed",
    EVENT_JOB_MAX_INSTANCES: "skipped",
    EVENT_JOB_SUBMITTED: "late",
}
"""The outcomes counted. Skipped: the job was still running at its next time. Late jobs are also counted as such."""

MAX_AHEAD = timedelta(days=1)
"""The farthest time of a date job, which is then set again: the real time may be too far off for any clock."""


STEP_SECONDS = 1.0
"""More than a gradual clock correction ever moves between two checks."""


def build_scheduler(settings: WorkerSettings, tasks: TaskQueue, heartbeat: Callable[[], None]) -> BackgroundScheduler:
    """Returns the scheduler with the worker's jobs, not started yet."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={
            # One run for several missed times is enough: every job looks at the whole state.
            "coalesce": True,
            # A job never needs to run twice at the same time.
            "max_instances": 1,
            # After the machine slept, jobs run late rather than never: late work is still due.
            "misfire_grace_time": None,
        },
    )
    set_jobs(scheduler, settings, tasks, heartbeat)
    scheduler.add_listener(_count, sum(OUTCOMES))
    return scheduler


def set_jobs(
    scheduler: BackgroundScheduler, settings: WorkerSettings, tasks: TaskQueue, heartbeat: Callable[[], None]
) -> None:
    """Adds the jobs, timed from now; replaces existing ones."""
    hour, minute = settings.reconcile_at.split(":")
    for act, trigger, options in (
        (Task.GATHER, "interval", {"seconds": settings.safety_net}),
        (Task.SWEEP, "interval", {"seconds": settings.sweep_seconds}),
        (Task.RECONCILE, "cron", {"hour": hour, "minute": minute}),
        (Task.HOUSEKEEP, "interval", {"hours": 1}),
    ):
        scheduler.add_job(tasks.put, trigger, args=[act], id=act.value, replace_existing=True, **options)
    scheduler.add_job(heartbeat, "interval", seconds=HEARTBEAT.total_seconds(), id="heartbeat", replace_existing=True)


class ClockStepDetector:
    """Detects a change of this machine's clock, by the monotonic one; waking from sleep looks the same."""

    def __init__(self, clock: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steady = steady
        self._ahead = clock() - steady()

    def has_stepped(self) -> bool:
        """Returns whether the clock was changed by more than a second since the last call."""
        before, self._ahead = self._ahead, self._clock() - self._steady()
        return abs(self._ahead - before) > STEP_SECONDS


def _count(event: JobEvent) -> None:
    """Counts a job's outcome, and whether it started late because the machine was asleep or busy."""
    if event.code != EVENT_JOB_SUBMITTED or datetime.now(UTC) - max(event.scheduled_run_times) > LATE:
        JOBS.labels(event.job_id, OUTCOMES[event.code]).inc()


def schedule_due(scheduler: BackgroundScheduler, tasks: TaskQueue, due: datetime | None, now: datetime) -> None:
    """Schedules gathering at ``due``. ``now`` is the database's time, so that this machine's clock does not matter."""
    if due is None:
        if scheduler.get_job("due"):
            scheduler.remove_job("due")
        return
    ahead = min(due - now, MAX_AHEAD)
    # A date job fires within a millisecond of its time, before or after: one more makes sure that it is due.
    moment = datetime.now(UTC) + ahead + timedelta(milliseconds=1)
    scheduler.add_job(tasks.put, "date", run_date=moment, args=[Task.GATHER], id="due", replace_existing=True)
