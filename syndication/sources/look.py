"""One look at a source: what is new, changed or gone there becomes so here.

    fingerprint  unchanged, and the window too: nothing to do
    window       the newest stories by digest: those that differ are read whole and stored
    public ids   when the fingerprint changed: what the store has and the source lacks is withdrawn
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
from syndication.sources.reader import Found, Look, Reader, Row, SourceError
from syndication.sources.take_over import Counts, Storing, as_rows
from syndication.store import Connection
from syndication.store.db.batches import batched
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_states import SourceState

log = get_logger(__name__)

LOOK_SECONDS = 20.0
"""A look that has more to store ends after this time, and the next one goes on: window and withdrawals come first."""

TOGETHER, TOGETHER_BYTES = 50, 1024 * 1024
"""Stories, and characters of their bodies, stored in one transaction."""

PAGE = 500
"""Stories compared at once by a sweep."""

REPORTED = timedelta(seconds=5)
"""A look that finds nothing is recorded once in this time: each record is a commit."""

Outcome = Literal["unchanged", "changed", "held", "unfinished"]


@dataclass(frozen=True, slots=True)
class LookResult:
    """What came of a look; ``unfinished``: the next one should follow at once."""

    outcome: Outcome
    counts: Counts
    seconds: float


class _OutOfTime(Exception):  # noqa: N818  # not an error: the next look goes on
    """The look has taken its time."""


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
        self._seen = None

    def _compare(self, look: Look, state: SourceState, storing: Storing) -> Outcome:
        fingerprint, rows, removed = look.fingerprint(), list(look.window()), list(look.removed())
        sweep = self._sweep_is_due(state)
        seen, moved = hash((fingerprint, tuple(rows))), fingerprint is not None and fingerprint != state.fingerprint
        if not (moved or removed or sweep or state.held_since or state.taking_over_at) and seen == self._seen:
            return self._unchanged(state, look.bookmark())
        self._seen = None
        if state.accepted_at is None and decide.read_nothing(rows, fingerprint, state.articles):
            return self._hold(state, state.articles, look.bookmark())
        try:
            gone, failed = self._window(look, rows, state, storing, moved=moved)
            if gone is None:
                return "held"
            for some in batched([*removed, *gone]):
                storing.withdraw(some)
            if failed is not None:
                raise failed
            self._finish(state, fingerprint, len(rows), look.bookmark(), storing.counts)
            if sweep:
                self._sweep(look, state, storing)
        except _OutOfTime:
            return "unfinished"
        self._seen = seen
        return "changed" if storing.counts.changed else "unchanged"

    def _window(
        self, look: Look, rows: Sequence[Row], state: SourceState, storing: Storing, *, moved: bool
    ) -> tuple[list[str] | None, Exception | None]:
        """Stores what differs; returns what vanished (None if that is not believed), and why not all was stored.

        What vanished is counted first if much of the window is new, as with another system's tables; otherwise new
        stories come first, because listing all ids takes longer than reading them. Stories that cannot be read, or not
        in time, keep nothing in the feeds that vanished.
        """
        with self.database.read() as conn:
            known = source_rows.find(conn, self.table.name, [row.id for row in rows])
        wanted = decide.to_read(rows, known, self._settings, refused_too=storing.taking_over)
        new = sum(row.id not in known for row in wanted)
        first = moved and state.articles > 0 and decide.many_are_new(new, len(rows))
        failed: Exception | None = None
        if not first and not state.held_since:
            try:
                self._store(look, wanted, storing)
            except (SourceError, _OutOfTime) as error:
                failed = error
        gone, appeared = self._listed(look, rows) if moved or state.held_since else ([], [])
        size = max(len(rows), state.window)
        if state.accepted_at is None and decide.too_many_vanished(len(gone), size):
            self._hold(state, len(gone), look.bookmark())
            return None, None
        if failed is not None:
            return gone, failed
        try:
            if first or state.held_since:
                self._store(look, wanted, storing)
            self._store(look, as_rows(appeared), storing)
        except (SourceError, _OutOfTime) as error:
            failed = error
        return gone, failed

    def _listed(self, look: Look, rows: Sequence[Row]) -> tuple[list[str], list[str]]:
        """Returns the ids that vanished, and those that appeared outside of the window."""
        listed = look.public_ids()
        if listed is None:
            return [], []
        window = {row.id for row in rows}
        public = set(listed) | window
        with self.database.read() as conn:
            stored = source_rows.public_ids(conn, self.table.name)
        return sorted(stored - public), sorted(public - stored - window)

    def _store(self, look: Look, rows: Sequence[Row], storing: Storing) -> None:
        if not rows:
            return
        some: list[Found] = []
        size = 0
        for found in look.read(rows):
            some.append(found)
            size += len(found.article.html) if found.article is not None else 0
            if len(some) >= TOGETHER or size >= TOGETHER_BYTES:
                storing.store(some)
                some, size = [], 0
                if self._steady() >= self._ends:
                    raise _OutOfTime
        if some:
            storing.store(some)

    def _sweep_is_due(self, state: SourceState) -> bool:
        if state.sweep_began_at is not None and (state.swept_at is None or state.swept_at < state.sweep_began_at):
            return True
        with self.database.read() as conn:
            now = self.database.now(conn)
        return decide.sweep_is_due(state.swept_at, self._started_at, self._nightly, now)

    def _sweep(self, look: Look, state: SourceState, storing: Storing) -> None:
        """Compares pages of all stories until the time is over, and remembers where it was."""
        after = state.sweep_after
        if after is None:
            self._change(began=True)
        while rows := list(look.page(after, PAGE)):
            with self.database.read() as conn:
                known = source_rows.find(conn, self.table.name, [row.id for row in rows])
            self._store(look, decide.to_read(rows, known, self._settings, refused_too=True), storing)
            after = rows[-1].id
            self._change(after=after)
            if self._steady() >= self._ends:
                raise _OutOfTime
        self._change(ended=True)
        log.info("source_swept", source=self.table.name, stored=storing.counts.stored)

    def _change(self, *, began: bool = False, after: str | None = None, ended: bool = False) -> None:
        with self.database.write() as conn:
            now = self._hold_lease(conn)
            values: dict[str, object] = {"sweep_after": after}
            if began:
                values |= {"sweep_began_at": now}
            if ended:
                articles, refused = source_rows.count(conn, self.table.name)
                values |= {"swept_at": now, "taking_over_at": None, "articles": articles, "refused": refused}
            source_states.change(conn, self.table.name, **values)

    def _finish(self, state: SourceState, fingerprint: str | None, window: int, bookmark: str, counts: Counts) -> None:
        """Records that the store has all that the look saw."""
        with self.database.write() as conn:
            now = self._hold_lease(conn)
            articles, refused = source_rows.count(conn, self.table.name)
            values: dict[str, object] = {
                "fingerprint": fingerprint, "bookmark": bookmark, "window": window, "articles": articles,
                "refused": refused, "held_since": None, "held_vanished": None, "held_window": None, "accepted_at": None,
            }  # fmt: skip
            if counts.changed:
                values |= {"changed_at": now}
            if counts.lag_ms is not None:
                values |= {"lag_ms": counts.lag_ms}
            source_states.record_success(conn, state, now, **values)
        if state.held_since is not None:
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
