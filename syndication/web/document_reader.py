"""The thread that reads documents which are published but not in memory, when they are polled.

Polls of documents in memory never come here. A poll that does waits for its document alone; several polls of the same
one share a reading. While the database is down, or too many wait, the answer is 503 with Retry-After.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import suppress

from syndication.logs import get_logger
from syndication.model.feed_addresses import wsgi_path
from syndication.serve.catalogue import Catalogue, parse
from syndication.serve.prepared import PreparedDocument
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.publishing import documents

log = get_logger(__name__)

MAX_WAITING = 512
"""Documents that may wait to be read; more polls of other documents are answered 503."""

AT_ONCE = 32
"""Documents read in one transaction."""

READ_SECONDS = 5.0
"""How long a poll waits for its document."""

ATTEMPTS = 3
"""A document that is replaced while it is read is read again."""


Reading = Future[PreparedDocument | None]


class DocumentReader:
    """Reads documents into the memory of a catalogue; ``database`` should have a timeout of its own."""

    def __init__(self, database: Database, catalogue: Callable[[], Catalogue]) -> None:
        self.database = database
        self.read = 0
        """How many documents were read."""
        self._catalogue = catalogue
        self._waiting: dict[str, Reading] = {}
        self._change = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="document-reader", daemon=True)

    def start(self) -> None:
        """Starts the thread; after the fork."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the current reading, and closes the database."""
        with self._change:
            self._stopped = True
            self._change.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        self.database.close()

    def request(self, path: str) -> Reading | None:
        """Asks for a document; the result is None if it cannot be read. None: too many wait.

        Whoever waits gets the document itself: it may have made room for others already.
        """
        with self._change:
            known = self._waiting.get(path)
            if known is None and len(self._waiting) < MAX_WAITING:
                known = self._waiting[path] = Future()
                self._change.notify()
            return known

    def wait_for(self, path: str) -> PreparedDocument | None:
        """Returns a document; waits, in a thread that may. None: it cannot be read now."""
        reading = self.request(path)
        if reading is not None:
            with suppress(WaitedTooLong):
                return reading.result(READ_SECONDS)
        return None

    def _run(self) -> None:
        while not self._stopped:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._stopped)
                wanted = dict(list(self._waiting.items())[:AT_ONCE])
            found: dict[str, PreparedDocument] = {}
            try:
                found = self.read_now(list(wanted))
            except DatabaseDown as error:  # Without the driver's message, which may contain a row.
                log.warning("documents_not_read", error=type(error).__name__, documents=len(wanted))
            except Exception:  # If the thread ended silently, these polls would be answered 503 for ever.
                log.exception("document_reader_failed")
            with self._change:
                for path in wanted:
                    del self._waiting[path]
            for path, reading in wanted.items():
                reading.set_result(found.get(path))

    def read_now(self, paths: list[str]) -> dict[str, PreparedDocument]:
        """Reads documents in the caller's thread, and returns them by path; raises DatabaseDown."""
        taken: dict[str, PreparedDocument] = {}
        for _ in range(ATTEMPTS):
            wanted = [named for path in paths if (named := parse(path)) is not None]
            with self.database.snapshot() as conn:
                found = documents.load_some(conn, wanted)
            catalogue = self._catalogue()
            prepared = catalogue.prepare(found)
            self.read += len(prepared)
            late = []
            for document in prepared:
                path = wsgi_path(document.section, document.format)
                if catalogue.memory.offer(document):
                    taken[path] = document
                else:
                    late.append(path)
            if not late:
                break
            paths = late
        return taken
