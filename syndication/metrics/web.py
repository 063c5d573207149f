"""The metrics of web processes, exported at ``/metrics``.

Counters are summed over all fronts (PROMETHEUS_MULTIPROC_DIR, which must be set before this module is imported). The
memory of the document loader is the same in each, so the front that answers the scrape exports its own.
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
"""Histogram bounds of publishing latency: fine where it usually is, and wide enough for a long outage."""

POLLS = Counter("syndication_polls", "Responses to requests below /feeds/", ["format", "status", "coding"])
SENT = Counter("syndication_sent_bytes", "Bytes of feed bodies sent")
CHANGE_TO_SERVED = Histogram(
    "syndication_change_to_served_seconds",
    "From the detection of a version's oldest change, or its due time, until a web process served it",
    buckets=SECONDS,
)
REQUEST_TO_SERVED = Histogram(
    "syndication_request_to_served_seconds",
    "From a request to regenerate until a web process served the resulting version",
    buckets=SECONDS,
)


def flush(counter: Any) -> None:
    """Adds to the Prometheus counters what a PollCounter has counted since the last call."""
    polls, sent = counter.take_increments()
    for (format, status, coding), number in polls.items():
        POLLS.labels(format, status, coding).inc(number)
    if sent:
        SENT.inc(sent)


def exposition(watched: WebGauges, *others: Collector) -> bytes:
    """Returns the Prometheus exposition text."""
    registry = CollectorRegistry()
    for collector in (watched, *others):
        registry.register(collector)
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        forget_the_dead(Path(folder))
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the client leaves it untyped
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)


def forget_the_dead(folder: Path) -> None:
    """Removes the gauges of killed fronts, whose requests have ended with them.

    Their counters stay, so that no sum decreases. The Prometheus client leaves this to the parent process, which must
    not import it.
    """
    for gauges in folder.glob("gauge_live*_*.db"):
        if not is_alive(int(gauges.stem.rpartition("_")[2])):
            gauges.unlink(missing_ok=True)  # Another front may answer a scrape at the same time.
