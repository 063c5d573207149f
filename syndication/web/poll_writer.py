"""The threads that carry polls from a web process's memory into the database, by section and slot.

One takes the sums once a minute and never asks the database, so that polls stand in the slot in which they came;
another writes them, and may wait for a database that is busy or hangs. No poll waits for either.
"""

import threading

from syndication.logs import get_logger
from syndication.serve.poll_counter import Tally
from syndication.store.db.clock import Clock, system_clock
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.processes import poll_counts
from syndication.web.poll_sums import Pending
from syndication.web.shutdown import SECONDS, at_the_end

log = get_logger(__name__)

WRITE_SECONDS = 60.0
"""How often polls are written: a process that is killed loses no more than those of so long."""


class Counts:
    """Counts for the dashboard.

    The time is this machine's: there is one also while the database gives none, and slots are minutes wide.
    """

    def __init__(
        self, database: Database, tally: Tally, *, every: float = WRITE_SECONDS, clock: Clock = system_clock
    ) -> None:
        self.database = database
        self.pending = Pending(tally)
        self._every = every
        self._clock = clock
        self._failing = False
        self._stopped = threading.Event()
        self._due = threading.Event()
        self._last = threading.Event()
        self._taker = threading.Thread(target=self._take_on, name="counts", daemon=True)
        self._writer = threading.Thread(target=self._write_on, name="counts-writer", daemon=True)

    def start(self) -> None:
        """Start counting: after the fork, as threads and connections do not survive one."""
        self._taker.start()
        self._writer.start()
        at_the_end("counts-goodbye", self.stop)

    def stop(self) -> None:
        """Stop, and write the last polls if that takes no longer than a second."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._taker.join(timeout=SECONDS)
        self.pending.take(self._clock())
        self._last.set()
        self._due.set()
        self._writer.join(timeout=SECONDS)

    def _take_on(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self.pending.take(self._clock())
                self._due.set()
            except Exception:  # A thread that ended in silence would show a newsroom no more readers.
                log.exception("counts_failed")

    def _write_on(self) -> None:
        last = False
        while not last:
            self._due.wait()
            self._due.clear()
            last = self._last.is_set()
            self._write()

    def _write(self) -> None:
        counted = self.pending.hand_out()
        if not counted:
            return
        try:
            with self.database.write() as conn:
                poll_counts.add(conn, counted)
            self._failing = False
        except DatabaseDown as error:  # Without the driver's words: they may hold a row.
            self.pending.give_back(counted)
            if not self._failing:
                log.warning("counts_wait", error=type(error).__name__)
            self._failing = True
        except Exception:
            self.pending.give_back(counted)
            log.exception("counts_failed")
