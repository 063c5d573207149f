"""How a database failed, as web processes and workers both tell it."""

from collections.abc import Mapping

from prometheus_client import Counter

ERRORS = Counter("syndication_database_errors", "Statements and connections that failed", ["kind"])

_flushed: dict[str, int] = {}


def flush(seen: Mapping[str, int]) -> None:
    """Carry to Prometheus what was counted by kind since the last time."""
    for kind, number in dict(seen).items():
        ERRORS.labels(kind).inc(number - _flushed.get(kind, 0))
        _flushed[kind] = number
