"""State and restarts of the editors process, as the front that answers the scrape reads them."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

STATES = ("starting", "running", "not answering")


@dataclass(frozen=True, slots=True, eq=False)
class EditorsProcess(Collector):
    """One editors process, shared by all fronts of a web process."""

    state: str
    restarts: int

    def collect(self) -> Iterable[Metric]:
        """Yields a gauge with a series for each state, one of them 1, and the number of restarts."""
        states = GaugeMetricFamily(
            "syndication_editors_process",
            "State of the editors process: 1 for the current state, 0 for the others",
            labels=["state"],
        )
        for state in STATES:
            states.add_metric([state], float(state == self.state))
        yield states
        yield CounterMetricFamily(
            "syndication_editors_restarts",
            "Restarts of the editors process since the web process started",
            value=self.restarts,
        )
