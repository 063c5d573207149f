"""SIGSTOP, and SIGCONT after a while: like a machine that was suspended, or swaps."""

import contextlib
import time
from random import Random

from faults.stage.stage import Stage

LEASE_SECONDS = 1.0
"""What ``stage.newsroom`` sets."""


def worker(stage: Stage, rng: Random) -> None:
    """A worker stands still for longer than its lease, while another one works on; then it wakes."""
    with rng.choice(stage.workers).frozen():
        time.sleep(LEASE_SECONDS * rng.uniform(1.2, 2.5))


def database(stage: Stage, rng: Random) -> None:
    """PostgreSQL takes connections and answers nothing."""
    with stage.server.frozen() if stage.server else contextlib.nullcontext():
        time.sleep(rng.uniform(1.0, 3.0))
