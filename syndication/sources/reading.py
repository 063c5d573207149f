"""Reads the stories that a look wants, and stores them: a slice at a time, so that nothing else waits for an import."""

from collections.abc import Callable, Sequence

from syndication.sources.reader import Found, Look, Row, SourceError
from syndication.sources.take_over import Storing
from syndication.store.db.batches import batched

SLICE = 100
"""Stories asked for at once; after them, a look whose time is over ends, and the lease is renewed."""

TOGETHER, TOGETHER_BYTES = 50, 1024 * 1024
"""Stories, and characters of their bodies, stored in one transaction."""


class OutOfTime(Exception):  # noqa: N818  # not an error: the next look goes on
    """The look has taken its time."""


class Reading:
    """The reading of one look. ``is_over`` returns whether its time is over.

    ``vanished`` are stories that were stored, and that the source lists and does not show now. They are withdrawn when
    so many are believed at once. ``unshown`` counts all stories that are listed and not shown.
    """

    def __init__(self, look: Look, storing: Storing, is_over: Callable[[], bool]) -> None:
        self.vanished: list[Row] = []
        self.unshown = 0
        self._look = look
        self._storing = storing
        self.is_over = is_over

    def store(self, rows: Sequence[Row]) -> None:
        """Reads and stores stories; raises SourceError or OutOfTime, and what was stored until then stays."""
        for number, some in enumerate(batched(rows, SLICE)):
            if number and self.is_over():
                raise OutOfTime
            self._settle(some, self._store(some))

    def store_or_error(self, rows: Sequence[Row]) -> SourceError | OutOfTime | None:
        """Does as ``store``; returns why not all was stored, for what should be done before that counts."""
        try:
            self.store(rows)
        except (SourceError, OutOfTime) as error:
            return error
        return None

    def _store(self, rows: Sequence[Row]) -> set[str]:
        """Returns the ids of the stories that the source showed."""
        shown: set[str] = set()
        some: list[Found] = []
        size = 0
        for found in self._look.read(rows):
            shown.add(found.row.id)
            some.append(found)
            size += len(found.article.html) if found.article is not None else 0
            if len(some) >= TOGETHER or size >= TOGETHER_BYTES:
                self._storing.store(some)
                some, size = [], 0
                if self.is_over():
                    raise OutOfTime
        if some:
            self._storing.store(some)
        return shown

    def _settle(self, rows: Sequence[Row], shown: set[str]) -> None:
        """Refuses what the source did not show, but for stories that were stored: those wait for ``vanished``."""
        missing = [row for row in rows if row.id not in shown]
        if not missing:
            return
        public = self._storing.public_ids([row.id for row in missing])
        self.unshown += len(missing)
        self.vanished += [row for row in missing if row.id in public]
        never = [row for row in missing if row.id not in public]
        if never:
            self._storing.refuse_unshown(never)
        elif not shown:
            self._storing.renew()
