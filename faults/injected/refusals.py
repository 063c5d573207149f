"""A database that is there, and refuses: full, read-only, or without a connection left."""

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
"""What workers log or say, and no driver's words."""

REFUSED = "does not answer"

READ_ONLY_FILE = 0o444
USUAL_FILE = 0o644


def full_disk(stage: Stage, rng: Random) -> None:
    """There is no space left on the database's disk, for a while. PostgreSQL itself may die of it."""
    if stage.disk is None:
        raise RuntimeError("this fault needs a small disk")
    said = listen(stage)
    with stage.disk.full():
        time.sleep(rng.uniform(*LASTS))
        say_unless(stage, lambda: said(*COMPLAINTS), 20, "a worker says that the disk is full")
    if stage.server is not None:
        stage.server.start()


def read_only_server(stage: Stage, rng: Random) -> None:
    """PostgreSQL becomes a standby, which refuses all writes and even LISTEN; then it is promoted."""
    if stage.server is None:
        raise RuntimeError("this fault needs PostgreSQL")
    said = listen(stage)
    with stage.server.standby():
        time.sleep(rng.uniform(*LASTS))
        say_unless(stage, lambda: said(*COMPLAINTS), 20, "a worker says that it may not write")


def read_only_file(stage: Stage, rng: Random) -> None:
    """SQLite's file may only be read, when a worker comes to it: a wrong owner, a wrong mount.

    Who has it open writes on; so the worker begins anew meanwhile.
    """
    said = listen(stage)
    stage.file.chmod(READ_ONLY_FILE)
    for worker in stage.workers:
        worker.kill()
    say_unless(stage, lambda: said(*COMPLAINTS), 20, "a worker says that it may not write")
    time.sleep(rng.uniform(*LASTS))
    stage.file.chmod(USUAL_FILE)


def no_connection_left(stage: Stage, rng: Random) -> None:
    """Others have taken every connection that PostgreSQL gives, and a worker and a web process begin anew."""
    if stage.server is None:
        raise RuntimeError("this fault needs PostgreSQL")
    said = listen(stage)
    with contextlib.ExitStack() as tidy:
        _take_all(stage.server, tidy)
        rng.choice(stage.workers).kill()
        rng.choice(stage.webs).kill()

        def refused() -> bool:
            # The editors process of a killed web process ends a moment later, and frees its connections then.
            _take_all(stage.server, tidy)
            return said(REFUSED)

        say_unless(stage, refused, 20, "a worker says that it gets no connection")
        time.sleep(rng.uniform(*LASTS))


def _take_all(server: Postgresql, tidy: contextlib.ExitStack) -> None:
    """Open every connection that is left."""
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            tidy.callback(server.connect().close)
