"""What web processes count and tell at ``/metrics``.

Counters are summed over all web processes (PROMETHEUS_MULTIPROC_DIR, which must be set before this
module is imported); what the watcher has in memory is the same in each, and is told by the one asked.
"""

import os
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

from syndication.metrics.watched import Watched

CONTENT_TYPE = CONTENT_TYPE_LATEST

SECONDS = (0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Bounds of how long news takes: close where it is usual, up to what a long outage makes of it."""

POLLS = Counter("syndication_polls", "Answers to requests below /feeds/", ["format", "status", "coding"])
SENT = Counter("syndication_sent_bytes", "Bytes of feed bodies sent")
CHANGE_TO_SERVED = Histogram(
    "syndication_change_to_served_seconds",
    "From the notice of the oldest change in a version, or its moment, until a web process served it",
    buckets=SECONDS,
)
REQUEST_TO_SERVED = Histogram(
    "syndication_request_to_served_seconds",
    "From a request to regenerate until a web process served the version that came of it",
    buckets=SECONDS,
)


def flush(tally: Any) -> None:
    """Carry what a tally has counted since the last time to Prometheus."""
    polls, sent = tally.news()
    for (format, status, coding), number in polls.items():
        POLLS.labels(format, status, coding).inc(number)
    if sent:
        SENT.inc(sent)


def exposition(watched: Watched) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(watched)
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the client leaves it untyped
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)
