"""The threads that write a web process's poll counts to the database, by section and time slot.

One collects the counts once a minute without the database, so that polls are counted in the slot of their time.
Another writes them, and may wait for a busy or hanging database. No poll waits for either.
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from syndication.logs import get_logger
from syndication.model.asked_addresses import is_asked
from syndication.serve.catalogue import parse
from syndication.serve.poll_counter import DOCUMENT, PollCounter
from syndication.serve.respond import OK
from syndication.store.db.batches import batched
from syndication.store.db.clock import Clock, system_clock
from syndication.store.db.database import WORK, Database, DatabaseDown
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import HOUR, NONE, SLOT, PollSums, slot_of
from syndication.store.publishing import asked_feeds
from syndication.web.shutdown import SECONDS, run_at_exit

log = get_logger(__name__)

WRITE_SECONDS = 60.0
"""How often poll counts are written: a killed process loses at most this much."""

WRITTEN_AT_ONCE = 500
"""Counts written in one transaction: on SQLite, whoever publishes waits for it."""

SlotCounts = Mapping[tuple[str, datetime], PollSums]
"""Polls by section and slot."""

MAX_AGE = timedelta(days=1)
"""How long poll counts are kept while the database is down, to bound the memory."""


class UnwrittenPolls:
    """Collects the increments of a PollCounter, each in its time slot, until they are written."""

    def __init__(self, counter: PollCounter) -> None:
        self._counter = counter
        self._counted: dict[tuple[str, datetime], PollSums] = {}
        self._lock = threading.Lock()

    def collect(self, now: datetime) -> None:
        """Adds what was counted since the last call to the current slot."""
        with self._lock:
            polls, sent = self._counter.take_counts()
            for (path, status, _), number in polls.items():
                if status in DOCUMENT:
                    self._add(path, PollSums(full=number) if status == OK else PollSums(not_modified=number), now)
            for path, size in sent.items():
                self._add(path, PollSums(bytes=size), now)
            self._prune(now)

    def take_all(self) -> SlotCounts:
        """Removes and returns all counts; the caller gives back what it could not write."""
        with self._lock:
            counted, self._counted = self._counted, {}
        return counted

    def give_back(self, counted: SlotCounts) -> None:
        """Keeps counts that could not be written for the next attempt."""
        with self._lock:
            for key, polls in counted.items():
                self._counted[key] = self._counted.get(key, NONE) + polls

    def _add(self, path: str, polls: PollSums, now: datetime) -> None:
        named = parse(path)
        if named is not None:  # Bytes of other responses are counted by format, not by path.
            key = named[0], slot_of(now, HOUR if is_asked(named[0]) else SLOT)
            self._counted[key] = self._counted.get(key, NONE) + polls

    def _prune(self, now: datetime) -> None:
        for key in [key for key in self._counted if key[1] < now - MAX_AGE]:
            del self._counted[key]


class PollWriter:
    """Writes poll counts for the dashboard.

    It uses the machine's clock, which is available while the database is down; slots are minutes wide.
    """

    def __init__(
        self, database: Database, counter: PollCounter, *, every: float = WRITE_SECONDS, clock: Clock = system_clock
    ) -> None:
        self.database = database
        self.pending = UnwrittenPolls(counter)
        self._every = every
        self._clock = clock
        self._failing = False
        self._stopped = threading.Event()
        self._due = threading.Event()
        self._last = threading.Event()
        self._taker = threading.Thread(target=self._run_collector, name="poll-collector", daemon=True)
        self._writer = threading.Thread(target=self._run_writer, name="poll-writer", daemon=True)

    def start(self) -> None:
        """Starts the threads; after the fork, which threads and connections do not survive."""
        self._taker.start()
        self._writer.start()
        run_at_exit("poll-writer-exit", self.stop)

    def stop(self) -> None:
        """Stops, and writes the last counts if that takes no longer than a second."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._taker.join(timeout=SECONDS)
        self.pending.collect(self._clock())
        self._last.set()
        self._due.set()
        self._writer.join(timeout=SECONDS)

    def _run_collector(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self.pending.collect(self._clock())
                self._due.set()
            except Exception:  # If the thread ended silently, the dashboard would show no more readers.
                log.exception("poll_writer_failed")

    def _run_writer(self) -> None:
        last = False
        while not last:
            self._due.wait()
            self._due.clear()
            last = self._last.is_set()
            self._write()

    def _write(self) -> None:
        counted = self.pending.take_all()
        if not counted:
            return
        try:
            for keys in batched(sorted(counted), WRITTEN_AT_ONCE):
                self._write_some({key: counted[key] for key in keys})
                counted = {key: sums for key, sums in counted.items() if key not in keys}
            self._failing = False
        except DatabaseDown as error:  # Without the driver's message, which may contain a row.
            self.pending.give_back(counted)
            if not self._failing:
                log.warning("polls_not_written", error=type(error).__name__)
            self._failing = True
        except Exception:
            self.pending.give_back(counted)
            log.exception("poll_writer_failed")

    def _write_some(self, counted: SlotCounts) -> None:
        with self.database.write() as conn:
            poll_counts.add_polls(conn, counted)
            polled = {slug for (slug, _), sums in counted.items() if is_asked(slug) and sums.total}
            if polled and asked_feeds.record_polls(conn, dict.fromkeys(polled, self.database.now(conn))):
                self.database.notify(conn, WORK)
