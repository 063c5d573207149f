"""Database errors, counted by web processes and workers."""

from collections.abc import Mapping

from prometheus_client import Counter

ERRORS = Counter("syndication_database_errors", "Failed statements and connections", ["kind"])

_flushed: dict[str, int] = {}


def flush(seen: Mapping[str, int]) -> None:
    """Adds to the Prometheus counter what was counted by kind since the last call."""
    for kind, number in dict(seen).items():
        ERRORS.labels(kind).inc(number - _flushed.get(kind, 0))
        _flushed[kind] = number
