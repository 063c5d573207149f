"""Every Prometheus metric, in one file.

Counters are summed over all web processes (PROMETHEUS_MULTIPROC_DIR, which must be set before this
module is imported); what the watcher has in memory is the same in each, and is told by the one asked.
"""

import os
from collections import Counter as Sums
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST

POLLS = Counter("syndication_polls", "Answers to requests below /feeds/", ["format", "status"])
SENT = Counter("syndication_sent_bytes", "Bytes of feed bodies sent")


@dataclass(frozen=True, slots=True)
class Watched(Collector):
    """What the watcher knows: its state, the bytes of the documents in memory, and the time now."""

    state: Any
    document_bytes: int
    now: datetime

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The gauges, from memory alone."""
        state = self.state
        sums = Sums("failing" if s.failures else "pending" if s.pending else "current" for s in state.sections)
        by_state = GaugeMetricFamily("syndication_sections", "Sections by state", labels=["state"])
        for name in ("current", "pending", "failing"):
            by_state.add_metric([name], sums[name])
        failures = GaugeMetricFamily("syndication_section_failures", "Failed attempts in a row", labels=["section"])
        for section in state.sections:
            failures.add_metric([section.section], section.failures)
        age = (self.now - state.oldest_change).total_seconds() if state.oldest_change else 0.0
        yield by_state
        yield failures
        yield _gauge("syndication_oldest_change_seconds", "Age of the oldest change not yet processed", max(age, 0.0))
        yield _gauge("syndication_workers_alive", "Workers with a recent heartbeat", state.workers)
        yield _gauge("syndication_documents_bytes", "Bytes of all documents in memory", self.document_bytes)
        yield _gauge("syndication_database_up", "Whether the database answers", float(state.database == "ok"))


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def flush(tally: Any) -> None:
    """Carry what a tally has counted since the last time to Prometheus."""
    polls, sent = tally.news()
    for (format, status), number in polls.items():
        POLLS.labels(format, status).inc(number)
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
