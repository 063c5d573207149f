"""The sections that another configuration has registered, followed by the numbers of registrations."""

from collections.abc import Mapping

from syndication.store import Connection
from syndication.store.publishing import section_state


class ForeignSections:
    """Kept in step at the cost of what was registered since the last look, not of what exists.

    Only committed state is kept, so a transaction that fails after a look leaves nothing wrong behind.
    """

    def __init__(self) -> None:
        self._number = -1
        self._registered: dict[str, str] = {}
        """The fingerprint in the store of each section that is, or may be, another configuration's."""

    @property
    def number(self) -> int:
        """The number of the last registration that it knows."""
        return self._number

    def look(self, conn: Connection, mine: Mapping[str, str]) -> set[str]:
        """Returns the sections registered by another configuration than ``mine`` (fingerprints by slug)."""
        return self.take(conn, *section_state.read_registered_since(conn, self._number), mine)

    def take(self, conn: Connection, registered: Mapping[str, str], last: int, mine: Mapping[str, str]) -> set[str]:
        """Returns the same, of which was read what is ``registered`` since ``number``, and the ``last`` number."""
        if last < self._number:  # The database was replaced by an earlier one.
            self._registered.clear()
            registered, last = section_state.read_registered_since(conn, -1)
        self._number = last
        self._registered |= registered
        self._registered = {slug: print for slug, print in self._registered.items() if mine.get(slug) != print}
        return set(self._registered)

    def follow(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """Takes up other fingerprints of the caller's own: the store may still have those of before."""
        differ = {slug: print for slug, print in before.items() if after.get(slug) != print}
        self._registered = differ | self._registered
