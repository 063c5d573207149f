"""A dry run: the newest stories of a source as the articles they would become, and what should be mended first.

It reads and stores nothing, so it needs no lease and no worker. It knows nothing of earlier looks.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from syndication.config.source_schema import SourceTable
from syndication.errors import SyndicationError
from syndication.logs import get_logger
from syndication.model.values import Article
from syndication.sources.reader import Found, Reader
from syndication.sources.storable import storable
from syndication.sources.take_over import UNSHOWN

SHOWN = 10
"""Stories that are read."""

SECONDS = 20.0
"""How long somebody waits for a dry run in a browser; a statement there may take 15."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tried:
    """One story: its id there, and the article that it would become; ``refused`` is why it could not be stored."""

    id: str
    article: Article | None
    refused: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a dry run found: sentences about what should be mended, and the newest stories, newest first."""

    problems: Sequence[str] = ()
    stories: Sequence[Tried] = ()


class StillRunningError(SyndicationError):
    """A dry run of the source is running already."""


def dry_run(table: SourceTable, open_reader: Callable[[], Reader]) -> DryRun:
    """Reads a source as configured. A source that cannot be read is a problem, not an error."""
    problems: list[str] = []
    try:
        with closing(open_reader()) as reader:
            problems += reader.check()
            return DryRun(problems, _newest(table, reader))
    except SyndicationError as error:
        # The check has often found the same.
        return DryRun([*problems, *(words for words in [str(error)] if words not in problems)])


def _newest(table: SourceTable, reader: Reader) -> list[Tried]:
    with reader.look(asked=True) as look:
        rows = list(islice(look.window(), SHOWN))
        found = {one.row.id: one for one in look.read(rows)}
    return [_tried(table, row.id, found.get(row.id)) for row in rows]


def _tried(table: SourceTable, id: str, found: Found | None) -> Tried:
    if found is None:
        return Tried(id, None, UNSHOWN, ())
    article, refused = storable(found, table)
    return Tried(id, None if refused else article, refused, found.warnings)


class DryRuns:
    """Dry runs for people who wait: one at a time for each source, each in a thread that they need not wait for.

    Threads, because nothing else ends a driver or a resolver that hangs; statements and requests there have limits.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._running: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def run(self, table: SourceTable, open_reader: Callable[[], Reader]) -> DryRun:
        """Returns what a dry run finds, within the time; raises StillRunningError."""
        found: list[DryRun] = []

        def read() -> None:
            try:
                found.append(dry_run(table, open_reader))
            except Exception as error:  # A reader's fault; without its message, which may quote a row.
                log.exception("source_reader_failed", source=table.name)
                found.append(DryRun([f"an unexpected error in the reader ({type(error).__name__})"]))

        thread = threading.Thread(target=read, name=f"dry-run-{table.name}", daemon=True)
        with self._lock:
            before = self._running.get(table.name)
            if before is not None and before.is_alive():
                raise StillRunningError(f"A dry run of {table.name} is still running. Try again in a few seconds.")
            self._running[table.name] = thread
            thread.start()
        thread.join(self._seconds)
        return found[0] if found else DryRun([f"It did not answer within {self._seconds:g} s."])
