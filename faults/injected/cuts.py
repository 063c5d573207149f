"""The way between a process and PostgreSQL is cut, or leads through a pooler that lets only transactions through."""

import time
from collections.abc import Callable
from functools import partial
from random import Random

from faults.injected.telling import database_is, documents_of, say_unless
from faults.stage.stage import Stage

AT_ONCE_SECONDS = 2.0
"""Within so many seconds of its return, what was committed meanwhile is served."""

DOWN_SECONDS = 10.0
"""Within so many seconds a silent cut is told at /readyz."""


def cut(seconds: float) -> Callable[[Stage, Random], None]:
    """Cut what leads through the black hole, for so many seconds."""
    return partial(_cut, seconds=seconds)


def _cut(stage: Stage, rng: Random, *, seconds: float) -> None:
    if stage.hole is None:
        raise RuntimeError("this fault needs a black hole")
    with stage.hole.cut():
        started = time.monotonic()
        if "web" in stage.plan.cut:
            for web in stage.webs:
                before = documents_of(web)
                say_unless(stage, lambda web=web: database_is(web, "down"), DOWN_SECONDS, f"{web.name} tells of the cut")
                if documents_of(web) != before:
                    stage.claims.append(f"{web.name} served something else while it was cut off")
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))
    for web in stage.webs if "web" in stage.plan.cut else ():
        say_unless(stage, lambda web=web: database_is(web, "ok"), AT_ONCE_SECONDS, f"{web.name} is back after the cut")


def pooler_dies(stage: Stage, rng: Random) -> None:
    """The pooler is killed and started again."""
    if stage.pooler is None:
        raise RuntimeError("this fault needs a pooler")
    stage.pooler.kill()
    time.sleep(rng.uniform(0.0, 1.0))
    stage.pooler.launch()
