"""What the front serves, as the editors process knows it while it answers a request.

The editors process has documents of its own, for pages that show them, and may have loaded a version some milliseconds
before the front. "Served since" is a promise to an editor, and so it is the front's word that counts.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from syndication.web.document_loader import DocumentLoader

Served = dict[str, tuple[int, datetime]]

_of_front: ContextVar[Served | None] = ContextVar("served_versions", default=None)


class EditorsLoader(DocumentLoader):
    """A watcher that tells what the front serves, where the request brought it along."""

    @property
    def served(self) -> Served:
        """By section the version that is served, and since when."""
        told = _of_front.get()
        return self._served if told is None else told

    @served.setter
    def served(self, served: Served) -> None:
        self._served = served


def encode_served(served: Served) -> dict[str, list[Any]]:
    """As JSON takes it."""
    return {slug: [version, since.isoformat()] for slug, (version, since) in served.items()}


def update_served(versions: Mapping[str, tuple[int, str]] | None) -> None:
    """From here on this thread knows what the front serves; None: it was not told."""
    _of_front.set(
        None
        if versions is None
        else {slug: (version, datetime.fromisoformat(since)) for slug, (version, since) in versions.items()}
    )
