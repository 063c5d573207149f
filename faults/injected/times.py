"""Clocks that jump, and clocks of several machines that differ."""

import time
from datetime import timedelta
from random import Random

from faults.injected.telling import listen, say_unless
from faults.stage.clocks import STRAIGHT
from faults.stage.stage import Stage
from faults.stage.waiting import now

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

LASTS = (1.5, 3.0)
"""Seconds."""


def back_and_forth(stage: Stage, rng: Random) -> None:
    """Sets every machine's clock back by an hour, and right again after a while."""
    said = listen(stage)
    _set_all(stage, -HOUR)
    time.sleep(rng.uniform(*LASTS))
    say_unless(stage, lambda: said("clock_changed"), 10, "a worker notices that its clock was set")
    _set_all(stage, STRAIGHT)


def the_servers_alone(stage: Stage, rng: Random) -> None:
    """Sets only PostgreSQL's clock back by an hour, and right again after a while."""
    stage.clocks["database"].set(-HOUR)
    if stage.server is not None:
        with stage.server.connect() as conn:
            (shown,) = conn.execute("SELECT clock_timestamp()").fetchone() or (now(),)
        if abs(shown - stage.clock.now()) > MINUTE:
            stage.claims.append(f"PostgreSQL's clock shows {shown}, but was set to {stage.clock.now()}")
    time.sleep(rng.uniform(*LASTS))
    stage.clocks["database"].set(STRAIGHT)


def apart(stage: Stage, rng: Random) -> None:
    """Sets the workers' clock a minute ahead of PostgreSQL's and the web processes' a minute behind, or the reverse."""
    way = rng.choice((1, -1))
    stage.clocks["worker"].set(way * MINUTE)
    stage.clocks["web"].set(-way * MINUTE)
    time.sleep(rng.uniform(*LASTS))


def _set_all(stage: Stage, more: timedelta) -> None:
    for clock in stage.clocks.values():
        clock.set(more)
