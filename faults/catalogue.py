"""The faults by name: what breaks, on which stages, and what the machine must have for it."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.injected import cuts, freezes, kills, refusals, times
from faults.play import Inject
from faults.stage import clocks, disk, pooler, programs
from faults.stage.stage import Plan

SQLITE, POSTGRESQL = "sqlite", "postgresql"

TWO_WORKERS = (Plan(SQLITE, workers=2), Plan(POSTGRESQL, workers=2))


def nothing_missing() -> str:
    """What needs nothing beyond the machine."""
    return ""


@dataclass(frozen=True, slots=True)
class Fault:
    """``words`` say what breaks, ``inject`` breaks it, in turns, on a stage of each of the ``plans``.

    ``missing`` says what the machine lacks for it.
    """

    words: str
    inject: tuple[Inject, ...]
    plans: tuple[Plan, ...]
    missing: Callable[[], str] = nothing_missing


FAULTS = {
    "worker-killed": Fault("a worker is killed (-9)", (kills.worker,), TWO_WORKERS),
    "web-killed": Fault("a web process is killed (-9)", (kills.web,), TWO_WORKERS),
    "postgresql-killed": Fault("PostgreSQL is killed (-9)", (kills.database,), (Plan(POSTGRESQL),)),
    "all-killed": Fault("everything is killed (-9) at once", (kills.everything,), TWO_WORKERS),
    "worker-frozen": Fault("a worker stands still beyond its lease", (freezes.worker,), TWO_WORKERS),
    "postgresql-frozen": Fault("PostgreSQL stands still", (freezes.database,), (Plan(POSTGRESQL),)),
    "web-cut": Fault(
        "the way from web to PostgreSQL is cut silently", (cuts.cut(1, 60),), (Plan(POSTGRESQL, cut=("web",)),)
    ),
    "worker-cut": Fault(
        "the way from workers to PostgreSQL is cut silently", (cuts.cut(1, 20),), (Plan(POSTGRESQL, cut=("worker",)),)
    ),
    "pooler": Fault(
        "a transaction pooler stands in between, and dies",
        (cuts.pooler_dies,),
        (Plan(POSTGRESQL, workers=2, pooler=True),),
        pooler.missing,
    ),
    "disk-full": Fault(
        "the database's disk is full",
        (refusals.full_disk,),
        (Plan(SQLITE, disk=32), Plan(POSTGRESQL, disk=120)),
        disk.missing,
    ),
    "read-only": Fault("the database is read-only", (refusals.read_only_server,), (Plan(POSTGRESQL),)),
    "read-only-file": Fault(
        "the database's file is read-only", (refusals.read_only_file,), (Plan(SQLITE, obedient=True),)
    ),
    "no-connections": Fault(
        "others take every connection", (refusals.no_connection_left,), (Plan(POSTGRESQL, workers=2),)
    ),
    "clock-steps": Fault(
        "all clocks are set back an hour, and forward again",
        (times.back_and_forth,),
        (Plan(SQLITE, clocks=True), Plan(POSTGRESQL, clocks=True)),
        clocks.missing,
    ),
    "server-clock-steps": Fault(
        "PostgreSQL's clock alone is set back, and forward again",
        (times.the_servers_alone,),
        (Plan(POSTGRESQL, clocks=True),),
        clocks.missing,
    ),
    "clocks-apart": Fault(
        "the machines' clocks are a minute apart", (times.apart,), (Plan(POSTGRESQL, clocks=True),), clocks.missing
    ),
    "crowd": Fault("six writers at once, and workers die", (kills.worker,), (Plan(SQLITE, workers=2, writers=6),)),
    "mixture": Fault(
        "one after the other dies or stands still",
        (kills.worker, freezes.worker, kills.web, kills.database, freezes.database, kills.everything),
        (Plan(POSTGRESQL, workers=2),),
    ),
}


def lacking(fault: Fault) -> str:
    """Why this machine cannot show a fault; empty if it can."""
    of_databases = [programs.missing() for plan in fault.plans if plan.dialect == POSTGRESQL]
    return next((words for words in (*of_databases, fault.missing()) if words), "")
