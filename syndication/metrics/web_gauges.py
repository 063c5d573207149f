"""Gauges from the memory of a web process's document loader."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True, eq=False)
class WebGauges(Collector):
    """The loader's state, the bytes of the documents in memory, the time, and the versions by section.

    Only the sections in ``versions`` have labels of their own (None: not published yet); all are in the totals.
    """

    state: Any
    document_bytes: int
    now: datetime
    versions: Mapping[str, int | None] = field(default_factory=dict)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yields the gauges, without asking the database."""
        state = self.state
        yield from self._sections()
        age = (self.now - state.oldest_change).total_seconds() if state.oldest_change else 0.0
        yield _gauge("syndication_changes_waiting", "Changes not yet processed, counted up to 10,000", state.changes)
        yield _gauge("syndication_oldest_change_seconds", "Age of the oldest change not yet processed", max(age, 0.0))
        yield _gauge(
            "syndication_recently_missed_entries",
            "Entries whose change a sweep found within the last hour",
            sum(section.recently_missed(self.now) for section in state.sections),
        )
        yield _gauge("syndication_workers_running", "Workers with a recent heartbeat", state.workers)
        yield _gauge("syndication_web_processes_running", "Web processes with a recent heartbeat", state.webs)
        yield _gauge("syndication_purges_waiting", "Sections waiting for a cache purge", state.purges)
        yield _gauge("syndication_documents_bytes", "Bytes of all documents in memory", self.document_bytes)
        yield _gauge("syndication_database_up", "Whether the database answers", float(state.database == "ok"))

    def _sections(self) -> Iterator[GaugeMetricFamily]:
        special = {section.section: section for section in self.state.sections}
        by_state = GaugeMetricFamily("syndication_sections", "Sections by state", labels=["state"])
        for name in ("current", "pending", "failing", "held", "unpublished"):
            by_state.add_metric([name], self.state.counts.get(name, 0))
        failures = GaugeMetricFamily("syndication_section_failures", "Consecutive failed attempts", labels=["section"])
        for slug in self.versions:
            failures.add_metric([slug], special[slug].failures if slug in special else 0)
        vanished = GaugeMetricFamily("syndication_section_held_entries", "Vanished entries kept", labels=["section"])
        for slug in self.versions:
            held = special[slug].hold if slug in special and special[slug].is_held else None
            vanished.add_metric([slug], held.vanished if held else 0)
        version = GaugeMetricFamily("syndication_section_version", "Served version", labels=["section"])
        for slug, number in self.versions.items():
            if number is not None:
                version.add_metric([slug], number)
        yield by_state
        yield failures
        yield vanished
        yield version


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
