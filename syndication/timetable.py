"""When the worker does what: every job of APScheduler is in this file.

The scheduler only rings bells: its thread puts a word into the worker's inbox, and the main thread does the
work, because feedgen sets the process's locale and may run in one thread alone. The heartbeat is the one
exception: it must go on while the main thread is busy with a long rebuild.

    gather      every ``safety_net`` seconds, should a wake-up ever be lost
    due         at the moment when the next feed changes by itself, as a date job
    reconcile   nightly: everything is rendered anew, and nothing should be found
    housekeep   hourly: old tombstones and dead workers are forgotten
    heartbeat   every two seconds
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from syndication.inbox import Inbox, Task
from syndication.schema import WorkerSettings
from syndication.store.workers import HEARTBEAT

FARTHEST = timedelta(days=1)
"""An alarm is set no farther ahead, and again when it rings: a time may be so far off that no clock can count to it."""


def timetable(settings: WorkerSettings, inbox: Inbox, heartbeat: Callable[[], None]) -> BackgroundScheduler:
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
    hour, minute = settings.reconcile_at.split(":")
    scheduler.add_job(inbox.put, "interval", args=[Task.GATHER], seconds=settings.safety_net, id="gather")
    scheduler.add_job(inbox.put, "cron", args=[Task.RECONCILE], hour=hour, minute=minute, id="reconcile")
    scheduler.add_job(inbox.put, "interval", args=[Task.HOUSEKEEP], hours=1, id="housekeep")
    scheduler.add_job(heartbeat, "interval", seconds=HEARTBEAT.total_seconds(), id="heartbeat")
    return scheduler


def ring_at(scheduler: BackgroundScheduler, inbox: Inbox, due: datetime | None, now: datetime) -> None:
    """Gather when ``due`` comes. ``now`` is the database's time: its distance counts, not this machine's clock."""
    if due is None:
        if scheduler.get_job("due"):
            scheduler.remove_job("due")
        return
    ahead = min(due - now, FARTHEST)
    # A date job fires within the millisecond before its time as well as after it: one more makes it surely due.
    moment = datetime.now(UTC) + ahead + timedelta(milliseconds=1)
    scheduler.add_job(inbox.put, "date", run_date=moment, args=[Task.GATHER], id="due", replace_existing=True)
