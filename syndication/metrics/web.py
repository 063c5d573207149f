"""What web processes count and tell at ``/metrics``.

Counters are summed over all web processes (PROMETHEUS_MULTIPROC_DIR, which must be set before this
module is imported); what the watcher has in memory is the same in each, and is told by the one asked.
"""

import os
from pathlib import Path
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from syndication.metrics.web_gauges import WebGauges
from syndication.process.parent import is_alive

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


def flush(counter: Any) -> None:
    """Carry what a tally has counted since the last time to Prometheus."""
    polls, sent = counter.take_increments()
    for (format, status, coding), number in polls.items():
        POLLS.labels(format, status, coding).inc(number)
    if sent:
        SENT.inc(sent)


def exposition(watched: WebGauges, *others: Collector) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    for collector in (watched, *others):
        registry.register(collector)
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        forget_the_dead(Path(folder))
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the client leaves it untyped
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)


def forget_the_dead(folder: Path) -> None:
    """Remove the gauges of fronts that were killed: what they were doing then is not being done any more.

    Their counters stay, so that no sum falls. The client leaves this to the parent, which must not import it.
    """
    for gauges in folder.glob("gauge_live*_*.db"):
        if not is_alive(int(gauges.stem.rpartition("_")[2])):
            gauges.unlink(missing_ok=True)  # Another front may have been asked at the same time.
