"""The faults by name: description, stages, and requirements of the machine."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.injected import cuts, freezes, kills, refusals, times
from faults.play import Inject
from faults.stage import clocks, disk, pooler, programs
from faults.stage.stage import Plan

SQLITE, POSTGRESQL = "sqlite", "postgresql"

TWO_WORKERS = (Plan(SQLITE, workers=2), Plan(POSTGRESQL, workers=2))


def nothing_missing() -> str:
    """Returns an empty reason: the fault has no requirements."""
    return ""


@dataclass(frozen=True, slots=True)
class Fault:
    """``words`` describe the fault; the functions in ``inject`` cause it in turn, on a stage of each of the ``plans``.

    ``missing`` returns what the machine lacks for it.
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
    "worker-frozen": Fault("a worker is frozen for longer than its lease", (freezes.worker,), TWO_WORKERS),
    "postgresql-frozen": Fault("PostgreSQL is frozen", (freezes.database,), (Plan(POSTGRESQL),)),
    "web-cut": Fault(
        "the connection from web to PostgreSQL is cut silently", (cuts.cut(1, 60),), (Plan(POSTGRESQL, cut=("web",)),)
    ),
    "worker-cut": Fault(
        "the connection from workers to PostgreSQL is cut silently",
        (cuts.cut(1, 20),),
        (Plan(POSTGRESQL, cut=("worker",)),),
    ),
    "pooler": Fault(
        "a transaction pooler in front of PostgreSQL is killed",
        (cuts.pooler_dies,),
        (Plan(POSTGRESQL, workers=2, pooler=True),),
        pooler.missing,
    ),
    "disk-full": Fault(
        "the disk of the database is full",
        (refusals.full_disk,),
        (Plan(SQLITE, disk=32), Plan(POSTGRESQL, disk=120)),
        disk.missing,
    ),
    "read-only": Fault("the database is read-only", (refusals.read_only_server,), (Plan(POSTGRESQL),)),
    "read-only-file": Fault(
        "the database file is read-only", (refusals.read_only_file,), (Plan(SQLITE, obedient=True),)
    ),
    "no-connections": Fault(
        "other clients take every connection", (refusals.no_connection_left,), (Plan(POSTGRESQL, workers=2),)
    ),
    "clock-steps": Fault(
        "all clocks are set back an hour, then forward again",
        (times.back_and_forth,),
        (Plan(SQLITE, clocks=True), Plan(POSTGRESQL, clocks=True)),
        clocks.missing,
    ),
    "server-clock-steps": Fault(
        "only PostgreSQL's clock is set back, then forward again",
        (times.the_servers_alone,),
        (Plan(POSTGRESQL, clocks=True),),
        clocks.missing,
    ),
    "clocks-apart": Fault(
        "the machines' clocks are a minute apart", (times.apart,), (Plan(POSTGRESQL, clocks=True),), clocks.missing
    ),
    "crowd": Fault(
        "six writers write at once while workers are killed", (kills.worker,), (Plan(SQLITE, workers=2, writers=6),)
    ),
    "mixture": Fault(
        "processes are killed and frozen one after another",
        (kills.worker, freezes.worker, kills.web, kills.database, freezes.database, kills.everything),
        (Plan(POSTGRESQL, workers=2),),
    ),
}


def lacking(fault: Fault) -> str:
    """Returns why this machine cannot run a fault; empty if it can."""
    of_databases = [programs.missing() for plan in fault.plans if plan.dialect == POSTGRESQL]
    return next((words for words in (*of_databases, fault.missing()) if words), "")
