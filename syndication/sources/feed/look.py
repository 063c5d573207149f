"""What one look at a feed found, as the engine asks for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from syndication.sources.reader import Found, Row


@dataclass(frozen=True, slots=True)
class FeedLook:
    """What the feed shows; nothing if it did not change, or was not asked."""

    found: Sequence[Found]
    gone: Sequence[str]
    text: str
    on_stored: Callable[[], None] = lambda: None

    def fingerprint(self) -> str | None:
        """Returns None: a feed shows only its newest entries."""
        return None

    def window(self) -> Sequence[Row]:
        """Returns the entries of the document."""
        return [one.row for one in self.found]

    def public_ids(self) -> None:
        """Returns None: what a feed no longer shows may still be public."""
        return

    def page(self, after: str | None, count: int) -> Sequence[Row]:
        """Returns the entries of the document by pages, in the order of their ids."""
        rows = sorted(row for row in self.window() if after is None or row.id > after)
        return rows[:count]

    def read(self, rows: Sequence[Row]) -> Iterator[Found]:
        """Yields the stories, which are read already."""
        known = {one.row.id: one for one in self.found}
        return (known[row.id] for row in rows if row.id in known)

    def removed(self) -> Sequence[str]:
        """Returns the entries that the feed says are deleted, and those taken out of its middle if that counts."""
        return self.gone

    def bookmark(self) -> str:
        """Returns the state of polling; who asks is about to store it, so a new address is logged by now."""
        self.on_stored()
        return self.text
