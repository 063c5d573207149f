"""What a kind of source can tell of itself: each kind implements ``Reader`` and ``Look``, and decides nothing else.

A reader only reads. What is new, what vanished and what is written to the store is decided by ``sources/look.py``
alone, from digests: no change time of another system can be trusted.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from syndication.errors import SyndicationError
from syndication.model.values import Article


class SourceError(SyndicationError):
    """A source that cannot be read now; the message says why, and never quotes a password or a row.

    ``bookmark``, unless None, is stored for the next look, as ``Look.bookmark`` is: how long to pause, for instance.
    """

    def __init__(self, message: str = "", details: Sequence[str] = (), bookmark: str | None = None) -> None:
        super().__init__(message, details)
        self.bookmark = bookmark


class Row(NamedTuple):
    """One story that is public there, or will be: its id there, and a digest of everything that a feed shows of it."""

    id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Found:
    """One story read whole: the article that it becomes, or in ``refused`` why it cannot become one.

    ``article.id`` is the id in the store; ``row`` is what the look saw. ``warnings`` are told and stop nothing.
    ``access`` is the access level of a story that cannot become an article, if it is known: a version that is stored
    is never more public than that.
    """

    row: Row
    article: Article | None
    refused: str = ""
    warnings: tuple[str, ...] = field(default=())
    access: str = ""


class Look(Protocol):
    """One look, in one read-only snapshot of the other system: all methods see the same moment."""

    def fingerprint(self) -> str | None:
        """Returns a digest of (id, date) of everything that is public, by an index; None if the kind has none.

        It changes when a story appears or vanishes, however old. A feed, which shows only the newest, has none.
        """

    def window(self) -> Sequence[Row]:
        """Returns the newest stories that are public, enough for the window of each section."""

    def public_ids(self) -> Iterable[str] | None:
        """Returns the id of everything that is public, in any order; None if the source cannot list it.

        Called when the fingerprint changed: what the store has of the source and this lacks has vanished.
        """

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns up to ``count`` stories with their digests in the order of their keys, for a sweep; empty at the end.

        ``after`` is the id of the last row of the page before; None for the first page.
        """

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        """Reads stories whole. One that the source lists and does not show is left out: it counts as vanished."""

    def removed(self) -> Sequence[str]:
        """Returns ids that the source itself says are removed (RFC 6721); they are withdrawn. Mostly empty."""

    def bookmark(self) -> str:
        """Returns what the next look should know (an ETag, a pause), as short text; empty: nothing.

        Asked for last; stored in the transaction that stores the articles of this look, so it survives a restart.
        """


class Reader(Protocol):
    """A source as configured. Owned by one thread; opened lazily, and again after an error."""

    def look(self, bookmark: str = "", *, asked: bool = False) -> AbstractContextManager[Look]:
        """Opens one look. Raises SourceError if the source cannot be read; nothing is changed then.

        ``bookmark`` is what the look before left. ``asked`` is True if a person or a ping asked for this look: a pause
        that nobody but the reader itself wants ends.
        """

    def check(self) -> Sequence[str]:
        """Returns what the operator should mend (a missing right, a full scan, an unknown category), in sentences."""

    def trace(self, article_id: str) -> str | None:
        """Returns where the story stands there now in a few words ("draft", "scheduled", "public"); None: none.

        Without dates in a zone of our own: see ``diagnostics/words.py``.
        """

    def close(self) -> None:
        """Closes connections."""


class Held(NamedTuple):
    """Why nothing of a look was taken over: more vanished than is believed at once."""

    since: datetime
    vanished: int
    window: int
