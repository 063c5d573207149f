"""kill -9 of one kind of process, or of all at once. Killed processes are restarted, as systemd does."""

import time
from random import Random

from faults.stage.stage import Stage


def worker(stage: Stage, rng: Random) -> None:
    """Kills a worker at any point of its work."""
    rng.choice(stage.workers).kill()


def web(stage: Stage, rng: Random) -> None:
    """Kills a web process with Granian's parent and children."""
    rng.choice(stage.webs).kill()


def database(stage: Stage, rng: Random) -> None:
    """Kills PostgreSQL with all its processes, and restarts it after a while."""
    if stage.server is not None:
        stage.server.kill()
        time.sleep(rng.uniform(0.0, 1.5))
        stage.server.start()


def everything(stage: Stage, rng: Random) -> None:
    """Simulates a power cut: kills everything within milliseconds, in any order."""
    ends = [*(program.kill for program in stage.programs), *([stage.server.kill] if stage.server else [])]
    rng.shuffle(ends)
    for end in ends:
        end()
    if stage.server is not None:
        stage.server.start()
