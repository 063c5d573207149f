"""What the editors process knows of published feeds: their versions, read twice a second, and documents when shown.

It is told with a request which versions the front serves: it may know of one some milliseconds earlier. "Served since"
is a promise to editors, so the front's versions count.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import Any

from syndication.serve.catalogue import Catalogue
from syndication.serve.poll_counter import PollCounter
from syndication.serve.prepared import PreparedDocument
from syndication.store.db.database import Database
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.store.triggers import missing_triggers
from syndication.web.document_loader import DocumentLoader, Wakes

Served = dict[str, tuple[int, datetime]]

_of_front: ContextVar[Served | None] = ContextVar("served_versions", default=None)


class EditorsLoader(DocumentLoader):
    """A document loader that returns the versions of the front, if the request contains them.

    It loads no documents: each publication would cost it as much as the front, which polls wait for. A page that shows
    one has it read.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        flush: Callable[[PollCounter], None],
        settings: EffectiveSettings | None = None,
    ) -> None:
        super().__init__(database, catalogue, flush, measured=False, settings=settings, loads_documents=False)

    def find(self, path: str) -> PreparedDocument | None:
        """Returns a document of a configured feed, read in this thread if it is not in memory."""
        found = self.catalogue.documents.get(path)
        if found is None and self.catalogue.is_published(path):
            found = self.reader.read_now([path]).get(path)
        return found

    def _waker(self) -> Wakes:
        """Returns what lets it look twice a second: woken by publications, it would compete with the front."""
        return _Pause(self._stopped)

    def _follow_up(self, *, again: bool = False) -> None:
        """Leaves what caches and hubs wait for to the front."""

    def read_state(self) -> None:
        """Reads the part of the state that is shown to editors."""
        with self.database.read() as conn:
            self.state = replace(self.state, missing_triggers=tuple(missing_triggers(conn)))
        self._note_state()

    @property
    def served(self) -> Served:
        """The served version by section, and since when."""
        of_front = _of_front.get()
        return self._served if of_front is None else of_front

    @served.setter
    def served(self, served: Served) -> None:
        self._served = served


class _Pause:
    def __init__(self, stopped: Event) -> None:
        self._stopped = stopped

    def wait(self, timeout: float) -> bool:
        return not self._stopped.wait(timeout)

    def close(self) -> None:
        pass


def encode_served(served: Served) -> dict[str, list[Any]]:
    """Returns the versions in JSON form."""
    return {slug: [version, since.isoformat()] for slug, (version, since) in served.items()}


def update_served(versions: Mapping[str, tuple[int, str]] | None) -> None:
    """Sets the front's versions for the request of this thread; None if the request contains none."""
    _of_front.set(
        None
        if versions is None
        else {slug: (version, datetime.fromisoformat(since)) for slug, (version, since) in versions.items()}
    )
