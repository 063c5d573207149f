"""Measures the latency from a change or a request until this process serves the version, by the database's clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Histogram

from syndication.metrics.web import CHANGE_TO_SERVED, REQUEST_TO_SERVED
from syndication.store import Connection
from syndication.store.publishing import latency


@dataclass(frozen=True, slots=True)
class WaitingSince:
    """When the versions that are being loaded were caused: changes noticed and regenerations requested."""

    noticed: tuple[datetime, ...] = ()
    requested: tuple[datetime, ...] = ()

    def observe(self, now: datetime) -> None:
        """Records the latency until ``now``, when the versions are served."""
        _observe(CHANGE_TO_SERVED, self.noticed, now)
        _observe(REQUEST_TO_SERVED, self.requested, now)


def read_waiting_since(conn: Connection, versions: Mapping[str, int]) -> WaitingSince:
    """Reads when the causes of these versions, by section, were noticed and requested."""
    return WaitingSince(tuple(latency.read_noticed(conn, versions)), tuple(latency.read_requested(conn, versions)))


def _observe(histogram: Histogram, since: Iterable[datetime], now: datetime) -> None:
    for moment in since:
        histogram.observe(max((now - moment).total_seconds(), 0.0))
