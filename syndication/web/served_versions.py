"""The versions that the front serves, passed to the editors process with a request.

The editors process loads its own documents, for pages that show them, and may have a version some milliseconds before
the front. "Served since" is a promise to editors, so the front's versions count.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from syndication.web.document_loader import DocumentLoader

Served = dict[str, tuple[int, datetime]]

_of_front: ContextVar[Served | None] = ContextVar("served_versions", default=None)


class EditorsLoader(DocumentLoader):
    """A document loader that returns the versions of the front, if the request contains them."""

    @property
    def served(self) -> Served:
        """The served version by section, and since when."""
        of_front = _of_front.get()
        return self._served if of_front is None else of_front

    @served.setter
    def served(self, served: Served) -> None:
        self._served = served


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
