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
from datetime import datetime, timedelta
from typing import Literal

from syndication.config.source_schema import SourceTable
from syndication.logs import get_logger
from syndication.sources import decide
from syndication.sources.reader import Look, Reader, Row, SourceError
from syndication.sources.reading import OutOfTime, Reading
from syndication.sources.take_over import Counts, Storing, as_rows
from syndication.sources.unshown import UnshownStories
from syndication.store import Connection
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_states import SourceState

log = get_logger(__name__)

LOOK_SECONDS = 20.0
"""A look that has more to store ends after this time, and the next one goes on: window and withdrawals come first."""

PAGE = 500
"""Stories compared at once by a sweep."""

REPORTED = timedelta(seconds=5)
"""A look that finds nothing is recorded once in this time: each record is a commit."""

_RELEASED = {"held_since": None, "held_vanished": None, "held_window": None}

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
        self._ends = 0.0
        self._seen: int | None = None
        self._held: int | None = None
        self._unshown = UnshownStories(steady)

    def look(self, state: SourceState) -> LookResult:
        """Looks once. Raises SourceError, LeaseLost or an error of our database; what was stored until then stays."""
        began = self._steady()
        self._ends = began + self._seconds
        storing = Storing(
            self.database, self.table, self.owner, self._settings, self._others, state.taking_over_at is not None
        )
        with self.reader.look(state.bookmark, asked=state.requested_at is not None) as look:
            outcome = self._compare(look, state, storing)
        return LookResult(outcome, storing.counts, self._steady() - began)

    def forget(self) -> None:
        """Makes the next look compare everything, because another worker may have looked meanwhile."""
        self._seen = self._held = None

    def _is_over(self) -> bool:
        return self._steady() >= self._ends

    def _compare(self, look: Look, state: SourceState, storing: Storing) -> Outcome:
        fingerprint, rows, removed = look.fingerprint(), list(look.window()), list(look.removed())
        sweep = self._sweep_is_due(state)
        seen, moved = hash((fingerprint, tuple(rows))), fingerprint is not None and fingerprint != state.fingerprint
        expected = not (moved or removed or sweep or state.held_since or state.taking_over_at)
        if expected and seen == self._seen and not self._unshown.is_due():
            return self._unchanged(state, look.bookmark())
        self._seen = None
        if state.held_since is not None and state.accepted_at is None and seen == self._held:
            return self._hold(state, state.held_vanished or 0, look.bookmark())
        self._held = None
        if state.accepted_at is None and decide.read_nothing(rows, fingerprint, state.articles):
            return self._hold(state, state.articles, look.bookmark())
        reading = Reading(look, storing, self._is_over)
        try:
            if not self._window(look, rows, removed, state, storing, reading, moved=moved):
                self._held = seen
                return "held"
            # What a sweep found too much of is believed again after its page, and not before.
            release = not sweep or state.held_since is None
            self._finish(state, fingerprint, len(rows), look.bookmark(), storing.counts, release=release)
            if sweep:
                self._sweep(look, state, storing, reading, size=max(len(rows), state.window))
        except OutOfTime:
            return "unfinished"
        finally:
            if reading.unshown:
                self._unshown.ask_later()
        if not reading.unshown:
            self._unshown.settle()
        # Every story of the window is stored or refused by now.
        self._seen = seen
        return "changed" if storing.counts.changed else "unchanged"

    def _window(
        self,
        look: Look,
        rows: Sequence[Row],
        removed: Sequence[str],
        state: SourceState,
        storing: Storing,
        reading: Reading,
        *,
        moved: bool,
    ) -> bool:
        """Stores what differs and withdraws what vanished; returns False, with nothing withdrawn, if it is too much.

        Raises SourceError or OutOfTime if not all could be stored.

        What vanished is counted first if much of the window is new, as with another system's tables; otherwise new
        stories come first, because listing all ids takes longer than reading them. Stories that cannot be read, or not
        in time, keep nothing in the feeds that vanished.
        """
        with self.database.read() as conn:
            known = source_rows.find(conn, self.table.name, [row.id for row in rows])
        refused_too = storing.taking_over or self._unshown.is_due()
        wanted = decide.to_read(rows, known, self._settings, refused_too=refused_too)
        new = sum(row.id not in known for row in wanted)
        list_first = state.held_since is not None or (
            moved and state.articles > 0 and decide.many_are_new(new, len(rows))
        )
        failed = None if list_first else reading.store_or_error(wanted)
        listed = self._listed(look, rows) if moved or state.held_since else _Listed()
        size, vanished = max(len(rows), state.window), len(listed.vanished)
        believed = state.accepted_at is not None
        if not believed and decide.too_many_vanished(vanished + len(reading.vanished), size):
            self._hold(state, vanished + len(reading.vanished), look.bookmark())
            _fail_if_unshown(reading)
            return False
        for some in batched([*removed, *listed.vanished, *listed.left]):
            storing.withdraw(some)
        if list_first:
            failed = reading.store_or_error(wanted)
        self._withdraw_unshown(look, state, storing, reading, vanished, size, believed=believed)
        if failed is not None:
            raise failed
        reading.store(as_rows(listed.appeared))
        return True

    def _withdraw_unshown(
        self,
        look: Look,
        state: SourceState,
        storing: Storing,
        reading: Reading,
        vanished: int,
        size: int,
        *,
        believed: bool,
    ) -> None:
        """Withdraws what was stored and is not shown any more, unless with ``vanished`` others it is too much at once.

        Raises SourceError then: asking for so many stories again each second would be a load.
        """
        if not reading.vanished:
            return
        vanished += len(reading.vanished)
        if not believed and decide.too_many_vanished(vanished, size):
            self._hold(state, vanished, look.bookmark())
            _fail_if_unshown(reading)
        storing.refuse_unshown(reading.vanished)
        reading.vanished = []

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

    def _sweep(self, look: Look, state: SourceState, storing: Storing, reading: Reading, *, size: int) -> None:
        """Compares pages of all stories until the time is over, and remembers where it was."""
        after, vanished = state.sweep_after, 0
        # Until the end of the sweep, what was accepted counts for all of its pages.
        believed = state.accepted_at is not None or storing.taking_over
        if after is None:
            self._record_sweep(state, began=True)
        while rows := list(look.page(after, PAGE)):
            with self.database.read() as conn:
                known = source_rows.find(conn, self.table.name, [row.id for row in rows])
            failed = reading.store_or_error(decide.to_read(rows, known, self._settings, refused_too=True))
            unshown = len(reading.vanished)
            self._withdraw_unshown(look, state, storing, reading, vanished, size, believed=believed)
            if failed is not None:
                raise failed
            after, vanished = rows[-1].id, vanished + unshown
            self._record_sweep(state, after=after)
            if self._is_over():
                raise OutOfTime
        self._record_sweep(state, ended=True)
        log.info("source_swept", source=self.table.name, stored=storing.counts.stored)

    def _record_sweep(
        self, state: SourceState, *, began: bool = False, after: str | None = None, ended: bool = False
    ) -> None:
        """Records how far the sweep is; raises OutOfTime if it begins again, because somebody accepted the source."""
        with self.database.write() as conn:
            now = self._hold_lease(conn)
            values: dict[str, object] = {"sweep_after": after}
            values |= {"sweep_began_at": now} if began else _RELEASED
            if ended:
                articles, refused = source_rows.count(conn, self.table.name)
                values |= {"swept_at": now, "taking_over_at": None, "articles": articles, "refused": refused}
            recorded = source_states.record_sweep(conn, state, **values)
        if not recorded:
            raise OutOfTime

    def _finish(
        self,
        state: SourceState,
        fingerprint: str | None,
        window: int,
        bookmark: str,
        counts: Counts,
        *,
        release: bool,
    ) -> None:
        """Records that the store has all that the look saw."""
        with self.database.write() as conn:
            now = self._hold_lease(conn)
            articles, refused = source_rows.count(conn, self.table.name)
            values: dict[str, object] = {
                "fingerprint": fingerprint, "bookmark": bookmark, "window": window, "articles": articles,
                "refused": refused,
            }  # fmt: skip
            if release:
                values |= _RELEASED
            if counts.changed:
                values |= {"changed_at": now}
            if counts.lag_ms is not None:
                values |= {"lag_ms": counts.lag_ms}
            source_states.record_success(conn, state, now, **values)
            source_states.end_acceptance(conn, state)
        if state.held_since is not None and release:
            log.info("source_released", source=self.table.name, withdrawn=counts.withdrawn)

    def _hold(self, state: SourceState, vanished: int, bookmark: str) -> Outcome:
        """Records that a look is not believed; nothing else changes."""
        with self.database.write() as conn:
            now = self._hold_lease(conn)
            held = {
                "held_since": state.held_since or now, "held_vanished": vanished, "held_window": state.window,
                "bookmark": bookmark,
            }  # fmt: skip
            source_states.record_success(conn, state, now, **held)
        if state.held_since is None:
            log.error("source_held", source=self.table.name, vanished=vanished, window=state.window)
        return "held"

    def _unchanged(self, state: SourceState, bookmark: str) -> Outcome:
        with self.database.read() as conn:
            now = self.database.now(conn)
        fresh = state.looked_at is not None and timedelta() <= now - state.looked_at < REPORTED
        if not fresh or state.failures or state.requested_at is not None or bookmark != state.bookmark:
            with self.database.write() as conn:
                now = self._hold_lease(conn)
                source_states.record_success(conn, state, now, bookmark=bookmark)
        return "unchanged"

    def _hold_lease(self, conn: Connection) -> datetime:
        return Storing(self.database, self.table, self.owner, self._settings).hold(conn)


def _fail_if_unshown(reading: Reading) -> None:
    """Raises SourceError if stories were stored, and are listed and not shown: they are asked for after a pause."""
    if reading.vanished:
        raise SourceError(
            f"it lists {len(reading.vanished):,} stories, and does not show them when they are read: nothing of them"
            " changes here"
        )
