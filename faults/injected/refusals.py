"""A database that is there, and refuses: full, read-only, or without a connection left."""

import contextlib
import time
from random import Random

import psycopg

from faults.injected.telling import said_by, say_unless
from faults.stage.stage import Stage

LASTS = (1.5, 3.0)
"""Seconds."""

READ_ONLY_FILE = 0o444
USUAL_FILE = 0o644


def full_disk(stage: Stage, rng: Random) -> None:
    """There is no space left on the database's disk, for a while. PostgreSQL itself may die of it."""
    if stage.disk is None:
        raise RuntimeError("this fault needs a small disk")
    with stage.disk.full():
        time.sleep(rng.uniform(*LASTS))
    if stage.server is not None:
        stage.server.start()


def read_only_server(stage: Stage, rng: Random) -> None:
    """PostgreSQL refuses all writes, as a standby does."""
    if stage.server is None:
        raise RuntimeError("this fault needs PostgreSQL")
    stage.server.alter(default_transaction_read_only="on")
    time.sleep(rng.uniform(*LASTS))
    stage.server.alter(default_transaction_read_only="")


def read_only_file(stage: Stage, rng: Random) -> None:
    """SQLite's file may only be read, when a worker comes to it: a wrong owner, a wrong mount.

    Who has it open writes on; so the worker begins anew meanwhile.
    """
    stage.file.chmod(READ_ONLY_FILE)
    for worker in stage.workers:
        worker.kill()
    say_unless(
        stage, lambda: said_by(stage, "may not be written to", "database_down"), 20, "a worker says what is wrong"
    )
    time.sleep(rng.uniform(*LASTS))
    stage.file.chmod(USUAL_FILE)


def no_connection_left(stage: Stage, rng: Random) -> None:
    """Others have taken every connection that PostgreSQL gives, and a worker and a web process begin anew."""
    if stage.server is None:
        raise RuntimeError("this fault needs PostgreSQL")
    taken: list[psycopg.Connection] = []
    with contextlib.ExitStack() as tidy:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                taken.append(stage.server.connect())
                tidy.callback(taken[-1].close)
        rng.choice(stage.workers).kill()
        rng.choice(stage.webs).kill()
        time.sleep(rng.uniform(*LASTS))
