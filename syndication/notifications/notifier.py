"""The thread that looks for incidents and stores the messages about them. All its state is in the database.

Each worker has one; one of them at a time looks, by a lease. Without any worker the web processes do the same, but look
for that one cause only. Nothing waits for this thread: neither publishing nor the stop of a process.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndication.config.loading import Settings
from syndication.config.notification_schema import CAUSES
from syndication.diagnostics.health import Finding, examine
from syndication.diagnostics.read_health import View, may_be_locked, read_health, with_lock
from syndication.diagnostics.read_silences import read_silences
from syndication.logs import get_logger
from syndication.notifications.observe import Observation, observe
from syndication.notifications.plan import Told, plan
from syndication.notifications.texts import Newsroom, content, newsroom_of, subject
from syndication.store import Connection
from syndication.store.articles import hidden_stories
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.db.locks import is_locked
from syndication.store.notifications import incidents, outbox
from syndication.store.notifications.incidents import Incident, Report
from syndication.store.processes import workers
from syndication.store.triggers import missing_triggers

log = get_logger(__name__)

LOOK_SECONDS = 5.0
"""How often the process that has the lease looks for incidents: each look reads the whole verdict."""

TURN_SECONDS = 1.0
"""How often the others ask whether nobody looks; and how soon the next look is if something has begun."""

HIDDEN_SECONDS = 60.0
"""How often stories that are never shown are looked for."""

SILENCE_SECONDS = 300.0
"""How often unusually quiet sections are looked for: that reads weeks of publication times."""

WATCH_LEASE = timedelta(seconds=20)
"""How long nobody looks after the process that did has died."""

STOP_SECONDS = 0.5
"""How long the thread may delay the end of their process."""


@dataclass(frozen=True, slots=True)
class NotifierTimes:
    """How often the notifier looks, and its lease; shorter in tests."""

    look: float = LOOK_SECONDS
    watch_lease: timedelta = WATCH_LEASE


class Notifier:
    """Looks. ``owner`` names the process, ``settings`` are the present ones.

    A worker looks for every cause; with ``only_without_workers``, nothing is done while a worker is running.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        database: Database,
        owner: str,
        *,
        only_without_workers: bool = False,
        times: NotifierTimes = NotifierTimes(),  # frozen
    ) -> None:
        self.settings = settings
        self.database = database
        self.owner = owner
        self.times = times
        self.channels = {channel.name: channel for channel in settings().channels}
        self._only_without_workers = only_without_workers
        self._watched: Collection[str] = ("no-worker",) if only_without_workers else CAUSES
        self._silences: dict[str, str] = {}
        self._silences_due = 0.0
        self._view = _WatchView()
        self._look_at = 0.0
        self._failing = False
        self._looks = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)

    def start(self) -> None:
        """Starts the thread, if there is any channel."""
        if self.channels:
            self._thread.start()

    def stop(self) -> None:
        """Stops the thread."""
        self._stopped.set()
        if not self.channels:
            return
        if self._thread.is_alive():
            self._thread.join(timeout=STOP_SECONDS)
        if self._looks and not self.database.is_given_up:
            try:
                with self.database.write() as conn:
                    incidents.release_watch(conn, self.owner)
            except DatabaseDown as error:
                log.warning("shutdown_step_failed", error=type(error).__name__)

    def step(self) -> None:
        """Looks, if it is time to."""
        if self._only_without_workers and self._has_workers():
            return
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + self.times.look
            self.look()

    def look(self) -> None:
        """Records what began and ended, and stores the messages about it, if this process has the lease."""
        self._looks = self._hold_watch()
        if not self._looks:
            return
        findings = self._read_findings()
        if findings is None:
            return
        with self.database.snapshot() as conn:
            now = self.database.now(conn)
            looked_at = incidents.find_watch(conn).observed_at
            known = incidents.list_recent(conn, now)
            reports = incidents.list_reports(conn, known)
            seen = observe(findings, known, reports, now, looked_at, self._watched)
            messages = self._plan(conn, seen.after(known), reports, now)
        is_recent = looked_at is not None and now - self.times.watch_lease / 2 < looked_at <= now
        if not (seen.begun or seen.changed or messages) and is_recent:
            return  # Each write wakes every process on SQLite.
        with self.database.write() as conn:
            if incidents.record_look(conn, self.owner, now):
                self._store(conn, seen, messages, now)
        if seen.begun:
            self._look_at = 0.0  # What is told at once is told at the next look.

    def _hold_watch(self) -> bool:
        """Returns whether this process has the lease; a write takes it, or renews one that ends soon."""
        lease = self.times.watch_lease
        with self.database.read() as conn:
            now, watch = self.database.now(conn), incidents.find_watch(conn)
        if watch.is_held(now, lease):
            if watch.owner != self.owner:
                return False
            if watch.lease_until is not None and watch.lease_until > now + lease / 2:
                return True
        with self.database.write() as conn:
            return incidents.claim_watch(conn, self.owner, self.database.now(conn), lease)

    def _read_findings(self) -> list[Finding] | None:
        """Returns the findings of the verdict; None while the database is locked, when nobody knows what is wrong."""
        settings = self.settings()
        with self.database.snapshot() as conn:
            now = self.database.now(conn)
            found = read_health(conn, settings, now, missing_triggers(conn), self._view)
            silences = self._find_silences(conn, settings, now)
        if may_be_locked(found):
            found = with_lock(found, is_locked(self.database))
        if found.facts.locked:
            return None
        titles = self._newsroom().titles
        silent = {slug: f"{titles.get(slug, slug)}: {words}" for slug, words in silences.items()}
        return examine(replace(found.facts, silences=silent, titles=titles))

    def _find_silences(self, conn: Connection, settings: Settings, now: datetime) -> dict[str, str]:
        wanted = "silent" in self._watched and any("silent" in channel.causes for channel in self.channels.values())
        if wanted and time.monotonic() >= self._silences_due:
            self._silences = read_silences(conn, settings, now)
            self._silences_due = time.monotonic() + SILENCE_SECONDS
        return {slug: words for slug, words in self._silences.items() if slug in settings.sections}

    def _plan(
        self, conn: Connection, known: Collection[Incident], reports: Collection[Report], now: datetime
    ) -> dict[str, list[Told]]:
        """Returns what each channel is told now; creates nothing."""
        names = list(self.channels)
        since, last = incidents.list_channels(conn, names), outbox.last_created(conn, names)
        waiting = outbox.count_waiting(conn)
        messages = {}
        for name, channel in self.channels.items():
            if waiting.get(name, 0) >= outbox.MOST_WAITING:
                continue
            own = {report.incident_id: report for report in reports if report.channel == name}
            told = plan(
                channel,
                known,
                own,
                now,
                zone=self.settings().timezone,
                since=since.get(name, now),
                last=last.get(name),
            )
            if told:
                messages[name] = told
        return messages

    def _store(self, conn: Connection, seen: Observation, messages: Mapping[str, list[Told]], now: datetime) -> None:
        newsroom = self._newsroom()
        incidents.register_channels(conn, list(self.channels), now)
        for incident in seen.begun:
            incidents.begin(conn, incident)
        for incident in seen.changed:
            incidents.write(conn, incident)
        for name, told in messages.items():
            outbox.enqueue(conn, name, "incidents", subject(told, newsroom), content(told, newsroom, now), now)
            for one in told:
                over_at = now if one.event in ("over", "passed") else None
                incidents.write_report(conn, Report(name, one.incident.id, now, over_at))

    def _newsroom(self) -> Newsroom:
        return newsroom_of(self.settings())

    def _has_workers(self) -> bool:
        with self.database.read() as conn:
            return bool(workers.list_alive(conn, self.database.now(conn)))

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.step()
                self._failing = False
            except DatabaseDown as error:  # Without the driver's message, which may quote a row.
                if not self._failing:
                    log.warning("notifications_wait", error=type(error).__name__)
                self._failing = True
            except Exception:  # If the thread ended silently, nobody would be told of anything.
                log.exception("notifier_failed")
            self._stopped.wait(min(TURN_SECONDS, self.times.look))


class _WatchView(View):
    """Everything; stories that are never shown are looked for once a minute, and sections without a feed never."""

    def __init__(self) -> None:
        self._due = 0.0
        self._never_shown: list[str] = []

    def hidden(self, conn: Connection, known: Collection[str], now: datetime) -> tuple[dict[str, str], list[str]]:  # noqa: ARG002
        """Returns no section, and the stories that are never shown."""
        if time.monotonic() >= self._due:
            self._never_shown = hidden_stories.never_shown(conn, now)
            self._due = time.monotonic() + HIDDEN_SECONDS
        return {}, self._never_shown
