"""How long a version was waited for until this process served it, by the database's clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Histogram

from syndication.metrics.web import CHANGE_TO_SERVED, REQUEST_TO_SERVED
from syndication.store import Connection
from syndication.store.publishing import latency


@dataclass(frozen=True, slots=True)
class WaitingSince:
    """Since when the versions were waited for that are just being loaded."""

    noticed: tuple[datetime, ...] = ()
    requested: tuple[datetime, ...] = ()

    def observe(self, now: datetime) -> None:
        """Tell Prometheus that they are served from ``now`` on."""
        _observe(CHANGE_TO_SERVED, self.noticed, now)
        _observe(REQUEST_TO_SERVED, self.requested, now)


def read_waiting_since(conn: Connection, versions: Mapping[str, int]) -> WaitingSince:
    """Since when these versions, by section, were waited for."""
    return WaitingSince(tuple(latency.read_noticed(conn, versions)), tuple(latency.read_requested(conn, versions)))


def _observe(histogram: Histogram, since: Iterable[datetime], now: datetime) -> None:
    for moment in since:
        histogram.observe(max((now - moment).total_seconds(), 0.0))
