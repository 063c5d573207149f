"""Faults of the connection to PostgreSQL: a silent cut, and a transaction pooler that is killed."""

import time
from collections.abc import Callable
from functools import partial
from random import Random

from faults.injected.telling import current_at_once, database_is, documents_of, say_unless
from faults.stage.stage import Stage

DOWN_SECONDS = 9.0
"""Seconds within which /readyz reports a silent cut: six, plus a margin for a busy machine."""


def cut(shortest: float, longest: float) -> Callable[[Stage, Random], None]:
    """Returns a fault that cuts the connections through the black hole for some seconds."""
    return partial(_cut, between=(shortest, longest))


def _cut(stage: Stage, rng: Random, *, between: tuple[float, float]) -> None:
    if stage.hole is None:
        raise RuntimeError("this fault needs a black hole")
    seconds = rng.uniform(*between)
    with stage.hole.cut():
        started = time.monotonic()
        if "web" in stage.plan.cut:
            _watch(stage, seconds)
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))
    if "web" in stage.plan.cut:
        current_at_once(stage)


def _watch(stage: Stage, seconds: float) -> None:
    """Checks that feeds do not change during the cut, and that /readyz reports a long one."""
    time.sleep(0.5)  # Until the versions that came through before the cut are loaded.
    before = {web.name: documents_of(web) for web in stage.webs}
    if seconds >= DOWN_SECONDS:
        for web in stage.webs:
            say_unless(stage, lambda web=web: database_is(web, "down"), DOWN_SECONDS, f"{web.name} reports the cut")
    for web in stage.webs:
        if documents_of(web) != before[web.name]:
            stage.claims.append(f"{web.name} served other documents while it was cut off")


def pooler_dies(stage: Stage, rng: Random) -> None:
    """Kills the pooler and restarts it."""
    if stage.pooler is None:
        raise RuntimeError("this fault needs a pooler")
    stage.pooler.kill()
    time.sleep(rng.uniform(0.0, 1.0))
    stage.pooler.launch()
