"""The heartbeat of a web process: records that it is running, and what it serves.

The thread may wait for a busy or hanging database: neither polls nor the document loader wait for it.
"""

import os
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import datetime

from syndication.logs import get_logger
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.processes import web_processes
from syndication.store.processes.web_processes import WebProcess
from syndication.store.processes.workers import HEARTBEAT
from syndication.web.document_loader import DocumentLoader
from syndication.web.shutdown import SECONDS, run_at_exit

log = get_logger(__name__)


class HeartbeatThread:
    """Records the heartbeat. A purge waits until all running web processes serve the new version."""

    def __init__(self, database: Database, loader: DocumentLoader, *, every: float = HEARTBEAT.total_seconds()) -> None:
        self.database = database
        self.loader = loader
        self.id = uuid.uuid4().hex
        self._every = every
        self._started_at: datetime | None = None
        self._failing = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Starts the thread; after the fork, which threads and connections do not survive."""
        self._thread.start()
        run_at_exit("heartbeat-exit", self.stop)

    def stop(self) -> None:
        """Removes the record of this process, if that takes no longer than a second."""
        self._stopped.set()
        self.loader.changed_event.set()
        self._thread.join(timeout=SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._attempt(self._record)
            # Every few seconds, and at once when a purge waits for a version that was just loaded.
            self.loader.changed_event.wait(self._every)
            self.loader.changed_event.clear()
        self._attempt(self._remove)

    def _record(self) -> None:
        with self.database.write_again() as conn:
            now = self.database.now(conn)
            self._started_at = self._started_at or now
            loaded, serves = self.loader.loaded_at, self.loader.versions_to_purge
            here, pid = socket.gethostname(), os.getpid()
            last, loads = self.loader.publication, tuple(self.loader.loads)
            web = WebProcess(self.id, here, pid, self._started_at, now, loaded, serves, last, loads)
            web_processes.record_heartbeat(conn, web)

    def _remove(self) -> None:
        with self.database.write() as conn:
            web_processes.remove(conn, self.id)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
            self._failing = False
        except DatabaseDown as error:  # Without the driver's message, which may contain a row.
            if not self._failing:
                log.warning("heartbeat_not_recorded", error=type(error).__name__)
            self._failing = True
        except Exception:  # If the thread ended silently, purges would no longer wait for this process.
            log.exception("heartbeat_thread_failed")
