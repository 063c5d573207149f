"""A database that is running but refuses: disk full, read-only, or no connection left."""

import contextlib
import time
from random import Random

import psycopg

from faults.injected.telling import listen, say_unless
from faults.stage.postgresql import Postgresql
from faults.stage.stage import Stage

LASTS = (1.5, 3.0)
"""Seconds."""

COMPLAINTS = ("database_down", "heartbeat_failed", "is read-only", "has no space left")
"""What workers log or print, without the driver's message."""

REFUSED = "does not answer"

READ_ONLY_FILE = 0o444
USUAL_FILE = 0o644


def full_disk(stage: Stage, rng: Random) -> None:
    """Fills the database's disk for a while. PostgreSQL itself may crash."""
    if stage.disk is None:
        raise RuntimeError("this fault needs a small disk")
    said = listen(stage)
    with stage.disk.full():
        time.sleep(rng.uniform(*LASTS))
        say_unless(stage, lambda: said(*COMPLAINTS), 20, "a worker reports that the disk is full")
    if stage.server is not None:
        stage.server.start()


def read_only_server(stage: Stage, rng: Random) -> None:
    """Makes PostgreSQL a standby, which refuses all writes and even LISTEN; then promotes it."""
    if stage.server is None:
        raise RuntimeError("this fault needs PostgreSQL")
    said = listen(stage)
    with stage.server.standby():
        time.sleep(rng.uniform(*LASTS))
        say_unless(stage, lambda: said(*COMPLAINTS), 20, "a worker reports that it may not write")


def read_only_file(stage: Stage, rng: Random) -> None:
    """Makes the SQLite file read-only when a worker opens it, as a wrong owner or mount does.

    Processes that have it open can still write, so the worker is restarted.
    """
    said = listen(stage)
    stage.file.chmod(READ_ONLY_FILE)
    for worker in stage.workers:
        worker.kill()
    say_unless(stage, lambda: said(*COMPLAINTS), 20, "a worker reports that it may not write")
    time.sleep(rng.uniform(*LASTS))
    stage.file.chmod(USUAL_FILE)


def no_connection_left(stage: Stage, rng: Random) -> None:
    """Takes all of PostgreSQL's connections, and restarts a worker and a web process."""
    if stage.server is None:
        raise RuntimeError("this fault needs PostgreSQL")
    said = listen(stage)
    with contextlib.ExitStack() as tidy:
        _take_all(stage.server, tidy)
        rng.choice(stage.workers).kill()
        rng.choice(stage.webs).kill()

        def refused() -> bool:
            # The editors process of a killed web process ends a moment later, and then frees its connections.
            _take_all(stage.server, tidy)
            return said(REFUSED)

        say_unless(stage, refused, 20, "a worker reports that it gets no connection")
        time.sleep(rng.uniform(*LASTS))


def _take_all(server: Postgresql, tidy: contextlib.ExitStack) -> None:
    """Opens every remaining connection."""
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            tidy.callback(server.connect().close)
