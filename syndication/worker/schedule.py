"""When the worker does what: every job of APScheduler is in this file.

The scheduler only rings bells: its thread puts a word into the worker's inbox, and the main thread does the
work, because feedgen sets the process's locale and may run in one thread alone. The heartbeat is the one
exception: it must go on while the main thread is busy with a long rebuild.

    gather      every ``safety_net`` seconds, should a wake-up ever be lost
    due         at the moment when the next feed changes by itself, as a date job
    reconcile   nightly: everything is rendered anew, and nothing should be found
    housekeep   hourly: old tombstones and dead workers are forgotten
    heartbeat   every two seconds

All of it is told by this machine's clock. One that is set back would let every job wait until it has caught up, and
one that is set forward would not wake the scheduler: so somebody looks at ``ClockStepDetector``, and ``set_jobs`` anew.
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
"""A job that begins so long after its time is counted as late."""

OUTCOMES = {
    EVENT_JOB_EXECUTED: "done",
    EVENT_JOB_ERROR: "failed",
    EVENT_JOB_MISSED: "missed",
    EVENT_JOB_MAX_INSTANCES: "skipped",
    EVENT_JOB_SUBMITTED: "late",
}
"""What is counted: skipped is what still ran when its time came again. Late ones are counted besides."""

MAX_AHEAD = timedelta(days=1)
"""An alarm is set no farther ahead, and again when it rings: a time may be so far off that no clock can count to it."""


STEP_SECONDS = 1.0
"""What a clock that is put right bit by bit never comes to between two looks."""


def build_scheduler(settings: WorkerSettings, tasks: TaskQueue, heartbeat: Callable[[], None]) -> BackgroundScheduler:
    """The worker's jobs, not started yet."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={
            # Ringing once for several missed times is enough: every job looks at the whole state.
            "coalesce": True,
            # A job that still runs need not run beside itself.
            "max_instances": 1,
            # A machine that slept rings late rather than never: late work is still due.
            "misfire_grace_time": None,
        },
    )
    set_jobs(scheduler, settings, tasks, heartbeat)
    scheduler.add_listener(_count, sum(OUTCOMES))
    return scheduler


def set_jobs(
    scheduler: BackgroundScheduler, settings: WorkerSettings, tasks: TaskQueue, heartbeat: Callable[[], None]
) -> None:
    """Give it its jobs, as seen from now; those that it has are replaced."""
    hour, minute = settings.reconcile_at.split(":")
    for act, trigger, options in (
        (Task.GATHER, "interval", {"seconds": settings.safety_net}),
        (Task.RECONCILE, "cron", {"hour": hour, "minute": minute}),
        (Task.HOUSEKEEP, "interval", {"hours": 1}),
    ):
        scheduler.add_job(tasks.put, trigger, args=[act], id=act.value, replace_existing=True, **options)
    scheduler.add_job(heartbeat, "interval", seconds=HEARTBEAT.total_seconds(), id="heartbeat", replace_existing=True)


class ClockStepDetector:
    """Notices that this machine's clock was set, by the one that nobody can set; waking from a sleep is the same."""

    def __init__(self, clock: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steady = steady
        self._ahead = clock() - steady()

    def has_stepped(self) -> bool:
        """Whether it was set, by more than a second, since the last time that it was asked."""
        before, self._ahead = self._ahead, self._clock() - self._steady()
        return abs(self._ahead - before) > STEP_SECONDS


def _count(event: JobEvent) -> None:
    """Count for Prometheus what came of a job, and whether it began late: a machine that slept, or a busy one."""
    if event.code != EVENT_JOB_SUBMITTED or datetime.now(UTC) - max(event.scheduled_run_times) > LATE:
        JOBS.labels(event.job_id, OUTCOMES[event.code]).inc()


def schedule_due(scheduler: BackgroundScheduler, tasks: TaskQueue, due: datetime | None, now: datetime) -> None:
    """Gather when ``due`` comes. ``now`` is the database's time: its distance counts, not this machine's clock."""
    if due is None:
        if scheduler.get_job("due"):
            scheduler.remove_job("due")
        return
    ahead = min(due - now, MAX_AHEAD)
    # A date job fires within the millisecond before its time as well as after it: one more makes it surely due.
    moment = datetime.now(UTC) + ahead + timedelta(milliseconds=1)
    scheduler.add_job(tasks.put, "date", run_date=moment, args=[Task.GATHER], id="due", replace_existing=True)
