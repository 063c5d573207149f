"""The state of the editors process and how often it was restarted, as the front that is asked reads them."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

STATES = ("starting", "running", "not answering")


@dataclass(frozen=True, slots=True, eq=False)
class EditorsProcess(Collector):
    """One editors process, which all fronts of a web process share."""

    state: str
    restarts: int

    def collect(self) -> Iterable[Metric]:
        """A gauge with a series for each state, one of which is 1, and the restarts."""
        states = GaugeMetricFamily(
            "syndication_editors_process", "1 for the state of the editors process, 0 for the others", labels=["state"]
        )
        for state in STATES:
            states.add_metric([state], float(state == self.state))
        yield states
        yield CounterMetricFamily(
            "syndication_editors_restarts",
            "Restarts of the editors process since the web process started",
            value=self.restarts,
        )
