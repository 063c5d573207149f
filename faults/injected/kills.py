"""kill -9, of one kind of process or of all at once. What dies is started again by itself, as systemd does it."""

import time
from random import Random

from faults.stage.stage import Stage


def worker(stage: Stage, rng: Random) -> None:
    """A worker dies, in the middle of whatever it does."""
    rng.choice(stage.workers).kill()


def web(stage: Stage, rng: Random) -> None:
    """A web process dies, with Granian's parent and children."""
    rng.choice(stage.webs).kill()


def database(stage: Stage, rng: Random) -> None:
    """PostgreSQL dies with all its processes, and comes back after a while."""
    if stage.server is not None:
        stage.server.kill()
        time.sleep(rng.uniform(0.0, 1.5))
        stage.server.start()


def everything(stage: Stage, rng: Random) -> None:
    """A power cut: all of it dies within milliseconds, in any order."""
    ends = [*(program.kill for program in stage.programs), *([stage.server.kill] if stage.server else [])]
    rng.shuffle(ends)
    for end in ends:
        end()
    if stage.server is not None:
        stage.server.start()
