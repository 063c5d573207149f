"""Editors' requests, counted by the fronts: waiting, in progress and refused.

Each front counts its own requests, and Prometheus gets the sum over all fronts. Only requests for the editors process
are counted here, never polls.
"""

from collections.abc import Iterable
from typing import Literal

from prometheus_client import Counter, Gauge

State = Literal["waiting", "under way"]
STATES: tuple[State, ...] = ("waiting", "under way")

Reason = Literal["busy", "slow-body", "too-large", "client-gone", "editors-down", "editors-not-answering"]
REASONS: tuple[Reason, ...] = ("busy", "slow-body", "too-large", "client-gone", "editors-down", "editors-not-answering")

# "livesum" drops the requests of fronts that died, see ``metrics.web.forget_the_dead``.
REQUESTS = Gauge(
    "syndication_editors_requests", "Current editors' requests by lane and state", ["lane", "state"],
    multiprocess_mode="livesum",
)  # fmt: skip
REFUSED = Counter(
    "syndication_editors_refused", "Editors' requests refused by a front, by lane and reason", ["lane", "reason"]
)


def start_at_zero(lanes: Iterable[str]) -> None:
    """Sets every series to zero: Prometheus sees no increase in a counter that begins at one."""
    for lane in lanes:
        for state in STATES:
            REQUESTS.labels(lane, state).set(0)
        for reason in REASONS:
            REFUSED.labels(lane, reason)
