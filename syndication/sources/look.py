"""One look at a source: what is new, changed or gone there becomes so here.

    fingerprint  unchanged, and the window too: nothing to do
    window       the newest stories by digest: those that differ are read whole and stored
    public ids   when the fingerprint changed: what the store has and the source lacks is withdrawn, before older
                 stories that appeared are read
    sweep        nightly and after a start: all stories by digest, page by page

Each step is a transaction that stores articles with the rows that they stand for; the fingerprint is stored last. So a
look that ends anywhere in between is repeated by the next one, which finds less to do.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from syndication.config.source_schema import SourceTable
from syndication.sources import decide
from syndication.sources.reader import Look, Reader, Row
from syndication.sources.reading import OutOfTime, Reading
from syndication.sources.records import Records
from syndication.sources.run import Run
from syndication.sources.sweep import sweep
from syndication.sources.take_over import Counts, Storing, as_rows
from syndication.sources.unshown import UnshownStories
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.sources import source_rows
from syndication.store.sources.source_states import SourceState

LOOK_SECONDS = 5.0
"""A look that has more to store ends after this time, and the next one goes on: window and withdrawals come first.

So a story that is published during an import or a sweep waits so long at most."""

Outcome = Literal["unchanged", "changed", "held", "unfinished"]


@dataclass(frozen=True, slots=True)
class LookResult:
    """What came of a look; ``unfinished``: the next one should follow at once."""

    outcome: Outcome
    counts: Counts
    seconds: float


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the list of all ids says: stories that vanished, and those that appeared outside of the window.

    ``left`` are those that left the list after they had been withdrawn because they were not shown.
    """

    vanished: Sequence[str] = ()
    appeared: Sequence[str] = ()
    left: Sequence[str] = ()


class Looker:
    """Looks at one source. Owned by one thread, like its reader; ``owner`` is the worker that has the lease."""

    def __init__(
        self,
        database: Database,
        table: SourceTable,
        reader: Reader,
        owner: str,
        settings: str,
        *,
        others: frozenset[str] = frozenset(),
        started_at: datetime,
        nightly: str = "03:30",
        steady: Callable[[], float] = time.monotonic,
        seconds: float = LOOK_SECONDS,
    ) -> None:
        self.database = database
        self.table = table
        self.reader = reader
        self.owner = owner
        self._settings = settings
        self._others = others
        self._started_at = started_at
        self._nightly = nightly
        self._steady = steady
        self._seconds = seconds
        self._seen: int | None = None
        self._held: int | None = None
        self._unshown = UnshownStories(steady)

    def look(self, state: SourceState) -> LookResult:
        """Looks once. Raises SourceError, LeaseLost or an error of our database; what was stored until then stays."""
        began = self._steady()
        ends = began + self._seconds
        storing = Storing(
            self.database, self.table, self.owner, self._settings, self._others, state.taking_over_at is not None
        )
        with self.reader.look(state.bookmark, asked=state.requested_at is not None) as look:
            rows = list(look.window())
            reading = Reading(look, storing, lambda: self._steady() >= ends)
            size = max(len(rows), state.window)
            run = Run(look, state, storing, reading, Records(storing, state), size)
            outcome = self._compare(run, rows)
        return LookResult(outcome, storing.counts, self._steady() - began)

    def forget(self) -> None:
        """Makes the next look compare everything, because another worker may have looked meanwhile."""
        self._seen = self._held = None

    def _compare(self, run: Run, rows: Sequence[Row]) -> Outcome:
        look, state, records = run.look, run.state, run.records
        fingerprint, removed = look.fingerprint(), list(look.removed())
        due = self._sweep_is_due(state)
        seen, moved = hash((fingerprint, tuple(rows))), fingerprint is not None and fingerprint != state.fingerprint
        expected = not (moved or removed or due or state.held_since or state.taking_over_at)
        if expected and seen == self._seen and not self._unshown.is_due():
            records.unchanged(look.bookmark())
            return "unchanged"
        before, self._seen, self._held = self._held, None, None
        if state.accepted_at is None:
            if state.held_since is not None and seen == before:  # Listing all ids again would say the same.
                return self._hold(run, state.held_vanished or 0, seen)
            if decide.read_nothing(rows, fingerprint, state.articles):
                return self._hold(run, state.articles, seen)
        try:
            if not self._window(run, rows, removed, moved=moved):
                self._held = seen
                return "held"
            # A hold may be that of a sweep: it ends when the page is believed.
            records.finish(fingerprint, len(rows), look.bookmark(), release=not due or state.held_since is None)
            if due:
                sweep(run)
        except OutOfTime:
            return "unfinished"
        finally:
            if run.reading.unshown:
                self._unshown.ask_later()
        if not run.reading.unshown:
            self._unshown.settle()
        # Every story of the window is stored or refused by now.
        self._seen = seen
        return "changed" if run.storing.counts.changed else "unchanged"

    def _hold(self, run: Run, vanished: int, seen: int) -> Outcome:
        run.records.hold(vanished, run.look.bookmark())
        self._held = seen
        return "held"

    def _window(self, run: Run, rows: Sequence[Row], removed: Sequence[str], *, moved: bool) -> bool:
        """Stores what differs and withdraws what vanished; returns False, with nothing withdrawn, if it is too much.

        What vanished is counted first if much of the window is new, as with another system's tables; otherwise new
        stories come first, because listing all ids takes longer than reading them. Stories that cannot be read, or not
        in time, keep nothing in the feeds that vanished: SourceError and OutOfTime are raised after that.
        """
        state, storing, reading = run.state, run.storing, run.reading
        with self.database.read() as conn:
            known = source_rows.find(conn, self.table.name, [row.id for row in rows])
        refused_too = storing.taking_over or self._unshown.is_due()
        wanted = decide.to_read(rows, known, self._settings, refused_too=refused_too)
        many = decide.many_are_new(sum(row.id not in known for row in wanted), len(rows))
        list_first = state.held_since is not None or (moved and state.articles > 0 and many)
        failed = None if list_first else reading.store_or_error(wanted)
        listed = self._listed(run.look, rows) if moved or state.held_since else _Listed()
        accepted, vanished = state.accepted_at is not None, len(listed.vanished)
        if not run.is_believed(vanished + len(reading.vanished), accepted=accepted):
            return False
        for some in batched([*removed, *listed.vanished, *listed.left]):
            storing.withdraw(some)
        if list_first:
            failed = reading.store_or_error(wanted)
        run.withdraw_unshown(vanished, accepted=accepted)
        if failed is not None:
            raise failed
        # The first sweep reads them all, with their digests; so none is read twice.
        if state.swept_at is not None:
            reading.store(as_rows(listed.appeared))
        return True

    def _listed(self, look: Look, rows: Sequence[Row]) -> _Listed:
        """Compares the ids of all that is public with those that the store has of the source."""
        listed = look.public_ids()
        if listed is None:
            return _Listed()
        window = {row.id for row in rows}
        public = set(listed) | window
        with self.database.read() as conn:
            stored = source_rows.public_ids(conn, self.table.name)
            unshown = source_rows.unshown_ids(conn, self.table.name)
        return _Listed(sorted(stored - public), sorted(public - stored - unshown - window), sorted(unshown - public))

    def _sweep_is_due(self, state: SourceState) -> bool:
        if state.sweep_began_at is not None and (state.swept_at is None or state.swept_at < state.sweep_began_at):
            return True
        with self.database.read() as conn:
            now = self.database.now(conn)
        return decide.sweep_is_due(state.swept_at, self._started_at, self._nightly, now)
