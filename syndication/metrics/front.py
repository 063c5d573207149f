"""What fronts count about requests of editors: who waits for a place, who has one, and who was refused.

Each front counts for itself, and Prometheus is given the sum over all fronts. Only requests that may go to the editors
process are counted here, never a poll.
"""

from collections.abc import Iterable
from typing import Literal

from prometheus_client import Counter, Gauge

State = Literal["waiting", "under way"]
STATES: tuple[State, ...] = ("waiting", "under way")

Reason = Literal["busy", "slow-body", "too-large", "client-gone", "editors-down", "editors-not-answering"]
REASONS: tuple[Reason, ...] = ("busy", "slow-body", "too-large", "client-gone", "editors-down", "editors-not-answering")

# "livesum": what a front that died was doing is not under way any more, see ``metrics.of_web.forget_the_dead``.
REQUESTS = Gauge(
    "syndication_editors_requests", "Requests of editors now, by lane and state", ["lane", "state"],
    multiprocess_mode="livesum",
)  # fmt: skip
REFUSED = Counter(
    "syndication_editors_refused", "Requests of editors that a front refused, by lane and reason", ["lane", "reason"]
)


def start_at_zero(lanes: Iterable[str]) -> None:
    """Show every lane from the start: Prometheus sees no increase in a counter that begins at one."""
    for lane in lanes:
        for state in STATES:
            REQUESTS.labels(lane, state).set(0)
        for reason in REASONS:
            REFUSED.labels(lane, reason)
