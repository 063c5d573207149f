"""The worker process: woken by changes and by its schedule, it regenerates sections.

The main thread does all the work; other threads only add tasks to its queue.
"""

import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from syndication.config.loading import Settings
from syndication.hub.push import PUSH
from syndication.hub.verify import VERIFY
from syndication.logs import get_logger
from syndication.metrics import database as database_metrics
from syndication.metrics import worker as worker_metrics
from syndication.metrics.progress import Progress
from syndication.notifications.notifier import Notifier
from syndication.outbound.engine import Engine
from syndication.pipeline.definitions_moved import DefinitionsMoved
from syndication.pipeline.gather import Newsroom
from syndication.pipeline.outcome import Outcome, log_outcome
from syndication.pipeline.preview import Previewer
from syndication.pipeline.regenerate import RegenerationPolicy, Regenerator
from syndication.pipeline.sitemaps import SitemapMaker, SitemapPolicy
from syndication.pipeline.sweep import Sweeper
from syndication.process.child import Limits
from syndication.process.memory import share_one_arena
from syndication.process.parent import exit_with_parent
from syndication.process.reload import reload_on_hangup
from syndication.render.isolated import IsolatedRenderer
from syndication.store.articles import feed_query, render_deaths
from syndication.store.db import errors
from syndication.store.db.database import WORK, Database, DatabaseDown, SerializationConflict
from syndication.store.db.listen import Waker
from syndication.store.migrations import runner
from syndication.store.processes import delivery_moments, workers
from syndication.store.publishing import article_stamps, section_state, sitemap_state
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.store.publishing.waiting_work import WaitingWork
from syndication.worker.asked_feeds import AskedFeeds
from syndication.worker.catch_up import CatchUp
from syndication.worker.outbound_queues import outbound_queues
from syndication.worker.retention import prune
from syndication.worker.schedule import ClockStepDetector, build_scheduler, schedule_due, set_jobs
from syndication.worker.source_threads import SourceThreads
from syndication.worker.tasks import Task, TaskQueue
from syndication.worker.time_share import PREVIEWS, READERS, TimeShare

log = get_logger(__name__)

PAUSE_WITHOUT_DATABASE = 1.0
"""Seconds between two attempts to reach a database that is down."""

SILENT_SECONDS = 2.0
"""How long a worker that stops waits for a PostgreSQL that is silent, in all. What it does is repeated by another."""

LONGEST_PAUSE = 3600.0
"""A sitemap may be due at the end of the calendar: no lock can be waited for that long."""

STEP_SECONDS = 0.02
"""Steps of work that gives way to publishing are done together up to this time: a look costs as much as a short one."""

RECENT = timedelta(hours=1)
"""Sections regenerated within this time need no reconciliation: another worker has just done it."""


class Worker:
    """One worker: ``run`` does the tasks in its queue until ``stop``."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.effective = EffectiveSettings(settings)
        with database.read() as conn:
            self.effective.refresh(conn)
        self.settings = settings = self.effective.current
        self.database = database
        self.tasks = TaskQueue()
        self.id = uuid.uuid4().hex
        policy = RegenerationPolicy(
            lease=timedelta(seconds=settings.worker.lease),
            retry_first=timedelta(seconds=settings.worker.retry_first),
            retry_max=timedelta(seconds=settings.worker.retry_max),
            keep_versions=settings.worker.keep_versions,
            purge=bool(settings.purge.url),
            hold=timedelta(seconds=settings.worker.hold_seconds),
            hubs=settings.hub.outside,
        )
        limits = Limits(settings.worker.render_seconds, settings.worker.render_memory)
        self.isolated = IsolatedRenderer(limits, _renderer_died)
        self.regenerator = Regenerator(
            database,
            Newsroom(settings.site, settings.sections),
            policy,
            self.id,
            fragment_memory=settings.worker.fragment_memory * 1024 * 1024,
            entries=self.isolated,
            begin=self.isolated.begin,
        )
        self.regenerator.revision = self.effective.revision.definitions if self.effective.revision else None
        interval = timedelta(seconds=settings.worker.sweep_seconds)
        self.sweeper = Sweeper(database, self.regenerator.newsroom, self.id, interval, policy.hold)
        self.asked = AskedFeeds(self.settings, database, self.regenerator, self.sweeper)
        maps = settings.main.sitemaps
        self.sitemaps = SitemapMaker(
            database,
            settings.site,
            self.id,
            SitemapPolicy(maps.enabled, maps.news_name, purge=bool(settings.purge.url)),
        )
        self.outbound = Engine(database, outbound_queues(lambda: self.settings, self.id))
        self.sources = SourceThreads(settings, database, self.id) if settings.sources else None
        self.previewer = Previewer(database, self.regenerator.newsroom, self.regenerator.renderer)
        self.preview_share = TimeShare(PREVIEWS)
        self.reader_share = TimeShare(READERS)
        self._found: WaitingWork | None = None
        """What there was to do at the last look, and when that was."""
        self._looked = float("-inf")
        self.scheduler: BackgroundScheduler = build_scheduler(settings.worker, self.tasks, self.heartbeat)
        self._progress = Progress(settings.worker.progress_path)
        self._stopping = threading.Event()
        self._resting = threading.Event()
        self.catch_up = CatchUp(
            database,
            self.sitemaps,
            self._stopping,
            look=self._look,
            publish=self._publish_between,
            written=lambda: self.outbound.notify("purge"),
        )
        with database.read() as conn:
            now = database.now(conn)
        self.notifier = Notifier(lambda: self.settings, database, self.id)
        self._seen = workers.WorkerProcess(self.id, socket.gethostname(), os.getpid(), now, now)

    def run(self) -> None:
        """Runs until ``stop``; finishes the current section first."""
        own = self.settings.worker
        worker_metrics.serve(own.metrics_host, own.metrics_port, self.regenerator.memory_used)
        self.isolated.start()
        self.heartbeat()
        marked = self.regenerator.register()
        self.sitemaps.register()
        self.regenerator.begin_terms()
        log.info("worker_started", sections=len(self.settings.sections), to_regenerate=len(marked))
        self.scheduler.start()
        waking = threading.Thread(target=self._wake, name="wake", daemon=True)
        waking.start()
        self.outbound.start()
        if self.sources is not None:
            self.sources.start()
        self.notifier.start()
        self.tasks.put(Task.GATHER)
        self._progress.start()
        try:
            self._loop()
        finally:
            self._progress.stop()
            self._stopping.set()
            self.scheduler.shutdown(wait=True)
            waking.join(timeout=0 if self.database.is_given_up else 2)  # It waits for the database too.
            if self.sources is not None:
                self.sources.stop()
            self.outbound.stop()
            self.notifier.stop()
            self.isolated.close()
            self._remove_heartbeat()

    def stop(self) -> None:
        """Ends ``run`` after the current section; at once if the database is silent."""
        self._stopping.set()
        self.database.end_within(SILENT_SECONDS)
        self.tasks.put(Task.STOP)

    def heartbeat(self) -> None:
        """Records this worker's heartbeat, and updates the metrics of database failures."""
        database_metrics.flush(errors.counted)
        try:
            with self.database.write_again() as conn:
                self._seen = replace(self._seen, seen_at=self.database.now(conn))
                workers.record_heartbeat(conn, self._seen)
        except DatabaseDown as error:
            log.warning("heartbeat_failed", error=type(error).__name__)
            return
        self._settle()

    def _settle(self) -> None:
        """Records what web processes have served since; a write only while a change is on its way."""
        try:
            with self.database.glance() as conn:
                if not delivery_moments.has_unsettled(conn):
                    return
            with self.database.write_again() as conn:
                delivery_moments.settle(conn, self.database.now(conn))
        except (DatabaseDown, SerializationConflict) as error:  # The next heartbeat does it.
            log.warning("deliveries_not_recorded", error=type(error).__name__)
        except Exception:  # The heartbeat must go on: without it, the worker seems to have ended.
            log.exception("deliveries_failed")

    def _loop(self) -> None:
        timeout: float | None = None
        while not self._stopping.is_set():
            self._progress.rest()
            self._resting.set()
            tasks = self.tasks.take_all(timeout)
            self._resting.clear()
            self._progress.step()
            try:
                self._do(tasks)
                timeout = self._pause()
            except SerializationConflict:
                # Another transaction took precedence; no task is lost, because each one looks at the whole state.
                for task in tasks | {Task.GATHER}:
                    self.tasks.put(task)
            except DatabaseDown as error:
                # Feeds are served unchanged; no task is lost, because each one looks at the whole state.
                log.warning("database_down", error=type(error).__name__)
                self._stopping.wait(PAUSE_WITHOUT_DATABASE)
                for task in tasks | {Task.GATHER}:
                    self.tasks.put(task)

    def _do(self, tasks: frozenset[Task]) -> None:
        if Task.HOUSEKEEP in tasks:
            self._prune()
        self._drain()
        if Task.SWEEP in tasks:
            self._sweep()
        if Task.RECONCILE in tasks and not self._stopping.is_set():
            self._reconcile()
        if self._last_look().filling:
            self._fill_terms()
        self.catch_up.work(self._last_look())
        found = self._last_look()
        schedule_due(self.scheduler, self.tasks, found.next_due, self.database.time(found.clock))

    def _look(self) -> WaitingWork:
        """Looks for all that there is to do, in one statement."""
        self._found, self._looked = self.regenerator.look(), time.monotonic()
        if self._found.intents:
            self.outbound.notify(VERIFY)
        return self._found

    def _last_look(self) -> WaitingWork:
        """Returns what was found last; what has come since wakes this worker again."""
        return self._found or self._look()

    def _drain(self) -> list[Outcome]:
        """Gathers and regenerates until nothing can be done now; new changes are gathered between any two sections.

        Publishing comes first: at most one preview is answered after a section, and changes are gathered after each
        preview. ``preview_share`` limits the total time of previews, ``reader_share`` that of feeds of readers.
        """
        outcomes = []
        while not self._stopping.is_set():
            self._progress.step()
            found = self._look()
            if self._follow(found):
                found = self._look()
            noticed = self.regenerator.process_changes(ahead=True, found=found)
            outcome = self._regenerate(found)
            if outcome is not None:
                outcomes.append(outcome)
            answered = found.previews and self._answer_preview()
            if not answered and outcome is None and not noticed:
                break
        return outcomes

    def _regenerate(self, found: WaitingWork) -> Outcome | None:
        """Regenerates the section that has waited longest, if one can be claimed; ``found`` was just looked up."""
        started = time.monotonic()
        readers = not self.reader_share.wait(started)
        outcome = self.regenerator.regenerate_next(readers=readers, ahead=True, found=found)
        if outcome is None:
            return None
        if outcome.section in self.regenerator.newsroom.of_readers:
            self.reader_share.record(started, time.monotonic())
        log_outcome(outcome)
        worker_metrics.record_regeneration(outcome.result, outcome.seconds)
        worker_metrics.record_hold(outcome.hold.event if outcome.hold else None)
        worker_metrics.record_missed(outcome.missed)
        if outcome.result == "published":
            self._notify_published()
        return outcome

    def _notify_published(self) -> None:
        """Has the new version told to caches and subscribers at once; what other workers publish is looked for."""
        for queue in ("purge", PUSH):
            self.outbound.notify(queue)

    def _follow(self, found: WaitingWork) -> bool:
        """Follows other settings and other feeds of readers; returns whether there are any."""
        if (found.revision, found.asked) == (self.effective.revision, self.asked.number):
            return False
        self._follow_settings()
        self.asked.follow()
        return True

    def _follow_settings(self) -> None:
        """Continues with the feeds that editors have defined by now, and with files that were read again."""
        with self.database.read() as conn:
            if not self.effective.refresh(conn) or self.effective.revision is None:
                return
        self.settings = self.effective.current
        marked = self.asked.adopt(self.settings, self.effective.revision.definitions)
        self.previewer.follow(self.asked.own)
        self.sitemaps.follow(self.settings.site)
        log.info("settings_followed", sections=len(self.settings.sections), to_regenerate=len(marked))

    def _answer_preview(self) -> bool:
        """Answers one preview if its share of the time allows it; returns whether it did."""
        started = time.monotonic()
        if self.preview_share.wait(started):
            return False
        answered = self.previewer.answer_next()
        if answered:
            self.preview_share.record(started, time.monotonic())
        return answered

    def _pause(self) -> float | None:
        """Returns the seconds until a waiting section can be claimed, a preview answered, or other work begun."""
        readers = self.reader_share.wait(time.monotonic())
        found, pauses = self._last_look(), list[float]()
        if found.sections:
            ready, now = self.regenerator.next_ready_at(readers=not readers)
            pauses += [] if ready is None else [max((ready - now).total_seconds(), 0.001)]
        if readers:
            pauses.append(readers)
        preview = self.preview_share.wait(time.monotonic())
        if preview and found.previews:
            pauses.append(preview)
        if self.catch_up.due_in is not None:
            pauses.append(min(max(self.catch_up.due_in, 0.001), LONGEST_PAUSE))
        return min(pauses, default=None)

    def _sweep(self) -> None:
        """Looks for missed changes; publishes after each step, so that no change waits for a whole sweep."""
        steps = self.sweeper.sweep()
        while not self._stopping.is_set() and self._sweep_step(steps):
            self._drain()

    def _sweep_step(self, steps: Iterator[None]) -> bool:
        """Does one step; returns False after the last one. A failure ends the sweep; the next one starts over."""
        started = time.perf_counter()
        try:
            ended = next(steps, self) is self
        except (DatabaseDown, SerializationConflict):
            raise
        except Exception:  # A row that cannot be read must not stop the worker, which publishes all others.
            log.exception("sweep_failed")
            return False
        worker_metrics.record_sweep_step(time.perf_counter() - started)
        return not ended

    def _publish_between(self) -> None:
        """Publishes what waits, if anything does, before other work goes on."""
        if time.monotonic() - self._looked >= STEP_SECONDS and self._look().publishing:
            self._drain()

    def _fill_terms(self) -> None:
        """Reads the terms of all articles if nobody has yet; publishes after each step."""
        missed = 0
        while not self._stopping.is_set():
            try:
                step = self.regenerator.fill_terms()
            except DefinitionsMoved:
                self._drain()  # Follows the settings.
                continue
            if step is None:
                break
            missed += len(step.changed) if step.again else 0
            self._drain()
        if missed:
            log.warning("terms_corrected", articles=missed)

    def _reconcile(self) -> None:
        """Renders everything again. Logs any difference as an error: a change was missed, or rendering is impure."""
        self.regenerator.begin_terms(again=True)
        self._fill_terms()
        self.regenerator.renderer.clear()
        with self.database.write() as conn:
            now = self.database.now(conn)
            article_stamps.renew_all(conn)  # A change may have been missed.
            feed_query.repair_links(conn, None)
            sitemap_state.request_all(conn)
            generations = section_state.request(
                conn, section_state.list_stale(conn, self.settings.sections, now - RECENT), now
            )
        self.regenerator.maker.from_scratch = True
        try:
            outcomes = self._drain()
        finally:
            self.regenerator.maker.from_scratch = False
        # A section that changed meanwhile has another generation, or was read while changes were still waiting.
        different = [
            outcome.section
            for outcome in outcomes
            if outcome.result == "published" and outcome.caught_up_at == generations.get(outcome.section, 0)
        ]
        if different:
            log.error("reconciliation_found_changes", sections=different)
        else:
            log.info("reconciled", sections=len(outcomes))

    def _prune(self) -> None:
        with self.database.write() as conn:
            prune(conn, self.settings, self.database.now(conn))
        self.asked.housekeep()

    def _wake(self) -> None:
        waker = Waker(self.database, WORK, interval=self.settings.worker.wake_interval)
        steps = ClockStepDetector()
        try:
            while not self._stopping.is_set():
                stepped = steps.has_stepped()
                if stepped:
                    log.warning("clock_changed")
                    set_jobs(self.scheduler, self.settings.worker, self.tasks, self.heartbeat)
                # While the main thread works, it looks itself, and would be interrupted for each commit of its own.
                if stepped or (self._resting.wait(1.0) and waker.wait(1.0)):
                    self.tasks.put(Task.GATHER)
        finally:
            waker.close()

    def _remove_heartbeat(self) -> None:
        try:
            with self.database.write() as conn:
                render_deaths.release_leases(conn, self.id)
                workers.remove(conn, self.id)
        except DatabaseDown as error:
            log.warning("shutdown_step_failed", error=type(error).__name__)


def _renderer_died(cause: str) -> None:
    # Without the article, which may be under embargo: the list of left-out articles names it.
    log.warning("renderer_died", cause=cause)
    worker_metrics.record_renderer_death(cause)


def run(settings: Settings) -> None:
    """Runs a worker until SIGTERM or SIGINT."""
    share_one_arena()
    database = Database(settings.database_url, prepared=True)
    newer = runner.check(database)
    if newer is not None:
        log.warning("database_is_newer", revision=newer)
    worker = Worker(settings, database)
    for number in (signal.SIGTERM, signal.SIGINT):
        # A handler interrupts this thread, which may hold the queue's lock: another thread stops the worker.
        signal.signal(number, lambda *_: threading.Thread(target=worker.stop).start())
    reload_on_hangup(settings.source)
    exit_with_parent()
    try:
        worker.run()
    finally:
        database.close()
