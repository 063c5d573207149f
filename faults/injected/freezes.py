"""SIGSTOP, and SIGCONT after a while: like a machine that is suspended or swapping."""

import contextlib
import time
from random import Random

from faults.stage.stage import Stage

LEASE_SECONDS = 1.0
"""The lease that ``stage.newsroom`` configures."""


def worker(stage: Stage, rng: Random) -> None:
    """Freezes a worker for longer than its lease, while another one goes on; then it wakes."""
    with rng.choice(stage.workers).frozen():
        time.sleep(LEASE_SECONDS * rng.uniform(1.2, 2.5))


def database(stage: Stage, rng: Random) -> None:
    """Freezes PostgreSQL: it accepts connections but does not answer."""
    with stage.server.frozen() if stage.server else contextlib.nullcontext():
        time.sleep(rng.uniform(1.0, 3.0))
