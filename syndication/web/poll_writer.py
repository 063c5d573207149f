"""The threads that carry polls from a web process's memory into the database, by section and slot.

One takes the sums once a minute and never asks the database, so that polls stand in the slot in which they came;
another writes them, and may wait for a database that is busy or hangs. No poll waits for either.
"""

import threading

from syndication.logs import get_logger
from syndication.serve.poll_counter import PollCounter
from syndication.store.db.clock import Clock, system_clock
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.processes import poll_counts
from syndication.web.poll_sums import UnwrittenPolls
from syndication.web.shutdown import SECONDS, run_at_exit

log = get_logger(__name__)

WRITE_SECONDS = 60.0
"""How often polls are written: a process that is killed loses no more than those of so long."""


class PollWriter:
    """Counts for the dashboard.

    The time is this machine's: there is one also while the database gives none, and slots are minutes wide.
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
        """Start counting: after the fork, as threads and connections do not survive one."""
        self._taker.start()
        self._writer.start()
        run_at_exit("poll-writer-exit", self.stop)

    def stop(self) -> None:
        """Stop, and write the last polls if that takes no longer than a second."""
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
            except Exception:  # A thread that ended in silence would show a newsroom no more readers.
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
            with self.database.write() as conn:
                poll_counts.add_polls(conn, counted)
            self._failing = False
        except DatabaseDown as error:  # Without the driver's words: they may hold a row.
            self.pending.give_back(counted)
            if not self._failing:
                log.warning("polls_not_written", error=type(error).__name__)
            self._failing = True
        except Exception:
            self.pending.give_back(counted)
            log.exception("poll_writer_failed")
