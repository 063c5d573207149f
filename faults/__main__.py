"""``python -m faults [NAMES…]``: injects these faults, or all of them, repeatedly."""

import argparse
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

from benchmarks.table import count, show
from faults.catalogue import FAULTS, lacking
from faults.play import Pace, Played, play
from faults.stage.stage import Plan
from faults.stage.waiting import NeverHappened

COLUMNS = ["fault", "times", "acts", "articles", "documents", "polls", "right after s", "losses"]
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

MAX_REPORTED = 20
"""The most losses that are printed for each fault: one cause produces many."""


def main(arguments: list[str] | None = None) -> int:
    """Injects the named faults and returns 1 if anything was lost; faults that this machine cannot run are skipped."""
    policy, names, seed = parse(arguments)
    signal.signal(signal.SIGTERM, _end)
    print(f"Seed: {seed}", flush=True)
    rows, losses = [], 0
    for name in names:
        why_not = lacking(FAULTS[name])
        if why_not:
            print(f"{name}: skipped, {why_not}", flush=True)
            continue
        for plan in FAULTS[name].plans:
            played = _play(name, plan, policy, seed)
            rows.append(_row(name, plan, played))
            losses += len(played.losses)
            _report(name, plan, played, f"{name} {_length(policy)} --seed {seed}")
    show("Faults", COLUMNS, rows)
    return 1 if losses else 0


def parse(arguments: list[str] | None) -> tuple[Pace, list[str], str]:
    """Returns the pace, the names of the faults, and the seed."""
    names = "\n".join(f"  {name:<20}{fault.words}" for name, fault in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m faults",
        description="Break the service on purpose while a newsroom writes and readers poll, and check for losses.",
        epilog=f"faults (default: all):\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a fault from the list below")
    long = parser.add_mutually_exclusive_group()
    long.add_argument(
        "--rounds", type=int, metavar="N", help="inject each fault N times on each database (default: 20)"
    )
    long.add_argument("--minutes", type=float, metavar="M", help="inject each fault for M minutes instead")
    parser.add_argument("--seed", default=str(int(time.time())), help="reproduce an earlier run's writes and faults")
    values = parser.parse_args(arguments)
    unknown = [name for name in values.names if name not in FAULTS]
    if unknown:
        parser.error(f"unknown fault {unknown[0]!r}; choose from {', '.join(FAULTS)}")
    rounds = None if values.minutes is not None else 20 if values.rounds is None else values.rounds
    if (rounds is not None and rounds < 1) or (values.minutes is not None and values.minutes <= 0):
        parser.error("--rounds must be at least 1, and --minutes greater than 0")
    return Pace(rounds=rounds, minutes=values.minutes or 0.0), values.names or list(FAULTS), values.seed


def _play(name: str, plan: Plan, policy: Pace, seed: str) -> Played:
    try:
        return play(plan, FAULTS[name].inject, policy, f"{seed}-{name}-{plan.dialect}")
    except NeverHappened as error:  # A fault that cannot begin or end must not stop the others.
        return Played(losses=[str(error)])


def _length(policy: Pace) -> str:
    return f"--minutes {policy.minutes:g}" if policy.rounds is None else f"--rounds {policy.rounds}"


def _row(name: str, plan: Plan, played: Played) -> list[str]:
    numbers = (played.injected, played.acts, played.articles, played.documents, played.polls)
    cells = [count(number) for number in numbers]
    return [f"{name}, {DATABASES[plan.dialect]}", *cells, f"{played.settled_in:.1f}", count(len(played.losses))]


def _report(name: str, plan: Plan, played: Played, again: str) -> None:
    """Prints the losses, and how to reproduce them."""
    print(f"{name}, {DATABASES[plan.dialect]}: {played.injected} times, {len(played.losses)} losses", flush=True)
    for loss in played.losses[:MAX_REPORTED]:
        print(f"  {loss}")
    if len(played.losses) > MAX_REPORTED:
        print(f"  and {len(played.losses) - MAX_REPORTED} more")
    if played.losses:
        print(f"  Reproduce: python -m faults {again}", flush=True)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(143)  # As an exception, so that processes are stopped and folders deleted.


if __name__ == "__main__":
    sys.exit(main())
