"""What a look records of its source: that it is held, how far a sweep is, or that the store has all of it."""

from datetime import timedelta

from syndication.logs import get_logger
from syndication.sources.take_over import Storing
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_states import SourceState

log = get_logger(__name__)

REPORTED = timedelta(seconds=5)
"""A look that finds nothing is recorded once in this time: each record is a commit."""


class Records:
    """The records of one look that began with ``state``. Each is a transaction that begins with the lease."""

    def __init__(self, storing: Storing, state: SourceState) -> None:
        self.storing = storing
        self.state = state
        self._database = storing.database
        self._source = storing.table.name
        self._held = state.held_since is not None

    def finish(self, fingerprint: str | None, window: int, bookmark: str, *, release: bool) -> None:
        """Records that the store has all that the look saw; ``release`` ends a hold."""
        counts = self.storing.counts
        with self._database.write() as conn:
            now = self.storing.hold(conn)
            articles, refused = source_rows.count(conn, self._source)
            values: dict[str, object] = {
                "fingerprint": fingerprint, "bookmark": bookmark, "window": window, "articles": articles,
                "refused": refused,
            }  # fmt: skip
            if counts.changed:
                values |= {"changed_at": now}
            if counts.lag_ms is not None:
                values |= {"lag_ms": counts.lag_ms}
            source_states.record_success(conn, self.state, now, **values | (_RELEASED if release else {}))
            source_states.end_acceptance(conn, self.state)
        if release:
            self._log_release()

    def hold(self, vanished: int, bookmark: str) -> None:
        """Records that a look is not believed; nothing else changes."""
        window = self.state.window
        with self._database.write() as conn:
            now = self.storing.hold(conn)
            held = {"held_since": self.state.held_since or now, "held_vanished": vanished, "held_window": window}
            source_states.record_success(conn, self.state, now, **held, bookmark=bookmark)
        if not self._held:
            log.error("source_held", source=self._source, vanished=vanished, window=window)

    def unchanged(self, bookmark: str) -> None:
        """Records that a look found nothing, once in a while, or if that answers something."""
        state = self.state
        with self._database.read() as conn:
            now = self._database.now(conn)
        fresh = state.looked_at is not None and timedelta() <= now - state.looked_at < REPORTED
        if not fresh or state.failures or state.requested_at is not None or bookmark != state.bookmark:
            with self._database.write() as conn:
                now = self.storing.hold(conn)
                source_states.record_success(conn, state, now, bookmark=bookmark)

    def sweep_began(self) -> bool:
        """Records that a sweep begins. This and the next two return False if somebody accepted the source meanwhile."""
        with self._database.write() as conn:
            now = self.storing.hold(conn)
            return source_states.record_sweep(conn, self.state, sweep_after=None, sweep_began_at=now)

    def swept(self, after: str) -> bool:
        """Records that a sweep is past a page, which was believed."""
        with self._database.write() as conn:
            self.storing.hold(conn)
            recorded = source_states.record_sweep(conn, self.state, sweep_after=after, **_RELEASED)
        self._log_release()
        return recorded

    def sweep_ended(self) -> bool:
        """Records that a sweep has compared all."""
        with self._database.write() as conn:
            now = self.storing.hold(conn)
            articles, refused = source_rows.count(conn, self._source)
            values = {"swept_at": now, "taking_over_at": None, "articles": articles, "refused": refused}
            recorded = source_states.record_sweep(conn, self.state, sweep_after=None, **values, **_RELEASED)
        self._log_release()
        return recorded

    def _log_release(self) -> None:
        if self._held:
            log.info("source_released", source=self._source, withdrawn=self.storing.counts.withdrawn)
        self._held = False


_RELEASED = {"held_since": None, "held_vanished": None, "held_window": None}
