"""The thread by which a web process says that it is alive, and what it serves of that of which caches are to be told.

It may wait for a database that is busy or hangs: neither polls nor the watcher wait for it.
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
from syndication.store.processes.web_processes import WebSeen
from syndication.store.processes.workers import HEARTBEAT
from syndication.web.document_loader import Watcher
from syndication.web.shutdown import SECONDS, at_the_end

log = get_logger(__name__)


class Presence:
    """A web process as others see it. Whoever purges caches waits until all that are there serve what is new."""

    def __init__(self, database: Database, watcher: Watcher, *, every: float = HEARTBEAT.total_seconds()) -> None:
        self.database = database
        self.watcher = watcher
        self.id = uuid.uuid4().hex
        self._every = every
        self._started_at: datetime | None = None
        self._failing = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Start saying so: after the fork, as threads and connections do not survive one."""
        self._thread.start()
        at_the_end("presence-goodbye", self.stop)

    def stop(self) -> None:
        """Say that this process is gone, if that takes no longer than a second."""
        self._stopped.set()
        self.watcher.news.set()
        self._thread.join(timeout=SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._tell(self._say)
            # Every few seconds, and at once if somebody waits for what was loaded.
            self.watcher.news.wait(self._every)
            self.watcher.news.clear()
        self._tell(self._go)

    def _say(self) -> None:
        with self.database.write() as conn:
            now = self.database.now(conn)
            self._started_at = self._started_at or now
            loaded, serves = self.watcher.loaded_at, self.watcher.serves
            here, pid = socket.gethostname(), os.getpid()
            web_processes.seen(conn, WebSeen(self.id, here, pid, self._started_at, now, loaded, serves))

    def _go(self) -> None:
        with self.database.write() as conn:
            web_processes.gone(conn, self.id)

    def _tell(self, say: Callable[[], None]) -> None:
        try:
            say()
            self._failing = False
        except DatabaseDown as error:  # Without the driver's words: they may hold a row.
            if not self._failing:
                log.warning("presence_not_told", error=type(error).__name__)
            self._failing = True
        except Exception:  # A thread that ended in silence would let caches wait for nobody.
            log.exception("presence_failed")
